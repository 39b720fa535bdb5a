/*
description = "One row per stay of a work item in a status, in order. Items whose source keeps no history have none."
depends_on = ["raw.issue", "raw.issue_transition", "staged.stg_status", "config.source", "config.run"]
key = ["source", "issue_id", "step"]
not_null = ["entered_at", "means"]

[columns]
source = "the source's name"
issue_id = "the source's id of the item"
step = "0 for the status it was created in, then 1, 2, 3, …"
entered_at = "when the status was entered"
left_at = "when it was left; null where the item is still in it"
means = "what the status means"
status_name = "what it was called; null where the source does not say"

[incremental]
by = ["source", "issue_id"]
sees_until_now = true
inputs = { "raw.issue" = ["source", "id"], "raw.issue_transition" = ["source", "issue_id"] }
*/
WITH transition AS (
    SELECT
        t.*,
        -- Ids are `change:part`, numbers written as text; they order what happened in one second.
        row_number() OVER (
            PARTITION BY t.source, t.issue_id
            ORDER BY
                t.occurred_at,
                try_cast(split_part(t.id, ':', 1) AS BIGINT),
                try_cast(split_part(t.id, ':', 2) AS BIGINT),
                t.id
        ) AS step
    FROM raw.issue_transition AS t
    WHERE t.gone_at IS NULL
),

step AS (
    SELECT
        i.source, i.id AS issue_id, 0 AS step, i.created_at AS entered_at,
        CASE WHEN f.id IS NULL THEN i.status_id ELSE f.from_status_id END AS status_id,
        CASE WHEN f.id IS NULL THEN i.status ELSE f.from_status END AS status_name
    FROM raw.issue AS i
    JOIN config.source AS k ON k.name = i.source AND k.kind = 'jira'
    LEFT JOIN transition AS f ON f.source = i.source AND f.issue_id = i.id AND f.step = 1
    WHERE i.gone_at IS NULL AND i.has_changelog
    UNION ALL
    SELECT t.source, t.issue_id, t.step, t.occurred_at, t.to_status_id, t.to_status
    FROM transition AS t
    JOIN raw.issue AS i ON i.source = t.source AND i.id = t.issue_id
    JOIN config.source AS k ON k.name = i.source AND k.kind = 'jira'
    WHERE i.gone_at IS NULL AND i.has_changelog
)

SELECT
    s.source,
    s.issue_id,
    s.step,
    s.entered_at,
    lead(s.entered_at) OVER (PARTITION BY s.source, s.issue_id ORDER BY s.step) AS left_at,
    coalesce(m.means, 'unknown') AS means,
    s.status_name
FROM step AS s
LEFT JOIN staged.stg_status AS m
    ON m.source = s.source
    AND m.status_id IS NOT DISTINCT FROM s.status_id
    AND m.status_name IS NOT DISTINCT FROM s.status_name
CROSS JOIN config.run AS r
WHERE s.entered_at <= r.as_of
