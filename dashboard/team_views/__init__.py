"""The views of a team's page, one module each."""
