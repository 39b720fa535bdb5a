"""Reads published snapshots and shows them; imports nothing of the pipelines."""
