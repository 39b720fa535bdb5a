/*
description = "One row per team and local day since its first work item: what was in progress at its end, today as of now."
depends_on = [
    "facts.dim_team", "facts.dim_day", "facts.dim_run", "facts.dim_service_owner", "facts.dim_service_calendar",
    "facts.fct_work_item", "facts.fct_work_item_spell",
]
key = ["team_id", "on_date"]
not_null = ["in_progress", "at_most"]

[columns]
team_id = "the team"
on_date = "the local day"
in_progress = "its work items that were active or waiting at the day's end"
at_most = "the same with those of which that cannot be known"
*/
WITH first_item AS (
    SELECT service_id, min(created_on) AS first_on
    FROM facts.fct_work_item
    WHERE service_id IS NOT NULL
    GROUP BY service_id
),

owned AS (
    SELECT
        o.team_id,
        o.service_id,
        greatest(o.valid_from, c.starts_on) AS from_on,
        least(o.valid_to, coalesce(c.ends_on, o.valid_to)) AS to_on,
        greatest(o.valid_from, c.starts_on, f.first_on) AS told_from
    FROM facts.dim_team AS t
    JOIN facts.dim_service_owner AS o ON o.team_id = t.team_id
    JOIN facts.dim_service_calendar AS c ON c.service_id = o.service_id AND c.metric_family = 'flow'
    JOIN first_item AS f ON f.service_id = o.service_id
),

team_day AS (
    SELECT DISTINCT w.team_id, d.on_date
    FROM owned AS w
    JOIN facts.dim_day AS d ON d.on_date >= w.told_from AND d.on_date < w.to_on
    CROSS JOIN facts.dim_run AS r
    WHERE d.on_date <= r.last_day_on
),

known AS (
    SELECT
        w.team_id, s.item_id,
        greatest(s.entered_on, w.from_on) AS from_on,
        least(w.to_on, coalesce(s.left_on, w.to_on)) AS to_on
    FROM owned AS w
    JOIN facts.fct_work_item_spell AS s ON s.service_id = w.service_id AND s.team_id = w.team_id
),

unknown AS (
    SELECT
        w.team_id, i.item_id,
        greatest(i.created_on, w.from_on) AS from_on,
        least(w.to_on, coalesce(i.finished_on, w.to_on)) AS to_on
    FROM owned AS w
    JOIN facts.fct_work_item AS i ON i.service_id = w.service_id
    WHERE NOT i.has_changelog OR i.means = 'unknown'
),

stretch AS (
    SELECT true AS is_sure, team_id, item_id, from_on, to_on FROM known WHERE from_on < to_on
    UNION ALL
    SELECT false, team_id, item_id, from_on, to_on FROM known WHERE from_on < to_on
    UNION ALL
    SELECT false, team_id, item_id, from_on, to_on FROM unknown WHERE from_on < to_on
),

-- An item of several services of a team is one: what overlaps an earlier stretch adds only what is beyond it.
beyond AS (
    SELECT
        is_sure, team_id, to_on,
        greatest(from_on, coalesce(max(to_on) OVER (
            PARTITION BY is_sure, team_id, item_id
            ORDER BY from_on, to_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), from_on)) AS from_on
    FROM stretch
),

change AS (
    SELECT is_sure, team_id, from_on AS on_date, 1 AS change FROM beyond WHERE from_on < to_on
    UNION ALL
    SELECT is_sure, team_id, to_on, -1 FROM beyond WHERE from_on < to_on
),

running AS (
    SELECT
        team_id,
        on_date,
        sum(coalesce(sum(CASE WHEN is_sure THEN change END), 0)) OVER (PARTITION BY team_id ORDER BY on_date) AS in_progress,
        sum(coalesce(sum(CASE WHEN NOT is_sure THEN change END), 0)) OVER (PARTITION BY team_id ORDER BY on_date) AS at_most
    FROM (
        SELECT is_sure, team_id, on_date, change FROM change
        UNION ALL
        SELECT true, team_id, on_date, 0 FROM team_day
    )
    GROUP BY team_id, on_date
)

SELECT
    n.team_id,
    n.on_date,
    CAST(n.in_progress AS INTEGER) AS in_progress,
    CAST(n.at_most AS INTEGER) AS at_most
FROM running AS n
JOIN team_day AS k ON k.team_id = n.team_id AND k.on_date = n.on_date
