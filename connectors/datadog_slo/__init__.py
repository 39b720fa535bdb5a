"""Datadog's service level objectives."""
