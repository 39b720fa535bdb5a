"""GitHub: repositories, and how what is in them reaches users."""
