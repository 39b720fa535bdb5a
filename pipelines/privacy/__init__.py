"""What of a survey may be shown, and the proof that it tells nobody apart: data in, data out, no files."""
