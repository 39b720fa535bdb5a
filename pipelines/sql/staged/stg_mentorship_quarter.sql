/*
description = "One row per quarter, subject and mentorship pair, where there were at least five; else one for the quarter that says so."
depends_on = ["staged.stg_mentorship", "staged.stg_run", "config.organisation"]
key = ["item_id", "subject"]
not_null = ["item_id", "subject", "on_date", "is_told"]
accepted_values = { subject = ["active", "completed"] }

[columns]
item_id = "the quarter's first day, and a rank in it: nothing of the pair enters it"
subject = "active: on any day of the quarter; completed: with its last day in the quarter"
on_date = "last day of the quarter, at most the last local day that has begun"
is_told = "there were at least five; else the row stands for none to four"
*/
-- A date further back than twenty years is taken for a slip, as in the calendar.
WITH setting AS (
    SELECT
        r.last_day_on,
        o.quarter_start_month,
        (SELECT min(started_on) FROM staged.stg_mentorship WHERE started_on > r.as_of_on - INTERVAL 20 YEAR) AS first_on
    FROM staged.stg_run AS r
    CROSS JOIN config.organisation AS o
),

begins AS (
    SELECT
        CAST(date_trunc('month', first_on) AS DATE)
            - to_months(CAST((month(first_on) - quarter_start_month + 12) % 3 AS INTEGER)) AS first_quarter_on,
        last_day_on
    FROM setting
    WHERE first_on IS NOT NULL
),

quarter AS (
    SELECT
        starts_on,
        CAST(starts_on + INTERVAL 3 MONTH AS DATE) AS ends_on,
        least(CAST(starts_on + INTERVAL 3 MONTH - INTERVAL 1 DAY AS DATE), last_day_on) AS on_date
    FROM (
        SELECT
            CAST(unnest(generate_series(first_quarter_on, last_day_on, INTERVAL 3 MONTH)) AS DATE) AS starts_on,
            last_day_on
        FROM begins
    )
),

pair AS (
    SELECT q.starts_on, q.on_date, 'active' AS subject, m.item_id
    FROM quarter AS q
    LEFT JOIN staged.stg_mentorship AS m
        ON m.started_on < q.ends_on AND coalesce(m.ended_on >= q.starts_on, true)
    UNION ALL
    SELECT q.starts_on, q.on_date, 'completed', m.item_id
    FROM quarter AS q
    LEFT JOIN staged.stg_mentorship AS m
        ON m.state = 'completed' AND m.ended_on >= q.starts_on AND m.ended_on < q.ends_on
),

ranked AS (
    SELECT
        starts_on,
        on_date,
        subject,
        row_number() OVER (PARTITION BY starts_on, subject ORDER BY item_id) AS place,
        count(item_id) OVER (PARTITION BY starts_on, subject) AS pairs
    FROM pair
)

SELECT
    starts_on || ':' || CASE WHEN pairs >= 5 THEN place ELSE 0 END AS item_id,
    subject,
    on_date,
    pairs >= 5 AS is_told
FROM ranked
WHERE pairs >= 5 OR place = 1
