/*
description = "One row per work item that nobody planned, and how that is known."
depends_on = [
    "raw.issue", "raw.issue_change", "raw.sprint", "staged.stg_work_item", "config.unplanned_work",
    "config.incident_label", "config.incident_issue_type", "config.run",
]
key = ["source", "issue_id"]
not_null = ["source", "issue_id", "unplanned_by"]
accepted_values = { unplanned_by = ["type", "label", "sprint"] }

[columns]
source = "the source's name"
issue_id = "the source's id of the item"
unplanned_by = "its type, a label, or having come into a sprint that had begun"

[incremental]
by = ["source", "issue_id"]
sees_until_now = true

[incremental.inputs]
"raw.issue" = ["source", "id"]
"raw.issue_change" = ["source", "issue_id"]
"staged.stg_work_item" = ["source", "issue_id"]
*/
WITH setting AS (
    SELECT
        r.as_of,
        (SELECT coalesce(list(lower(name)), []) FROM config.unplanned_work) AS names,
        (SELECT coalesce(list(lower(label)), []) FROM config.incident_label) AS incident_labels,
        (SELECT coalesce(list(lower(type)), []) FROM config.incident_issue_type) AS incident_types
    FROM config.run AS r
),

change AS (
    SELECT
        t.*,
        -- Ids are `change:field:part`, numbers written as text; they order what happened in one second.
        row_number() OVER (
            PARTITION BY t.source, t.issue_id
            ORDER BY
                t.occurred_at,
                try_cast(split_part(t.id, ':', 1) AS BIGINT),
                try_cast(split_part(t.id, ':', 3) AS BIGINT),
                t.id
        ) AS step
    FROM raw.issue_change AS t
    WHERE t.gone_at IS NULL AND t.field = 'sprint'
),

-- The sprints in which an item was, from its creation on.
state AS (
    SELECT
        i.source, i.issue_id, 0 AS step, i.created_at AS from_at,
        CASE WHEN f.id IS NULL THEN r.sprint_ids ELSE string_split(f.from_value, ',') END AS sprint_ids
    FROM staged.stg_work_item AS i
    JOIN raw.issue AS r ON r.source = i.source AND r.id = i.issue_id
    LEFT JOIN change AS f ON f.source = i.source AND f.issue_id = i.issue_id AND f.step = 1
    WHERE i.has_changelog
    UNION ALL
    SELECT i.source, i.issue_id, c.step, c.occurred_at, string_split(c.to_value, ',')
    FROM staged.stg_work_item AS i
    JOIN change AS c ON c.source = i.source AND c.issue_id = i.issue_id
    WHERE i.has_changelog
),

in_sprint AS (
    SELECT source, issue_id, from_at, to_at, trim(unnest(sprint_ids)) AS sprint_id
    FROM (SELECT *, lead(from_at) OVER (PARTITION BY source, issue_id ORDER BY step) AS to_at FROM state)
    WHERE to_at IS NULL OR to_at > from_at
),

-- What is carried over from one sprint to the next was planned when the first of them began.
first_running AS (
    SELECT
        m.source, m.issue_id,
        arg_min(m.from_at > s.started_at, (greatest(m.from_at, s.started_at), m.from_at > s.started_at)) AS is_late
    FROM in_sprint AS m
    JOIN raw.sprint AS s ON s.source = m.source AND s.id = m.sprint_id
    CROSS JOIN setting AS c
    WHERE s.gone_at IS NULL
        AND s.state <> 'future'
        AND s.started_at <= c.as_of
        AND m.from_at <= c.as_of
        AND (m.to_at IS NULL OR m.to_at > s.started_at)
        AND (s.completed_at IS NULL OR m.from_at < s.completed_at)
    GROUP BY m.source, m.issue_id
),

told AS (
    SELECT
        i.source, i.issue_id,
        CASE
            WHEN list_contains(c.names || c.incident_types, lower(r.type)) THEN 'type'
            WHEN list_has_any(list_transform(r.labels, lambda l: lower(l)), c.names || c.incident_labels) THEN 'label'
            WHEN f.is_late THEN 'sprint'
        END AS unplanned_by
    FROM staged.stg_work_item AS i
    JOIN raw.issue AS r ON r.source = i.source AND r.id = i.issue_id
    LEFT JOIN first_running AS f ON f.source = i.source AND f.issue_id = i.issue_id
    CROSS JOIN setting AS c
)

SELECT source, issue_id, unplanned_by FROM told WHERE unplanned_by IS NOT NULL
