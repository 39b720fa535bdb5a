/*
description = "One row per work item: whether its links say that it needed an item of another team, and how long that held it up."
depends_on = [
    "raw.issue_link", "staged.stg_run", "staged.stg_service_owner", "staged.stg_service_project",
    "staged.stg_work_item", "staged.stg_work_item_flag", "staged.stg_work_item_spell",
]
key = ["item_id"]
not_null = ["item_id", "tells_links", "is_of_other_team", "has_unknown_team", "held_up_seconds"]

[columns]
item_id = "source:id of the work item"
tells_links = "some item of its project has such a link, in either direction"
is_of_other_team = "it is linked as blocked by, or depending on, an item whose owner is another team than its own, on the day of its finish, or now"
has_unknown_team = "it is linked so to an item of which nobody is known to be the owner"
held_up_seconds = "time flagged as blocked and in progress while such an item of another team was not finished, up to now"
*/
WITH link AS (
    SELECT source, issue_id, coalesce(target_id, target_key) AS needed_id
    FROM raw.issue_link
    WHERE gone_at IS NULL AND lower(kind) IN ('is blocked by', 'depends on')
    UNION
    SELECT source, coalesce(target_id, target_key), issue_id
    FROM raw.issue_link
    WHERE gone_at IS NULL AND lower(kind) IN ('blocks', 'is depended on by', 'is depended upon by')
),

habit AS (
    SELECT DISTINCT i.source, i.container_id
    FROM staged.stg_work_item AS i
    JOIN (
        SELECT source, issue_id FROM link
        UNION
        SELECT source, needed_id FROM link
    ) AS l ON l.source = i.source AND l.issue_id = i.issue_id
),

owner AS (
    SELECT DISTINCT i.source, i.issue_id, o.team_id, o.valid_from, o.valid_to
    FROM staged.stg_work_item AS i
    JOIN staged.stg_service_project AS j ON j.source = i.source AND j.project_key = i.container_id
    JOIN staged.stg_service_owner AS o ON o.service_id = j.service_id AND o.team_id IS NOT NULL
),

-- What a team of several services needs of itself is of no other team.
needed AS (
    SELECT
        l.source, l.issue_id, l.needed_id,
        count(n.team_id) > 0 AS is_known,
        count(n.team_id) > 0 AND count(w.team_id) = 0 AS is_of_other_team
    FROM link AS l
    JOIN staged.stg_work_item AS i ON i.source = l.source AND i.issue_id = l.issue_id
    CROSS JOIN staged.stg_run AS r
    LEFT JOIN owner AS n
        ON n.source = l.source
        AND n.issue_id = l.needed_id
        AND n.valid_from <= coalesce(i.finished_on, r.as_of_on)
        AND n.valid_to > coalesce(i.finished_on, r.as_of_on)
    LEFT JOIN owner AS w
        ON w.source = l.source
        AND w.issue_id = l.issue_id
        AND w.team_id = n.team_id
        AND w.valid_from <= coalesce(i.finished_on, r.as_of_on)
        AND w.valid_to > coalesce(i.finished_on, r.as_of_on)
    GROUP BY l.source, l.issue_id, l.needed_id
),

-- Whole microseconds, so that a sum does not depend on the order of its parts.
stretch AS (
    SELECT
        n.source, n.issue_id,
        epoch_us(greatest(f.raised_at, s.entered_at, b.created_at)) AS from_us,
        epoch_us(least(
            coalesce(f.cleared_at, r.as_of), coalesce(s.left_at, r.as_of), coalesce(b.finished_at, r.as_of)
        )) AS to_us
    FROM needed AS n
    JOIN staged.stg_work_item AS b ON b.source = n.source AND b.issue_id = n.needed_id
    JOIN staged.stg_work_item_flag AS f ON f.source = n.source AND f.issue_id = n.issue_id
    JOIN staged.stg_work_item_spell AS s ON s.source = n.source AND s.issue_id = n.issue_id
    CROSS JOIN staged.stg_run AS r
    WHERE n.is_of_other_team
),

-- Of stretches that overlap each adds what those before it have not covered.
added AS (
    SELECT
        source, issue_id, to_us,
        greatest(from_us, coalesce(max(to_us) OVER (
            PARTITION BY source, issue_id ORDER BY from_us, to_us ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), from_us)) AS from_us
    FROM stretch
    WHERE to_us > from_us
),

held_up AS (
    SELECT source, issue_id, sum(to_us - from_us) FILTER (to_us > from_us) AS held_up_us
    FROM added
    GROUP BY source, issue_id
),

told AS (
    SELECT source, issue_id, bool_or(is_of_other_team) AS is_of_other_team, NOT bool_and(is_known) AS has_unknown_team
    FROM needed
    GROUP BY source, issue_id
)

SELECT
    i.item_id,
    a.container_id IS NOT NULL AS tells_links,
    coalesce(t.is_of_other_team, false) AS is_of_other_team,
    coalesce(t.has_unknown_team, false) AS has_unknown_team,
    CAST(coalesce(h.held_up_us, 0) / 1000000 AS DOUBLE) AS held_up_seconds
FROM staged.stg_work_item AS i
LEFT JOIN habit AS a ON a.source = i.source AND a.container_id = i.container_id
LEFT JOIN told AS t ON t.source = i.source AND t.issue_id = i.issue_id
LEFT JOIN held_up AS h ON h.source = i.source AND h.issue_id = i.issue_id
