/*
description = "One row per service and family of metrics that can be known of it: from which day on."
depends_on = [
    "staged.stg_deployment", "staged.stg_pull_request", "staged.stg_pull_request_service",
    "staged.stg_service", "staged.stg_service_project", "staged.stg_service_repository", "staged.stg_work_item",
    "staged.stg_incident", "config.service_incident_service", "config.source", "config.organisation",
    "staged.stg_coverage_reading", "staged.stg_debt_reading", "staged.stg_architecture_decision",
    "staged.stg_exercise", "staged.stg_register_entry", "staged.stg_runbook", "staged.stg_joiner",
    "staged.stg_retention_cell", "staged.stg_run", "staged.stg_postmortem", "staged.stg_postmortem_action",
    "staged.stg_experiment", "staged.stg_mentorship", "staged.stg_agreed_action",
    "staged.stg_service_level_day", "staged.stg_objective_service", "staged.stg_user_report",
    "staged.stg_team_theme", "staged.stg_mentorship_offer", "staged.stg_onboarding_checklist",
    "staged.stg_satisfaction",
]
key = ["service_id", "metric_family"]
not_null = ["metric_family", "starts_on"]

[accepted_values]
metric_family = [
    "delivery", "flow", "reliability", "quality", "decisions", "exercises", "registers", "runbooks", "joiners",
    "products", "incident", "postmortem", "service_level",
    "experiments", "mentorships", "actions",
    "user_report", "satisfaction", "theme", "mentorship_offers", "onboarding_checklists",
]

[columns]
service_id = "the service; null for the organisation as a whole, where people and products are of no service"
metric_family = "delivery: deployments; flow: pull requests and work items; reliability: deployments and incidents, where a source tells of its incidents; quality: coverage and debt; incident: incidents alone; postmortem: incidents and postmortems; service_level: readings of its objectives; user_report: defects that users reported; satisfaction: counts of customers' answers; theme: work items, from the first theme on that says how its work is known; each other one: such records"
starts_on = "first day on which both the service existed and its source was read"
ends_on = "the day of its retirement; null while it lives"
*/
WITH evidence AS (
    SELECT service_id, 'deployment' AS subject, source, min(attempted_on) AS first_on
    FROM staged.stg_deployment
    GROUP BY service_id, source
    UNION ALL
    SELECT
        s.service_id, 'pull_request', p.source,
        CAST(min(p.opened_at) AT TIME ZONE min(o.time_zone) AS DATE)
    FROM staged.stg_pull_request AS p
    JOIN staged.stg_pull_request_service AS s ON s.item_id = p.item_id
    CROSS JOIN config.organisation AS o
    GROUP BY s.service_id, p.source
    UNION ALL
    SELECT j.service_id, 'work_item', i.source, min(i.created_on)
    FROM staged.stg_work_item AS i
    JOIN staged.stg_service_project AS j ON j.source = i.source AND j.project_key = i.container_id
    GROUP BY j.service_id, i.source
),

-- Where the organisation says from when on its history is read, a source is covered from that day;
-- otherwise from its first record, whichever service that is about.
covered AS (
    SELECT
        e.service_id,
        e.subject,
        min(e.first_on) AS first_on,
        min(coalesce(o.history_start, e.source_first_on)) AS covered_from
    FROM (
        SELECT *, min(first_on) OVER (PARTITION BY subject, source) AS source_first_on FROM evidence
    ) AS e
    CROSS JOIN config.organisation AS o
    GROUP BY e.service_id, e.subject
),

-- A source that has never told of an incident is not known to tell of any: no service is covered by it.
incident_source AS (
    SELECT i.source, k.kind, coalesce(min(o.history_start), min(i.started_on)) AS covered_from
    FROM staged.stg_incident AS i
    JOIN config.source AS k ON k.name = i.source
    CROSS JOIN config.organisation AS o
    GROUP BY i.source, k.kind
),

-- A service is served by the sources that it is mapped to, whether or not it ever had an incident.
-- Files and labelled issues need no mapping: they serve every service that they can name and that
-- is not mapped to another source.
served AS (
    SELECT service_id, source FROM staged.stg_incident WHERE service_id IS NOT NULL
    UNION
    SELECT m.service, i.source
    FROM config.service_incident_service AS m
    JOIN incident_source AS i ON i.source = coalesce(m.source, i.source) AND i.kind NOT IN ('github', 'jira')
    UNION
    SELECT s.service_id, i.source
    FROM staged.stg_service AS s
    ANTI JOIN config.service_incident_service AS m ON m.service = s.service_id
    JOIN incident_source AS i ON i.kind = 'inbox'
    UNION
    SELECT r.service_id, i.source
    FROM staged.stg_service_repository AS r
    ANTI JOIN config.service_incident_service AS m ON m.service = r.service_id
    JOIN incident_source AS i ON i.kind = 'github' AND i.source = r.source
    UNION
    SELECT j.service_id, i.source
    FROM staged.stg_service_project AS j
    ANTI JOIN config.service_incident_service AS m ON m.service = j.service_id
    JOIN incident_source AS i ON i.kind = 'jira' AND i.source = j.source
),

