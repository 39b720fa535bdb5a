/*
description = "One row per quarter, subject and mentorship pair, where there were at least five; else one for the quarter that says so."
depends_on = ["staged.stg_mentorship_quarter"]
key = ["item_id", "subject"]
not_null = ["item_id", "subject", "on_date", "is_told"]
accepted_values = { subject = ["active", "completed"] }

[columns]
item_id = "the quarter's first day, and a rank in it: nothing of the pair enters it"
subject = "active: on any day of the quarter; completed: with its last day in the quarter"
on_date = "last day of the quarter, at most the last local day that has begun"
is_told = "there were at least five; else the row stands for none to four"
*/
SELECT item_id, subject, on_date, is_told FROM staged.stg_mentorship_quarter
