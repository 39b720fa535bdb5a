/*
description = "One row per item that an observation may name: a label and a page. No titles, no people."
depends_on = [
    "staged.stg_pull_request", "staged.stg_deployment", "staged.stg_incident", "staged.stg_work_item",
    "facts.fct_pull_request", "facts.fct_work_item", "facts.fct_team_day", "staged.stg_coverage_reading",
    "staged.stg_debt_reading", "staged.stg_register_entry", "staged.stg_architecture_decision",
    "staged.stg_exercise", "staged.stg_service", "staged.stg_retention_cell", "staged.stg_run",
    "facts.fct_downtime", "facts.fct_service_level_day", "staged.stg_postmortem_action",
    "staged.stg_objective_service", "facts.dim_service_calendar", "facts.dim_service_owner",
    "staged.stg_experiment", "staged.stg_agreed_action",
    "staged.stg_blocker", "facts.fct_blocker", "staged.stg_user_report",
    "staged.stg_satisfaction", "facts.dim_team",
]
key = ["item_kind", "item_id"]
not_null = ["item_kind", "item_id", "label", "occurred_at"]

[accepted_values]
item_kind = [
    "pull_request", "change", "change_from_merge", "deployment", "incident", "issue", "team_day",
    "coverage_report", "debt_reading", "register_entry", "decision", "exercise", "service",
    "retention_cell", "service_week", "objective", "objective_day", "postmortem_action",
    "experiment", "agreed_action",
    "blocker", "satisfaction_count", "team",
]

[columns]
item_kind = "as in the observations"
item_id = "source:id"
label = "a short name for people to recognise it"
url = "its page; of a deployment without one that of its commit; null where the source gives none"
service_id = "the service, where there is exactly one"
occurred_at = "merge, deployment, beginning or finish; else what is known"
*/
WITH pull_request AS (
    SELECT
        p.item_id,
        p.label,
        p.url,
        CASE WHEN count(f.service_id) = 1 THEN min(f.service_id) END AS service_id,
        coalesce(p.merged_at, p.opened_at) AS occurred_at
    FROM staged.stg_pull_request AS p
    JOIN facts.fct_pull_request AS f ON f.item_id = p.item_id
    GROUP BY p.item_id, p.label, p.url, p.merged_at, p.opened_at
),

-- Few sources have a page for each deployment: its commit stands beside the repository's pull requests.
repository AS (
    SELECT source, repository_id, min(replace(url, '/pull/' || number, '')) AS url
    FROM staged.stg_pull_request
    WHERE url LIKE '%/pull/' || number
    GROUP BY source, repository_id
)

SELECT 'pull_request' AS item_kind, item_id, label, url, service_id, occurred_at FROM pull_request
UNION ALL
SELECT 'change', item_id, label, url, service_id, occurred_at FROM pull_request
UNION ALL
SELECT 'change_from_merge', item_id, label, url, service_id, occurred_at FROM pull_request
UNION ALL
SELECT
    'deployment',
    d.item_id,
    'deployment ' || coalesce(substr(min(d.sha), 1, 7), min(d.native_id)),
    coalesce(min(d.url), min(r.url || '/commit/' || d.sha)),
    CASE WHEN count(*) = 1 THEN min(d.service_id) END,
    min(coalesce(d.succeeded_at, d.attempted_at))
FROM staged.stg_deployment AS d
LEFT JOIN repository AS r ON r.source = d.repository_source AND r.repository_id = d.repository_id
WHERE d.item_id = d.deployment_item_id
GROUP BY d.item_id
UNION ALL
SELECT
    'incident', item_id, min(label), min(url), CASE WHEN count(service_id) = 1 THEN min(service_id) END, min(started_at)
FROM staged.stg_incident
GROUP BY item_id
UNION ALL
SELECT
    'issue',
    i.item_id,
    min(i.label),
    min(i.url),
    CASE WHEN count(f.service_id) = 1 THEN min(f.service_id) END,
    min(coalesce(i.finished_at, i.started_at, i.created_at))
FROM staged.stg_work_item AS i
JOIN facts.fct_work_item AS f ON f.item_id = i.item_id
GROUP BY i.item_id
UNION ALL
SELECT 'issue', u.item_id, min(u.label), min(u.url), CASE WHEN count(u.service_id) = 1 THEN min(u.service_id) END, min(u.created_at)
FROM staged.stg_user_report AS u
ANTI JOIN staged.stg_work_item AS i ON i.item_id = u.item_id
GROUP BY u.item_id
UNION ALL
SELECT 'team_day', item_id, label, NULL, NULL, starts_at FROM facts.fct_team_day
UNION ALL
SELECT
    'coverage_report',
    item_id,
    'coverage of ' || min(component),
    NULL,
    CASE WHEN count(service_id) = 1 THEN min(service_id) END,
    min(measured_at)
FROM staged.stg_coverage_reading
GROUP BY item_id
UNION ALL
SELECT
    'debt_reading',
    item_id,
    'debt of ' || min(component),
    NULL,
    CASE WHEN count(service_id) = 1 THEN min(service_id) END,
    min(measured_at)
