"""What people write in the app: one small form a kind of entry, each in a dialog."""
