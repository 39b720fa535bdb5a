"""Dagster's view of the house: one asset per stream, per table, per metric, and the snapshot."""
