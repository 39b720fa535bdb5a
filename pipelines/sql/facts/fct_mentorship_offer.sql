/*
description = "One row per quarter and person who could have been offered a place in a mentorship, without who it is; else one for the quarter that says that it is not told."
depends_on = ["staged.stg_mentorship_offer"]
key = ["item_id"]
not_null = ["item_id", "on_date", "is_offered"]
accepted_values = { excluded_reason = ["quarter_not_over", "too_few"] }

[columns]
item_id = "the quarter's first day, and a rank in it: nothing of the person enters it"
on_date = "last day of the quarter, at most the last local day that has begun"
is_offered = "as many are as were offered a place"
excluded_reason = "why the quarter is not told; null where it is"
*/
SELECT item_id, on_date, is_offered, excluded_reason FROM staged.stg_mentorship_offer
