"""ServiceNow: incidents."""