incidents AS (
    SELECT v.service_id, min(i.covered_from) AS incidents_on
    FROM served AS v
    JOIN incident_source AS i ON i.source = v.source
    GROUP BY v.service_id
),

-- What is written down may be about any service; a register is known from its first reading on,
-- and what a scan tells is of the last day alone.
-- A date further back than twenty years is taken for a slip: a calendar from there on would be empty.
written AS (
    SELECT f.metric_family, max(coalesce(o.history_start, f.first_on)) AS covered_from
    FROM (
        SELECT 'decisions' AS metric_family, min(coalesce(d.proposed_on, d.decided_on)) AS first_on
        FROM staged.stg_architecture_decision AS d
        CROSS JOIN staged.stg_run AS r
        WHERE coalesce(d.proposed_on, d.decided_on) > r.as_of_on - INTERVAL 20 YEAR
        UNION ALL
        SELECT 'exercises', min(e.held_on)
        FROM staged.stg_exercise AS e
        CROSS JOIN staged.stg_run AS r
        WHERE e.held_on > r.as_of_on - INTERVAL 20 YEAR
    ) AS f
    CROSS JOIN config.organisation AS o
    WHERE f.first_on IS NOT NULL
    GROUP BY f.metric_family
    UNION ALL
    SELECT 'registers', min(starts_on) FROM staged.stg_register_entry HAVING min(starts_on) IS NOT NULL
    UNION ALL
    SELECT 'runbooks', last_day_on FROM staged.stg_run WHERE EXISTS (FROM staged.stg_runbook)
),

measured AS (
    SELECT service_id, min(measured_on) AS first_on
    FROM (
        SELECT service_id, measured_on FROM staged.stg_coverage_reading
        UNION ALL
        SELECT service_id, measured_on FROM staged.stg_debt_reading
    )
    WHERE service_id IS NOT NULL
    GROUP BY service_id
),

start AS (
    SELECT
        c.service_id,
        s.retired_at,
        min(greatest(coalesce(s.active_from, c.first_on), c.covered_from))
            FILTER (c.subject = 'deployment') AS deployments_on,
        min(greatest(coalesce(s.active_from, c.first_on), c.covered_from))
            FILTER (c.subject IN ('pull_request', 'work_item')) AS flow_on
    FROM covered AS c
    JOIN staged.stg_service AS s ON s.service_id = c.service_id
    GROUP BY c.service_id, s.retired_at
),

-- From the first incident that has a postmortem, or else the first that was published, whosever it is.
postmortems AS (
    SELECT coalesce(min(o.history_start), min(coalesce(i.started_on, p.published_on))) AS postmortems_on
    FROM config.organisation AS o
    CROSS JOIN (
        SELECT incident_item_id, published_on FROM staged.stg_postmortem WHERE published_on IS NOT NULL
        UNION ALL
        SELECT item_id, started_on FROM staged.stg_incident WHERE has_postmortem_page AND NOT is_duplicate
    ) AS p
    LEFT JOIN (SELECT DISTINCT item_id, started_on FROM staged.stg_incident) AS i ON i.item_id = p.incident_item_id
),

postmortem_service AS (
    SELECT service_id FROM incidents
    UNION
    SELECT service_id FROM staged.stg_postmortem WHERE service_id IS NOT NULL
    UNION
    SELECT service_id FROM staged.stg_postmortem_action WHERE service_id IS NOT NULL
),

level_reading AS (
    SELECT s.service_id, d.source, min(d.on_date) AS first_on
    FROM staged.stg_service_level_day AS d
    JOIN (SELECT DISTINCT item_id, service_id FROM staged.stg_objective_service) AS s ON s.item_id = d.item_id
    WHERE s.service_id IS NOT NULL
    GROUP BY s.service_id, d.source
)

SELECT service_id, 'delivery' AS metric_family, deployments_on AS starts_on, retired_at AS ends_on
FROM start
WHERE deployments_on IS NOT NULL
UNION ALL
SELECT service_id, 'flow', flow_on, retired_at FROM start WHERE flow_on IS NOT NULL
UNION ALL
SELECT t.service_id, 'reliability', greatest(t.deployments_on, i.incidents_on), t.retired_at
FROM start AS t
JOIN incidents AS i ON i.service_id = t.service_id
WHERE t.deployments_on IS NOT NULL
UNION ALL
SELECT m.service_id, 'quality', greatest(coalesce(s.active_from, m.first_on), m.first_on), s.retired_at
FROM measured AS m
JOIN staged.stg_service AS s ON s.service_id = m.service_id
UNION ALL
SELECT
    s.service_id, w.metric_family, greatest(coalesce(s.active_from, w.covered_from), w.covered_from), s.retired_at
