"""Prometheus, and whatever answers like it."""
