/*
description = "One row per service level objective and local day with readings: its quarter up to that day."
depends_on = ["staged.stg_service_level_day", "config.organisation", "config.run"]
key = ["item_id", "on_date"]
not_null = ["item_id", "on_date", "good", "total"]

[columns]
item_id = "source:id of the objective where it is defined"
on_date = "local day"
ends_at = "when the next day with readings or the next fiscal quarter begins, at most as many days later as the objective's window has; null while that is to come"
good = "good events of the fiscal quarter up to the end of that day"
total = "all events of the same"
allowed = "events of the same that were allowed to be bad, each day by what was promised then; null where a day has no promise"
*/
WITH day AS (
    SELECT
        d.*,
        CAST(date_trunc('month', d.on_date) AS DATE)
            - to_months(CAST((month(d.on_date) - o.quarter_start_month + 12) % 3 AS INTEGER)) AS quarter_on
    FROM staged.stg_service_level_day AS d
    CROSS JOIN config.organisation AS o
),

ended AS (
    SELECT d.*, (d.quarter_on + INTERVAL 3 MONTH) AT TIME ZONE o.time_zone AS quarter_ends_at
    FROM day AS d
    CROSS JOIN config.organisation AS o
)

SELECT
    d.item_id,
    d.on_date,
    CASE WHEN d.quarter_ends_at <= r.as_of THEN least(d.ends_at, d.quarter_ends_at) ELSE d.ends_at END AS ends_at,
    sum(d.good) OVER so_far AS good,
    sum(d.total) OVER so_far AS total,
    CASE
        WHEN count(*) OVER so_far = count(d.target_ratio) OVER so_far
            THEN sum((1 - d.target_ratio) * d.total) OVER so_far
    END AS allowed
FROM ended AS d
CROSS JOIN config.run AS r
WINDOW so_far AS (PARTITION BY d.item_id, d.quarter_on ORDER BY d.on_date)
