/*
description = "One row per service and key of a project whose work items are its own: the key now and those it had before."
depends_on = ["config.service_jira_project", "config.source", "raw.project", "raw.former_name"]
key = ["service_id", "source", "project_key"]
not_null = ["service_id", "source", "project_key"]

[columns]
service_id = "the configured service"
source = "the source that the project lives in"
project_key = "a key of the project; its items may still bear an earlier one"
*/
WITH configured AS (
    SELECT DISTINCT j.service AS service_id, k.name AS source, j.project
    FROM config.service_jira_project AS j
    JOIN config.source AS k ON k.kind = 'jira' AND k.name = coalesce(j.source, k.name)
),

-- A project is found by every key that it ever had: people change it, its id stays.
keyed AS (
    SELECT source, id, key, true AS is_now FROM raw.project WHERE gone_at IS NULL
    UNION ALL
    SELECT source, id, unnest(earlier_keys), false FROM raw.project WHERE gone_at IS NULL
    UNION ALL
    SELECT source, id, name, false FROM raw.former_name WHERE kind = 'project'
),

-- A key that was given to another project since means that one.
meant AS (
    SELECT c.service_id, c.source, c.project, k.id
    FROM configured AS c
    JOIN keyed AS k ON k.source = c.source AND lower(k.key) = lower(c.project)
    QUALIFY row_number() OVER (
        PARTITION BY c.service_id, c.source, c.project ORDER BY k.is_now DESC, k.id
    ) = 1
)

SELECT service_id, source, project AS project_key FROM configured
UNION
SELECT m.service_id, m.source, k.key
FROM meant AS m
JOIN keyed AS k ON k.source = m.source AND k.id = m.id
ANTI JOIN (SELECT source, key, id FROM keyed WHERE is_now) AS other
    ON other.source = k.source AND lower(other.key) = lower(k.key) AND other.id <> k.id
