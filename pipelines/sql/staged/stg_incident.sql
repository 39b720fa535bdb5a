/*
description = "One row per incident and service it struck: incidents of the incident sources, and issues by label or type."
depends_on = [
    "staged.stg_incident_record", "staged.stg_duplicate", "raw.incident", "raw.issue",
    "staged.stg_service_repository", "staged.stg_service_project", "config.service", "config.service_incident_service",
    "config.service_label", "config.production_environment", "config.source", "config.organisation",
]
key = ["item_id", "service_id"]
not_null = [
    "item_id", "started_at", "started_on", "is_test", "is_unconfirmed", "is_duplicate", "is_production",
    "is_out_of_hours", "has_postmortem_page",
]

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
is_unconfirmed = "its source took it back, or has yet to accept it"
is_duplicate = "another record stands for the same incident: it was merged into that, or another source tells of it too"
merged_item_id = "the record that stands for it; null where it is no duplicate"
is_production = "its environment is production, or it has none"
is_out_of_hours = "it began on a Saturday or Sunday, or before 8:00 or from 18:00 on, local time"
severity = "the source's word; null where it has none"
rotation = "whose turn it was to answer: a group or policy, never a person; null where nobody said"
reported_by = "who noticed it: monitor, team, user or other; null where nobody says so"
has_postmortem_page = "a source names the page of its postmortem"
*/
WITH setting AS (
    SELECT
        o.time_zone,
        (SELECT list(lower(pattern)) FROM config.production_environment) AS production
    FROM config.organisation AS o
),

-- Few services stand for many incidents, so names are compared once per service.
named AS (
    SELECT DISTINCT source, service_id AS native_id, service_name AS native_name FROM raw.incident
    UNION
    SELECT DISTINCT source, further, further
    FROM (SELECT source, unnest(further_services) AS further FROM raw.incident)
),

struck AS (
    SELECT DISTINCT n.source, n.native_id, n.native_name, s.id AS service_id
    FROM named AS n
    JOIN config.service AS s ON true
    LEFT JOIN config.service_incident_service AS m
        ON m.service = s.id AND coalesce(m.source, n.source) = n.source
    LEFT JOIN config.source AS k ON k.name = n.source
    WHERE
        m.incident_service = n.native_id
        OR lower(m.incident_service) = lower(n.native_name)
        OR (k.kind = 'inbox' AND n.native_id = s.id)
),

record AS (
    SELECT r.*, coalesce(d.group_item_id, r.item_id) AS group_item_id, coalesce(d.place, 1) AS place
    FROM staged.stg_incident_record AS r
    LEFT JOIN staged.stg_duplicate AS d ON d.item_kind = 'incident' AND d.item_id = r.item_id
),

-- Of services that share a repository, those that tell their part by labels get the issues that bear one.
of_service AS (
    SELECT r.item_id, s.service_id
    FROM record AS r
    JOIN raw.incident AS i ON r.form = 'incident' AND i.source = r.source AND i.id = r.native_id
    JOIN struck AS s
        ON s.source = i.source
        AND s.native_id IS NOT DISTINCT FROM i.service_id
        AND s.native_name IS NOT DISTINCT FROM i.service_name
    UNION
    SELECT i.source || ':' || i.id, s.service_id
    FROM (SELECT source, id, unnest(further_services) AS further FROM raw.incident WHERE gone_at IS NULL) AS i
    JOIN struck AS s ON s.source = i.source AND s.native_id = i.further AND s.native_name = i.further
    UNION
    SELECT r.item_id, h.service_id
    FROM record AS r
    JOIN raw.issue AS i ON r.form = 'github_issue' AND i.source = r.source AND i.id = r.native_id
    JOIN staged.stg_service_repository AS h ON h.source = i.source AND h.repository_id = i.container_id
    LEFT JOIN (
        SELECT service, list(lower(label)) AS labels FROM config.service_label GROUP BY service
    ) AS l ON l.service = h.service_id AND h.is_parted
    WHERE l.service IS NULL OR list_has_any(list_transform(i.labels, lambda x: lower(x)), l.labels)
    UNION
    SELECT r.item_id, p.service_id
    FROM record AS r
    JOIN raw.issue AS i ON r.form = 'jira_issue' AND i.source = r.source AND i.id = r.native_id
    JOIN staged.stg_service_project AS p ON p.source = i.source AND p.project_key = i.container_id
),

-- Of the sources that tell of one incident, the first that knows says which services it struck.
of_group AS (
    SELECT DISTINCT r.group_item_id AS item_id, s.service_id
    FROM record AS r
    JOIN of_service AS s ON s.item_id = r.item_id
    QUALIFY r.source = first_value(r.source) OVER (PARTITION BY r.group_item_id ORDER BY r.place)
),

-- What the record that stands for all does not know, the next one tells.
completed AS (
    SELECT
        * REPLACE (
            first_value(mitigated_at IGNORE NULLS) OVER one AS mitigated_at,
            first_value(resolved_at IGNORE NULLS) OVER one AS resolved_at,
            first_value(environment IGNORE NULLS) OVER one AS environment,
            first_value(url IGNORE NULLS) OVER one AS url,
            first_value(severity IGNORE NULLS) OVER one AS severity,
            first_value(rotation IGNORE NULLS) OVER one AS rotation,
            first_value(reported_by IGNORE NULLS) OVER one AS reported_by,
            bool_or(has_postmortem_page) OVER one AS has_postmortem_page
        )
    FROM record
    WINDOW one AS (
        PARTITION BY group_item_id ORDER BY place ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
    )
),

incident AS (
    SELECT c.*, s.service_id FROM completed AS c LEFT JOIN of_group AS s ON s.item_id = c.item_id WHERE c.place = 1
    UNION ALL
    SELECT c.*, s.service_id FROM completed AS c LEFT JOIN of_service AS s ON s.item_id = c.item_id WHERE c.place > 1
)

SELECT
    i.item_id,
    i.source,
    i.service_id,
    i.label,
    i.url,
    i.started_at,
    CAST(i.started_at AT TIME ZONE c.time_zone AS DATE) AS started_on,
    coalesce(i.mitigated_at, i.resolved_at) AS restored_at,
    i.is_test,
    i.is_unconfirmed,
    i.place > 1 AS is_duplicate,
    CASE WHEN i.place > 1 THEN i.group_item_id END AS merged_item_id,
    i.environment IS NULL
        OR coalesce(len(list_filter(c.production, lambda g: lower(i.environment) GLOB g)) > 0, false) AS is_production,
    isodow(i.started_at AT TIME ZONE c.time_zone) > 5
        OR hour(i.started_at AT TIME ZONE c.time_zone) NOT BETWEEN 8 AND 17 AS is_out_of_hours,
    i.severity,
    i.rotation,
    i.reported_by,
    i.has_postmortem_page
FROM incident AS i
CROSS JOIN setting AS c
