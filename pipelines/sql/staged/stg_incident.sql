/*
description = "One row per incident and service it struck: incidents of the incident sources, and labelled issues."
depends_on = [
    "raw.incident", "raw.issue", "raw.repository", "staged.stg_service_repository", "staged.stg_work_item",
    "config.service", "config.service_incident_service", "config.service_jira_project", "config.incident_label",
    "config.production_environment", "config.source", "config.run", "config.organisation",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "started_at", "started_on", "is_test", "is_duplicate", "is_production"]

[columns]
item_id = "source:id of the incident"
source = "the source's name"
service_id = "the configured service; null where the incident's service is nobody's"
label = "a short name for people to recognise it"
url = "the incident's page"
started_at = "when it began"
started_on = "local day of its beginning"
restored_at = "when it was mitigated, else resolved; an issue when it was closed or done; null while it lasts"
is_test = "a drill"
is_duplicate = "merged into another incident, which stands for both"
is_production = "its environment is production, or it has none"
*/
WITH setting AS (
    SELECT
        r.as_of,
        o.time_zone,
        (SELECT list(lower(pattern)) FROM config.production_environment) AS production,
        (SELECT list(lower(label)) FROM config.incident_label) AS labels
    FROM config.run AS r
    CROSS JOIN config.organisation AS o
),

-- Few services stand for many incidents, so names are compared once per service.
struck AS (
    SELECT DISTINCT n.source, n.service_id AS native_id, n.service_name AS native_name, s.id AS service_id
    FROM (SELECT DISTINCT source, service_id, service_name FROM raw.incident) AS n
    JOIN config.service AS s ON true
    LEFT JOIN config.service_incident_service AS m
        ON m.service = s.id AND coalesce(m.source, n.source) = n.source
    LEFT JOIN config.source AS k ON k.name = n.source
    WHERE
        m.incident_service = n.service_id
        OR lower(m.incident_service) = lower(n.service_name)
        OR (k.kind = 'inbox' AND n.service_id = s.id)
),

labelled_issue AS (
    SELECT i.*
    FROM raw.issue AS i
    CROSS JOIN setting AS c
    WHERE i.gone_at IS NULL AND list_has_any(list_transform(i.labels, lambda l: lower(l)), c.labels)
),

jira_project AS (
    SELECT DISTINCT j.service AS service_id, k.name AS source, j.project
    FROM config.service_jira_project AS j
    JOIN config.source AS k ON k.kind = 'jira' AND k.name = coalesce(j.source, k.name)
),

incident AS (
    SELECT
        i.source, i.id, s.service_id, 'incident ' || i.id AS label, i.url, i.started_at,
        coalesce(i.mitigated_at, i.resolved_at) AS restored_at,
        i.is_test,
        i.merged_into IS NOT NULL AS is_duplicate,
        i.environment
    FROM raw.incident AS i
    LEFT JOIN struck AS s
        ON s.source = i.source
        AND s.native_id IS NOT DISTINCT FROM i.service_id
        AND s.native_name IS NOT DISTINCT FROM i.service_name
    WHERE i.gone_at IS NULL
    UNION ALL
    SELECT
        i.source, i.id, r.service_id, split_part(h.name, '/', -1) || i.key, i.url, i.created_at, i.closed_at, false, false, NULL
    FROM labelled_issue AS i
    JOIN raw.repository AS h ON h.source = i.source AND h.id = i.container_id
    LEFT JOIN staged.stg_service_repository AS r ON r.source = i.source AND r.repository_id = i.container_id
    UNION ALL
    SELECT i.source, i.id, j.service_id, i.key, i.url, i.created_at, w.finished_at, false, false, NULL
    FROM labelled_issue AS i
    JOIN staged.stg_work_item AS w ON w.source = i.source AND w.issue_id = i.id
    LEFT JOIN jira_project AS j ON j.source = i.source AND j.project = i.container_id
)

SELECT
    i.source || ':' || i.id AS item_id,
    i.source,
    i.service_id,
    i.label,
    i.url,
    i.started_at,
    CAST(i.started_at AT TIME ZONE c.time_zone AS DATE) AS started_on,
    CASE WHEN i.restored_at <= c.as_of THEN i.restored_at END AS restored_at,
    i.is_test,
    i.is_duplicate,
    i.environment IS NULL
        OR coalesce(len(list_filter(c.production, lambda g: lower(i.environment) GLOB g)) > 0, false) AS is_production
FROM incident AS i
CROSS JOIN setting AS c
WHERE i.started_at <= c.as_of
