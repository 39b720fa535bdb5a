/*
description = "One row per spell in which a work item was flagged as blocked, with one and the same text."
depends_on = ["raw.issue", "raw.issue_change", "staged.stg_work_item", "config.run"]
key = ["source", "issue_id", "raised_at"]
not_null = ["raised_at"]

[columns]
source = "the source's name"
issue_id = "the source's id of the item"
raised_at = "when the flag was set; the item's creation where it bore one from the beginning"
cleared_at = "when it was taken away or changed; null where it is still set"
blocker = "what the flag says; null where only its being set is known"

[incremental]
by = ["source", "issue_id"]
sees_until_now = true

[incremental.inputs]
"raw.issue" = ["source", "id"]
"raw.issue_change" = ["source", "issue_id"]
"staged.stg_work_item" = ["source", "issue_id"]
*/
WITH change AS (
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
    WHERE t.gone_at IS NULL AND t.field = 'flagged'
),

state AS (
    SELECT
        i.source, i.issue_id, 0 AS step, i.created_at AS raised_at, f.from_value AS blocker,
        CASE WHEN f.id IS NULL THEN coalesce(r.is_flagged, false) ELSE f.from_value IS NOT NULL END AS is_flagged
    FROM staged.stg_work_item AS i
    JOIN raw.issue AS r ON r.source = i.source AND r.id = i.issue_id
    LEFT JOIN change AS f ON f.source = i.source AND f.issue_id = i.issue_id AND f.step = 1
    WHERE i.has_changelog
    UNION ALL
    SELECT i.source, i.issue_id, c.step, c.occurred_at, c.to_value, c.to_value IS NOT NULL
    FROM staged.stg_work_item AS i
    JOIN change AS c ON c.source = i.source AND c.issue_id = i.issue_id
    CROSS JOIN config.run AS n
    WHERE i.has_changelog AND c.occurred_at <= n.as_of
),

spell AS (
    SELECT
        source, issue_id, raised_at, blocker, is_flagged,
        lead(raised_at) OVER (PARTITION BY source, issue_id ORDER BY step) AS cleared_at
    FROM state
)

SELECT source, issue_id, raised_at, cleared_at, blocker
FROM spell
WHERE is_flagged AND (cleared_at IS NULL OR cleared_at > raised_at)
