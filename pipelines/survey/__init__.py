"""A survey, from who is asked what to its publication."""
