/*
description = "One row per unbroken spell of a work item in progress: active or waiting, parted where it first became active."
depends_on = ["staged.stg_work_item_step", "staged.stg_work_item", "config.organisation"]
key = ["source", "issue_id", "entered_at"]
not_null = ["entered_at", "entered_on", "has_started"]

[columns]
source = "the source's name"
issue_id = "the source's id of the item"
entered_at = "when the spell began"
entered_on = "local day of its beginning"
left_at = "when it ended; null where it lasts"
left_on = "local day of its end"
has_started = "the item has been active before or in this spell; false while it waits to be started"

[incremental]
by = ["source", "issue_id"]
inputs = { "staged.stg_work_item" = ["source", "issue_id"], "staged.stg_work_item_step" = ["source", "issue_id"] }
*/
WITH step AS (
    SELECT
        s.source, s.issue_id, s.step, s.entered_at, s.left_at,
        s.means IN ('active', 'waiting') AS is_in_progress,
        coalesce(s.entered_at >= i.started_at, false) AS has_started
    FROM staged.stg_work_item_step AS s
    JOIN staged.stg_work_item AS i ON i.source = s.source AND i.issue_id = s.issue_id
    WHERE s.left_at > s.entered_at OR s.left_at IS NULL
),

numbered AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY source, issue_id ORDER BY step)
        - row_number() OVER (
            PARTITION BY source, issue_id, is_in_progress, has_started ORDER BY step
        ) AS island
    FROM step
),

spell AS (
    SELECT
        source, issue_id, has_started,
        min(entered_at) AS entered_at,
        CASE WHEN count(left_at) = count(*) THEN max(left_at) END AS left_at
    FROM numbered
    WHERE is_in_progress
    GROUP BY source, issue_id, has_started, island
)

SELECT
    s.source,
    s.issue_id,
    s.entered_at,
    CAST(s.entered_at AT TIME ZONE o.time_zone AS DATE) AS entered_on,
    s.left_at,
    CAST(s.left_at AT TIME ZONE o.time_zone AS DATE) AS left_on,
    s.has_started
FROM spell AS s
CROSS JOIN config.organisation AS o
