/*
description = "One row per day, ISO week, month and fiscal quarter from the first covered day to today."
depends_on = ["staged.stg_service_calendar", "config.run", "config.organisation"]
key = ["grain", "period_start"]
not_null = ["period", "period_end", "is_complete"]
accepted_values = { grain = ["day", "week", "month", "quarter"] }

[columns]
grain = "day, week (from Monday), month, quarter (from the configured month)"
period = "2026-10-01, 2026-W40, 2026-10, 2026-Q3; a quarter bears the year in which its fiscal year began"
period_start = "first local day"
period_end = "the day after the last one"
is_complete = "all of its days are over"
*/
WITH setting AS (
    SELECT CAST(r.as_of AT TIME ZONE o.time_zone AS DATE) AS today, o.quarter_start_month
    FROM config.run AS r
    CROSS JOIN config.organisation AS o
),

day AS (
    SELECT
        CAST(unnest(generate_series(first_on, s.today, INTERVAL 1 DAY)) AS DATE) AS on_date,
        s.today,
        s.quarter_start_month
    FROM (SELECT min(starts_on) AS first_on FROM staged.stg_service_calendar) AS c
    CROSS JOIN setting AS s
),

fiscal AS (
    SELECT
        on_date,
        today,
        CAST(date_trunc('month', on_date) AS DATE) AS month_start,
        (month(on_date) - quarter_start_month + 12) % 12 AS fiscal_month,
        year(on_date) - CAST(month(on_date) < quarter_start_month AS INTEGER) AS fiscal_year
    FROM day
),

period AS (
    SELECT
        'day' AS grain,
        strftime(on_date, '%Y-%m-%d') AS period,
        on_date AS period_start,
        CAST(on_date + INTERVAL 1 DAY AS DATE) AS period_end,
        today
    FROM fiscal
    UNION
    SELECT
        'week',
        strftime(on_date, '%G-W%V'),
        CAST(date_trunc('week', on_date) AS DATE),
        CAST(date_trunc('week', on_date) + INTERVAL 7 DAY AS DATE),
        today
    FROM fiscal
    UNION
    SELECT
        'month',
        strftime(on_date, '%Y-%m'),
        month_start,
        CAST(month_start + INTERVAL 1 MONTH AS DATE),
        today
    FROM fiscal
    UNION
    SELECT
        'quarter',
        fiscal_year || '-Q' || (fiscal_month // 3 + 1),
        CAST(month_start - to_months(CAST(fiscal_month % 3 AS INTEGER)) AS DATE),
        CAST(month_start + to_months(3 - CAST(fiscal_month % 3 AS INTEGER)) AS DATE),
        today
    FROM fiscal
)

SELECT grain, period, period_start, period_end, period_end <= today AS is_complete FROM period
