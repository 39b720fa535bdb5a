"""From raw records to published numbers: warehouse, models, metrics, publication, orchestration."""