FROM staged.stg_service AS s
CROSS JOIN written AS w
UNION ALL
SELECT NULL, 'joiners', min(pool_on), NULL
FROM staged.stg_joiner
WHERE coalesce(excluded_reason <> 'before_history', true)
HAVING min(pool_on) IS NOT NULL
UNION ALL
SELECT NULL, 'products', min(c.starts_on), NULL
FROM staged.stg_retention_cell AS c
CROSS JOIN staged.stg_run AS r
WHERE c.starts_on > r.as_of_on - INTERVAL 20 YEAR
HAVING min(c.starts_on) IS NOT NULL
UNION ALL
SELECT i.service_id, 'incident', greatest(s.active_from, i.incidents_on), s.retired_at
FROM incidents AS i
JOIN staged.stg_service AS s ON s.service_id = i.service_id
UNION ALL
SELECT s.service_id, 'postmortem', greatest(s.active_from, p.postmortems_on), s.retired_at
FROM postmortem_service AS m
JOIN staged.stg_service AS s ON s.service_id = m.service_id
JOIN postmortems AS p ON p.postmortems_on IS NOT NULL
UNION ALL
SELECT
    s.service_id, 'service_level',
    min(greatest(coalesce(s.active_from, m.first_on), coalesce(o.history_start, m.source_first_on))), s.retired_at
FROM (SELECT *, min(first_on) OVER (PARTITION BY source) AS source_first_on FROM level_reading) AS m
JOIN staged.stg_service AS s ON s.service_id = m.service_id
CROSS JOIN config.organisation AS o
GROUP BY s.service_id, s.retired_at
UNION ALL
SELECT
    s.service_id, f.metric_family, greatest(s.active_from, coalesce(o.history_start, f.first_on)), s.retired_at
FROM staged.stg_service AS s
CROSS JOIN config.organisation AS o
CROSS JOIN (
    SELECT 'experiments' AS metric_family, min(e.started_on) AS first_on
    FROM staged.stg_experiment AS e
    CROSS JOIN staged.stg_run AS r
    WHERE e.started_on > r.as_of_on - INTERVAL 20 YEAR
    UNION ALL
    SELECT 'actions', min(a.due_on)
    FROM staged.stg_agreed_action AS a
    CROSS JOIN staged.stg_run AS r
    WHERE a.due_on > r.as_of_on - INTERVAL 20 YEAR AND a.due_on <= r.last_day_on
) AS f
WHERE f.first_on IS NOT NULL
UNION ALL
SELECT NULL, 'mentorships', min(m.started_on), NULL
FROM staged.stg_mentorship AS m
CROSS JOIN staged.stg_run AS r
WHERE m.started_on > r.as_of_on - INTERVAL 20 YEAR
HAVING min(m.started_on) IS NOT NULL
UNION ALL
SELECT
    s.service_id, 'user_report',
    greatest(min(u.created_on), coalesce(s.active_from, min(u.created_on)), coalesce(min(o.history_start), min(u.created_on))),
    s.retired_at
FROM staged.stg_user_report AS u
CROSS JOIN config.organisation AS o
JOIN staged.stg_service AS s ON s.service_id = u.service_id
GROUP BY s.service_id, s.active_from, s.retired_at
UNION ALL
SELECT
    s.service_id, 'satisfaction',
    greatest(min(a.on_date), coalesce(s.active_from, min(a.on_date)), coalesce(min(o.history_start), min(a.on_date))),
    s.retired_at
FROM staged.stg_satisfaction AS a
CROSS JOIN config.organisation AS o
CROSS JOIN staged.stg_run AS r
JOIN staged.stg_service AS s ON s.service_id = a.service_id
WHERE a.on_date > r.as_of_on - INTERVAL 20 YEAR
GROUP BY s.service_id, s.active_from, s.retired_at
UNION ALL
SELECT
    c.service_id, 'theme',
    greatest(coalesce(s.active_from, c.first_on), c.covered_from, t.first_on), s.retired_at
FROM covered AS c
JOIN staged.stg_service AS s ON s.service_id = c.service_id
CROSS JOIN (SELECT min(valid_from) AS first_on FROM staged.stg_team_theme WHERE is_marked) AS t
CROSS JOIN staged.stg_run AS r
WHERE c.subject = 'work_item' AND t.first_on <= r.last_day_on
UNION ALL
SELECT NULL, 'mentorship_offers', min(m.on_date), NULL
FROM staged.stg_mentorship_offer AS m
CROSS JOIN staged.stg_run AS r
WHERE m.on_date > r.as_of_on - INTERVAL 20 YEAR
HAVING min(m.on_date) IS NOT NULL
UNION ALL
SELECT NULL, 'onboarding_checklists', min(c.pool_on), NULL
FROM staged.stg_onboarding_checklist AS c
CROSS JOIN staged.stg_run AS r
WHERE c.pool_on > r.as_of_on - INTERVAL 20 YEAR
HAVING min(c.pool_on) IS NOT NULL
