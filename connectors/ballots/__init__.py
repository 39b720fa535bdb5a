"""The ballot box of the survey: one-time codes and sealed answers, behind a small HTTP door of its own."""
