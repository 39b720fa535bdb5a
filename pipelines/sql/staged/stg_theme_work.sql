/*
description = "One row per finished work item and owning team for whose theme it was, where at least three people are known to have worked for whoever set it."
depends_on = [
    "raw.issue", "staged.stg_active_people", "staged.stg_service_owner", "staged.stg_service_project", "staged.stg_team_theme",
    "staged.stg_work_item",
]
key = ["item_id", "team_id"]
not_null = ["item_id", "team_id"]

[columns]
item_id = "source:id of the work item"
team_id = "the team that owned its service on the day of its finish, whose theme it was for"
*/
WITH RECURSIVE marker AS (
    SELECT DISTINCT unnest(markers) AS marker FROM staged.stg_team_theme
),

-- The goal itself, and all that is below it, however deep.
under_goal AS (
    SELECT i.source, i.id AS issue_id, m.marker
    FROM raw.issue AS i
    JOIN marker AS m ON m.marker = lower(i.key)
    WHERE i.gone_at IS NULL
    UNION
    SELECT i.source, i.id, g.marker
    FROM under_goal AS g
    JOIN raw.issue AS i ON i.source = g.source AND i.parent_id = g.issue_id
    WHERE i.gone_at IS NULL
),

marked AS (
    SELECT source, issue_id, marker FROM under_goal
    UNION
    SELECT i.source, i.issue_id, m.marker
    FROM (SELECT source, id AS issue_id, lower(unnest(labels)) AS label FROM raw.issue) AS i
    JOIN marker AS m ON m.marker = i.label
)

SELECT DISTINCT i.item_id, o.team_id
FROM marked AS m
JOIN staged.stg_work_item AS i ON i.source = m.source AND i.issue_id = m.issue_id
JOIN staged.stg_service_project AS j ON j.source = i.source AND j.project_key = i.container_id
JOIN staged.stg_service_owner AS o
    ON o.service_id = j.service_id AND o.valid_from <= i.finished_on AND o.valid_to > i.finished_on
JOIN staged.stg_team_theme AS t
    ON t.team_id = o.team_id
    AND t.valid_from <= i.finished_on
    AND t.valid_to > i.finished_on
    AND list_contains(t.markers, m.marker)
-- A sum over teams of which only such a small one has a theme would be its own.
JOIN staged.stg_active_people AS n
    ON n.scope = t.of_scope
    AND n.part_of IS NULL
    AND n.grain = 'quarter'
    AND n.period_start = t.valid_from
    AND n.people >= 3
