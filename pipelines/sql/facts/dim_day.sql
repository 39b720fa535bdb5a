/*
description = "One row per local day from the first covered one to today."
depends_on = ["staged.stg_day"]
key = ["on_date"]
not_null = ["on_date", "starts_at", "ends_at", "week_start"]

[columns]
on_date = "the day"
starts_at = "the instant at which it begins"
ends_at = "the instant at which the next one begins"
week_start = "the Monday of its week"
*/
SELECT on_date, starts_at, ends_at, week_start FROM staged.stg_day
