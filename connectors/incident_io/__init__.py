"""incident.io: incidents."""