FROM staged.stg_debt_reading
GROUP BY item_id
UNION ALL
SELECT 'register_entry', e.item_id, e.register || ': ' || e.item_id, e.url, e.service_id, r.as_of
FROM (
    SELECT *, row_number() OVER (PARTITION BY item_id ORDER BY starts_on DESC) AS place FROM staged.stg_register_entry
) AS e
CROSS JOIN staged.stg_run AS r
WHERE e.place = 1
UNION ALL
SELECT
    'decision',
    d.item_id,
    'decision ' || d.item_id,
    d.url,
    d.service_id,
    coalesce(CAST(coalesce(d.decided_on, d.proposed_on) AS TIMESTAMP WITH TIME ZONE), r.as_of)
FROM staged.stg_architecture_decision AS d
CROSS JOIN staged.stg_run AS r
UNION ALL
SELECT
    'exercise',
    e.item_id,
    e.kind,
    e.url,
    e.service_id,
    coalesce(CAST(coalesce(e.held_on, e.planned_on) AS TIMESTAMP WITH TIME ZONE), r.as_of)
FROM staged.stg_exercise AS e
CROSS JOIN staged.stg_run AS r
UNION ALL
SELECT
    'service',
    c.service_id || ':' || CAST(greatest(c.starts_on, o.valid_from) AS VARCHAR),
    c.service_id,
    NULL,
    c.service_id,
    CAST(greatest(c.starts_on, o.valid_from) AS TIMESTAMPTZ)
FROM facts.dim_service_calendar AS c
JOIN facts.dim_service_owner AS o ON o.service_id = c.service_id AND o.valid_to > c.starts_on
WHERE c.metric_family = 'incident'
UNION ALL
SELECT 'service', s.service_id, s.name, NULL, s.service_id, r.as_of
FROM staged.stg_service AS s
CROSS JOIN staged.stg_run AS r
UNION ALL
SELECT
    'retention_cell',
    item_id,
    product || ', ' || grain || ' ' || CAST(period_number AS VARCHAR),
    NULL,
    NULL,
    CAST(starts_on AS TIMESTAMP WITH TIME ZONE)
FROM staged.stg_retention_cell
UNION ALL
SELECT 'service_week', item_id, item_id, NULL, service_id, starts_at FROM facts.fct_downtime
UNION ALL
SELECT
    'objective', f.item_id, min(f.label), min(s.url),
    CASE WHEN count(DISTINCT f.service_id) = 1 THEN min(f.service_id) END, max(f.starts_at)
FROM facts.fct_service_level_day AS f
LEFT JOIN staged.stg_objective_service AS s ON s.item_id = f.item_id
GROUP BY f.item_id
UNION ALL
SELECT
    'objective_day', f.item_id || ' ' || CAST(f.on_date AS VARCHAR), min(f.label) || ' ' || CAST(f.on_date AS VARCHAR), min(s.url),
    CASE WHEN count(DISTINCT f.service_id) = 1 THEN min(f.service_id) END, min(f.starts_at)
FROM facts.fct_service_level_day AS f
LEFT JOIN staged.stg_objective_service AS s ON s.item_id = f.item_id
GROUP BY f.item_id, f.on_date
UNION ALL
SELECT
    'postmortem_action', a.item_id, 'action ' || min(a.native_id), min(a.url),
    CASE WHEN count(a.service_id) = 1 THEN min(a.service_id) END,
    min(coalesce(CAST(coalesce(a.due_on, a.closed_on) AS TIMESTAMPTZ), r.as_of))
FROM staged.stg_postmortem_action AS a
CROSS JOIN staged.stg_run AS r
GROUP BY a.item_id
UNION ALL
SELECT
    'experiment', e.item_id, 'experiment ' || e.item_id, e.url, e.service_id,
    coalesce(CAST(coalesce(e.concluded_on, e.started_on) AS TIMESTAMPTZ), r.as_of)
FROM staged.stg_experiment AS e
CROSS JOIN staged.stg_run AS r
UNION ALL
SELECT
    'agreed_action', a.item_id, 'action ' || a.item_id, a.url, NULL,
    coalesce(CAST(coalesce(a.due_on, a.closed_on) AS TIMESTAMPTZ), r.as_of)
FROM staged.stg_agreed_action AS a
CROSS JOIN staged.stg_run AS r
UNION ALL
SELECT
    'blocker',
    b.item_id,
    min(b.label) || ', flagged ' || CAST(min(b.blocked_on) AS VARCHAR),
    min(b.url),
    CASE WHEN count(f.service_id) = 1 THEN min(f.service_id) END,
    min(b.blocked_at)
FROM staged.stg_blocker AS b
JOIN facts.fct_blocker AS f ON f.item_id = b.item_id
GROUP BY b.item_id
UNION ALL
SELECT
    'satisfaction_count', a.item_id,
    'answers of ' || CAST(a.starts_on AS VARCHAR)
    || CASE WHEN a.ends_on > a.starts_on + 1 THEN ' to ' || CAST(CAST(a.ends_on - 1 AS DATE) AS VARCHAR) ELSE '' END,
    NULL, a.service_id, CAST(a.on_date AS TIMESTAMPTZ)
FROM staged.stg_satisfaction AS a
UNION ALL
SELECT 'team', t.team_id, t.name, NULL, NULL, r.as_of
FROM facts.dim_team AS t
CROSS JOIN staged.stg_run AS r
