/*
description = "One row per issue of which a type or label says that users reported it, and service of its project or repository."
depends_on = [
    "raw.issue", "staged.stg_work_item", "staged.stg_service_project", "staged.stg_service_repository", "staged.stg_run",
    "config.user_reported", "config.source", "config.organisation",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "label", "created_at", "created_on", "is_ignored", "is_response_known"]

[columns]
item_id = "source:id of the issue"
service_id = "the service; null where its project or repository is no service's"
label = "the key it has now"
url = "its page"
created_at = "when it was created"
created_on = "local day of its creation"
finished_at = "when it last became done; null unless it is done now"
is_ignored = "its status is left out by the configuration"
is_response_known = "its comments were read, and its reporter is known"
first_response_at = "when somebody first commented on it who is neither its reporter nor a bot; null where nobody has"
*/
WITH setting AS (
    SELECT coalesce(list(lower(name)), []) AS names FROM config.user_reported
),

-- GitHub keeps no history of its issues, which are therefore no work items: of these, closed is done.
reported AS (
    SELECT
        r.source,
        r.id,
        k.kind,
        r.container_id,
        r.key,
        r.url,
        r.created_at,
        CASE k.kind WHEN 'github' THEN CASE WHEN r.closed_at <= n.as_of THEN r.closed_at END ELSE i.finished_at END
            AS finished_at,
        coalesce(i.means = 'ignored', false) AS is_ignored,
        coalesce(r.is_response_known, false) AS is_response_known,
        CASE WHEN r.first_response_at <= n.as_of THEN r.first_response_at END AS first_response_at
    FROM raw.issue AS r
    JOIN config.source AS k ON k.name = r.source
    CROSS JOIN setting AS c
    CROSS JOIN staged.stg_run AS n
    LEFT JOIN staged.stg_work_item AS i ON i.source = r.source AND i.issue_id = r.id
    WHERE
        (list_contains(c.names, lower(r.type)) OR list_has_any(list_transform(r.labels, lambda l: lower(l)), c.names))
        AND (i.issue_id IS NOT NULL OR (k.kind = 'github' AND r.gone_at IS NULL AND r.created_at <= n.as_of))
),

place AS (
    SELECT service_id, source, project_key AS container_id, 'jira' AS kind FROM staged.stg_service_project
    UNION ALL
    SELECT service_id, source, repository_id, 'github' FROM staged.stg_service_repository
)

SELECT
    u.source || ':' || u.id AS item_id,
    p.service_id,
    u.key AS label,
    u.url,
    u.created_at,
    CAST(u.created_at AT TIME ZONE o.time_zone AS DATE) AS created_on,
    u.finished_at,
    u.is_ignored,
    u.is_response_known,
    u.first_response_at
FROM reported AS u
CROSS JOIN config.organisation AS o
LEFT JOIN place AS p ON p.source = u.source AND p.container_id = u.container_id AND p.kind = u.kind
