"""Talks to the outside and returns typed records; knows nothing of Dagster, DuckDB, Polars, metrics."""
