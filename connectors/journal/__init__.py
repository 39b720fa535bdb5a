"""What people write in the app: themes, actions, decisions, limits, agreements, annotations."""
