/*
description = "One row per team and week up to the present one: how long 85 of 100 items took that it finished in the twelve weeks before."
depends_on = ["facts.dim_day", "facts.dim_team", "facts.dim_service_owner", "facts.fct_work_item"]
key = ["team_id", "week_start"]
not_null = ["team_id", "week_start", "first_day", "starts_at", "finished"]

[columns]
team_id = "the team"
week_start = "the Monday of the week"
first_day = "its first local day that is covered: the Monday, except in the week in which the calendar begins"
starts_at = "the instant at which that day begins"
ends_on = "the Monday after; null for the present week"
ends_at = "the instant at which that begins; null for the present week"
finished = "items with a cycle time that the team finished in the twelve weeks before the Monday"
expected_days = "the 85th percentile of their cycle times, interpolated between ranks; null where they are fewer than ten"
*/
WITH week AS (
    SELECT
        week_start,
        min(on_date) AS first_day,
        min(starts_at) AS starts_at,
        lead(week_start) OVER (ORDER BY week_start) AS ends_on,
        lead(min(starts_at)) OVER (ORDER BY week_start) AS ends_at
    FROM facts.dim_day
    GROUP BY week_start
),

finished AS (
    SELECT DISTINCT
        o.team_id,
        i.item_id,
        i.finished_on,
        (epoch(i.finished_on) - epoch(i.started_on)) / 86400 + 1 AS days
    FROM facts.fct_work_item AS i
    JOIN facts.dim_service_owner AS o
        ON o.service_id = i.service_id AND o.valid_from <= i.finished_on AND o.valid_to > i.finished_on
    WHERE i.finished_on IS NOT NULL AND i.started_on IS NOT NULL AND i.has_changelog AND i.means <> 'ignored'
)

SELECT
    t.team_id,
    w.week_start,
    w.first_day,
    w.starts_at,
    w.ends_on,
    w.ends_at,
    count(f.item_id) AS finished,
    CASE WHEN count(f.item_id) >= 10 THEN quantile_cont(f.days, 0.85) END AS expected_days
FROM facts.dim_team AS t
CROSS JOIN week AS w
LEFT JOIN finished AS f
    ON f.team_id = t.team_id AND f.finished_on >= w.week_start - 84 AND f.finished_on < w.week_start
GROUP BY t.team_id, w.week_start, w.first_day, w.starts_at, w.ends_on, w.ends_at
