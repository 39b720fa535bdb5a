/*
description = "One row per work item: when it was started and finished, and where it stands."
depends_on = [
    "raw.issue", "staged.stg_status", "staged.stg_work_item_step", "config.source", "config.run", "config.organisation",
]
key = ["source", "issue_id"]
not_null = ["item_id", "created_at", "means", "has_changelog"]

[columns]
source = "the source's name"
issue_id = "the source's id"
item_id = "source:id"
container_id = "the project it is in now"
label = "the key it has now"
type = "the type it has now; null where its source gives none"
url = "its page"
created_at = "when it was created"
created_on = "local day of the creation"
started_at = "when it first became active; null where it never did, or where no history is kept"
started_on = "local day of the start"
finished_at = "when it last became done; null unless it is done now"
finished_on = "local day of the finish"
means = "what its present status means"
has_changelog = "the source keeps its history"

[incremental]
by = ["source", "issue_id"]
sees_until_now = true
inputs = { "raw.issue" = ["source", "id"], "staged.stg_work_item_step" = ["source", "issue_id"] }
*/
WITH setting AS (
    SELECT r.as_of, o.time_zone FROM config.run AS r CROSS JOIN config.organisation AS o
),

history AS (
    SELECT
        source,
        issue_id,
        min(entered_at) FILTER (means = 'active') AS started_at,
        max(step) FILTER (means <> 'done') AS last_undone_step,
        arg_max(means, step) AS means
    FROM staged.stg_work_item_step
    GROUP BY source, issue_id
),

finish AS (
    SELECT s.source, s.issue_id, min(s.entered_at) AS finished_at
    FROM staged.stg_work_item_step AS s
    JOIN history AS h ON h.source = s.source AND h.issue_id = s.issue_id
    WHERE s.step > coalesce(h.last_undone_step, -1)
    GROUP BY s.source, s.issue_id
),

item AS (
    SELECT
        i.source, i.id, i.container_id, i.key, i.type, i.url, i.created_at, i.has_changelog, h.started_at,
        coalesce(h.means, m.means, 'unknown') AS means,
        CASE WHEN i.has_changelog THEN f.finished_at WHEN m.means = 'done' THEN i.closed_at END AS finished_at
    FROM raw.issue AS i
    JOIN config.source AS k ON k.name = i.source AND k.kind = 'jira'
    LEFT JOIN staged.stg_status AS m
        ON m.source = i.source
        AND m.status_id IS NOT DISTINCT FROM i.status_id
        AND m.status_name IS NOT DISTINCT FROM i.status
    LEFT JOIN history AS h ON h.source = i.source AND h.issue_id = i.id
    LEFT JOIN finish AS f ON f.source = i.source AND f.issue_id = i.id
    WHERE i.gone_at IS NULL
)

SELECT
    i.source,
    i.id AS issue_id,
    i.source || ':' || i.id AS item_id,
    i.container_id,
    i.key AS label,
    i.type,
    i.url,
    i.created_at,
    CAST(i.created_at AT TIME ZONE c.time_zone AS DATE) AS created_on,
    i.started_at,
    CAST(i.started_at AT TIME ZONE c.time_zone AS DATE) AS started_on,
    i.finished_at,
    CAST(i.finished_at AT TIME ZONE c.time_zone AS DATE) AS finished_on,
    i.means,
    i.has_changelog
FROM item AS i
CROSS JOIN setting AS c
WHERE i.created_at <= c.as_of
