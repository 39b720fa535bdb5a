/*
description = "One row per flag that a work item bore: when it began to hold up work in progress, and when it no longer did."
depends_on = ["staged.stg_work_item", "staged.stg_work_item_flag", "staged.stg_work_item_spell", "config.organisation"]
key = ["item_id"]
not_null = ["item_id", "source", "issue_id", "work_item_id", "raised_at", "blocked_at", "blocked_on", "is_in_progress"]

[columns]
item_id = "source:id of the work item and the moment at which the flag was set"
source = "the source's name"
issue_id = "the source's id of the work item"
work_item_id = "source:id of the work item"
label = "the key that the work item has now"
url = "its page"
raised_at = "when the flag was set"
blocked_at = "the first moment at which the item was both flagged and in progress; raised_at where it never was"
blocked_on = "local day of that"
cleared_at = "when the flag was taken away or said something else, or the item was finished with it; null while it lasts"
is_in_progress = "the item was in progress under this flag at all"
blocker = "what the flag says; null where only its being set is known"
*/
WITH flag AS (
    SELECT
        i.item_id AS work_item_id, i.label, i.url, f.source, f.issue_id, f.raised_at, f.blocker,
        CASE
            WHEN i.finished_at > f.raised_at AND coalesce(f.cleared_at > i.finished_at, true) THEN i.finished_at
            ELSE f.cleared_at
        END AS cleared_at
    FROM staged.stg_work_item_flag AS f
    JOIN staged.stg_work_item AS i ON i.source = f.source AND i.issue_id = f.issue_id
),

held AS (
    SELECT f.source, f.issue_id, f.raised_at, min(greatest(f.raised_at, s.entered_at)) AS blocked_at
    FROM flag AS f
    JOIN staged.stg_work_item_spell AS s
        ON s.source = f.source
        AND s.issue_id = f.issue_id
        AND (f.cleared_at IS NULL OR s.entered_at < f.cleared_at)
        AND (s.left_at IS NULL OR s.left_at > f.raised_at)
    GROUP BY f.source, f.issue_id, f.raised_at
)

SELECT
    f.work_item_id || ' ' || strftime(f.raised_at AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS item_id,
    f.source,
    f.issue_id,
    f.work_item_id,
    f.label,
    f.url,
    f.raised_at,
    coalesce(h.blocked_at, f.raised_at) AS blocked_at,
    CAST(coalesce(h.blocked_at, f.raised_at) AT TIME ZONE o.time_zone AS DATE) AS blocked_on,
    f.cleared_at,
    h.blocked_at IS NOT NULL AS is_in_progress,
    f.blocker
FROM flag AS f
LEFT JOIN held AS h ON h.source = f.source AND h.issue_id = f.issue_id AND h.raised_at = f.raised_at
CROSS JOIN config.organisation AS o
