/*
description = "One row per local day from the first covered one to today."
depends_on = ["staged.stg_period", "config.organisation"]
key = ["on_date"]
not_null = ["on_date", "starts_at", "ends_at", "week_start"]

[columns]
on_date = "the day"
starts_at = "the instant at which it begins"
ends_at = "the instant at which the next one begins"
week_start = "the Monday of its week"
*/
SELECT
    p.period_start AS on_date,
    CAST(p.period_start AS TIMESTAMP) AT TIME ZONE o.time_zone AS starts_at,
    CAST(p.period_end AS TIMESTAMP) AT TIME ZONE o.time_zone AS ends_at,
    CAST(date_trunc('week', p.period_start) AS DATE) AS week_start
FROM staged.stg_period AS p
CROSS JOIN config.organisation AS o
WHERE p.grain = 'day'
