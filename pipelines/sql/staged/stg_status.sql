/*
description = "One row per work item status that occurs anywhere: what it means here."
depends_on = ["raw.status", "raw.issue", "raw.issue_transition", "config.status", "config.source"]
key = ["source", "status_id", "status_name"]
not_null = ["source", "means"]
accepted_values = { means = ["backlog", "waiting", "active", "done", "ignored", "unknown"] }

[columns]
source = "the source's name"
status_id = "the source's id; null where only the name is known"
status_name = "the name"
means = "what [[status]] says, else what its category says; unknown where neither does"
*/
WITH transition AS (
    SELECT t.*
    FROM raw.issue_transition AS t
    JOIN raw.issue AS i ON i.source = t.source AND i.id = t.issue_id
    WHERE t.gone_at IS NULL AND i.gone_at IS NULL
),

seen AS (
    SELECT source, id AS status_id, name AS status_name FROM raw.status WHERE gone_at IS NULL
    UNION
    SELECT source, status_id, status FROM raw.issue WHERE gone_at IS NULL
    UNION
    SELECT source, from_status_id, from_status FROM transition
    UNION
    SELECT source, to_status_id, to_status FROM transition
),

-- One name may belong to several statuses; it tells nothing where their categories differ.
category AS (
    SELECT source, id AS status_id, lower(name) AS name, category FROM raw.status WHERE gone_at IS NULL
    UNION
    SELECT source, status_id, lower(status), status_category
    FROM raw.issue
    WHERE gone_at IS NULL AND status_category IS NOT NULL
),

category_by_id AS (
    SELECT source, status_id, min(category) AS category
    FROM category
    GROUP BY source, status_id
    HAVING min(category) = max(category)
),

category_by_name AS (
    SELECT source, name, min(category) AS category
    FROM category
    GROUP BY source, name
    HAVING min(category) = max(category)
)

SELECT
    s.source,
    s.status_id,
    s.status_name,
    coalesce(
        max(by_id.means),
        max(by_name.means),
        CASE coalesce(max(i.category), max(n.category))
            WHEN 'new' THEN 'backlog'
            WHEN 'indeterminate' THEN 'active'
            WHEN 'done' THEN 'done'
        END,
        'unknown'
    ) AS means
FROM seen AS s
JOIN config.source AS k ON k.name = s.source AND k.kind = 'jira'
LEFT JOIN config.status AS by_id ON by_id.source = s.source AND by_id.name = s.status_id
LEFT JOIN config.status AS by_name ON by_name.source = s.source AND lower(by_name.name) = lower(s.status_name)
LEFT JOIN category_by_id AS i ON i.source = s.source AND i.status_id = s.status_id
LEFT JOIN category_by_name AS n ON n.source = s.source AND n.name = lower(s.status_name)
GROUP BY s.source, s.status_id, s.status_name
