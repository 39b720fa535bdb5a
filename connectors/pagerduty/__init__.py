"""PagerDuty: incidents and their log."""
