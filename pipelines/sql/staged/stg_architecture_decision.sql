/*
description = "One row per architecture decision, proposed or taken: of decision records, and of issues by type."
depends_on = [
    "raw.architecture_decision", "raw.issue", "staged.stg_work_item", "staged.stg_catalog_service",
    "staged.stg_service_project", "config.team", "config.team_name", "config.service", "config.decision_issue_type", "config.run",
    "config.organisation",
]
key = ["item_id"]
not_null = ["item_id", "source", "status"]
accepted_values = { status = ["proposed", "accepted", "rejected", "deprecated", "superseded"] }

[columns]
item_id = "source:id of the decision"
source = "the source's name"
service_id = "the configured service that it is about, where there is exactly one"
team_id = "the configured team that it is told to be of; null where nothing is told"
status = "where it stands; an issue is proposed until it is done"
proposed_on = "the day on which it was proposed; an issue's creation"
decided_on = "the day on which it was decided; null while it is proposed"
reversed_on = "the day on which it was taken back or replaced; null while it holds"
decided_by_level = "team, department or organisation; null where nothing is told"
risk = "low or high; null where nothing is told"
reach = "team or organisation, whom it concerns; null where nothing is told"
url = "its page"
*/
WITH setting AS (
    SELECT
        CAST(r.as_of AT TIME ZONE o.time_zone AS DATE) AS today,
        (SELECT list(lower(type)) FROM config.decision_issue_type) AS types
    FROM config.run AS r
    CROSS JOIN config.organisation AS o
),

of_project AS (
    SELECT source, project_key, CASE WHEN count(*) = 1 THEN min(service_id) END AS service_id
    FROM staged.stg_service_project
    GROUP BY source, project_key
),

-- What decisions and issues call a team: what the configuration says, else the team's own id or name.
named AS (
    SELECT source, team AS name, team AS other FROM raw.architecture_decision
    UNION
    SELECT source, team, team_name FROM raw.issue
),

meant AS (
    SELECT n.source, n.name, n.other, coalesce(min(c.team), min(t.id)) AS team_id
    FROM named AS n
    LEFT JOIN config.team_name AS c
        ON lower(c.name) IN (lower(n.name), lower(n.other)) AND coalesce(c.source, n.source) = n.source
    LEFT JOIN config.team AS t ON lower(n.other) IN (t.id, lower(t.name))
    GROUP BY n.source, n.name, n.other
),

told AS (
    SELECT
        d.source, d.id, coalesce(s.id, c.service_id) AS service_id, a.team_id, d.status, d.proposed_on,
        d.decided_on, d.reversed_on, d.decided_by_level, d.risk, d.reach, d.url
    FROM raw.architecture_decision AS d
    LEFT JOIN config.service AS s ON s.id = lower(d.service)
    LEFT JOIN staged.stg_catalog_service AS c ON c.source = d.source AND c.catalog_service_id = d.service
    LEFT JOIN meant AS a ON a.source = d.source AND a.name = d.team AND a.other = d.team
    WHERE d.gone_at IS NULL
    UNION ALL
    SELECT
        i.source, i.id, p.service_id, a.team_id,
        CASE
            WHEN w.finished_on IS NULL THEN 'proposed'
            WHEN regexp_matches(lower(coalesce(i.resolution, '')), 'reject|declin|won.?t') THEN 'rejected'
            ELSE 'accepted'
        END,
        w.created_on, w.finished_on, NULL, NULL, NULL, NULL, i.url
    FROM raw.issue AS i
    JOIN setting AS c ON list_contains(c.types, lower(i.type))
    JOIN staged.stg_work_item AS w ON w.source = i.source AND w.issue_id = i.id
    LEFT JOIN of_project AS p ON p.source = i.source AND p.project_key = i.container_id
    LEFT JOIN meant AS a
        ON a.source = i.source
        AND a.name IS NOT DISTINCT FROM i.team
        AND a.other IS NOT DISTINCT FROM i.team_name
)

SELECT
    t.source || ':' || t.id AS item_id,
    t.source,
    t.service_id,
    t.team_id,
    t.status,
    t.proposed_on,
    t.decided_on,
    t.reversed_on,
    t.decided_by_level,
    t.risk,
    t.reach,
    t.url
FROM told AS t
CROSS JOIN setting AS c
WHERE coalesce(t.proposed_on, t.decided_on, DATE '0001-01-01') <= c.today
