"""Talks to the outside world and returns typed records; knows nothing of Dagster, DuckDB, Polars or metrics."""
