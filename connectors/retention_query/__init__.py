"""Retention from a query on a database."""
