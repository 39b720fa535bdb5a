"""The quarterly health check: what it says of a scope, from published tables and what people wrote."""
