/*
description = "One row per work item with a history: how long it was active, waiting and blocked so far."
depends_on = ["staged.stg_work_item_step", "staged.stg_work_item_flag", "config.run"]
key = ["source", "issue_id"]
not_null = ["active_seconds", "waiting_seconds", "blocked_seconds", "has_unknown_time"]

[columns]
source = "the source's name"
issue_id = "the source's id of the item"
active_seconds = "time in statuses that mean active, up to now"
waiting_seconds = "time in statuses that mean waiting, up to now"
first_waiting_at = "when it first entered a status that means waiting; null where it never did"
has_unknown_time = "it was for a while in a status of which nobody has said what it means"
blocked_seconds = "time flagged as blocked while active or waiting, up to now"
blocker = "what the flag says that it bore longest in that time; null where it bore none, or one without a text"

[incremental]
by = ["source", "issue_id"]
inputs = { "staged.stg_work_item_step" = ["source", "issue_id"], "staged.stg_work_item_flag" = ["source", "issue_id"] }
lasting = { "staged.stg_work_item_step" = "left_at IS NULL" }
*/
WITH stay AS (
    SELECT s.source, s.issue_id, s.means, s.entered_at, coalesce(s.left_at, r.as_of) AS left_at
    FROM staged.stg_work_item_step AS s
    CROSS JOIN config.run AS r
),

-- Whole microseconds, so that a sum does not depend on the order of its parts.
spent AS (
    SELECT
        source, issue_id,
        coalesce(sum(epoch_us(left_at) - epoch_us(entered_at)) FILTER (means = 'active'), 0) AS active_us,
        coalesce(sum(epoch_us(left_at) - epoch_us(entered_at)) FILTER (means = 'waiting'), 0) AS waiting_us,
        min(entered_at) FILTER (means = 'waiting') AS first_waiting_at,
        bool_or(means = 'unknown' AND left_at > entered_at) AS has_unknown_time
    FROM stay
    GROUP BY source, issue_id
),

blocked_by AS (
    SELECT
        s.source, s.issue_id, f.blocker,
        sum(
            epoch_us(least(s.left_at, coalesce(f.cleared_at, s.left_at))) - epoch_us(greatest(s.entered_at, f.raised_at))
        ) AS blocked_us
    FROM stay AS s
    JOIN staged.stg_work_item_flag AS f
        ON f.source = s.source
        AND f.issue_id = s.issue_id
        AND f.raised_at < s.left_at
        AND (f.cleared_at IS NULL OR f.cleared_at > s.entered_at)
    WHERE s.means IN ('active', 'waiting') AND s.left_at > s.entered_at
    GROUP BY s.source, s.issue_id, f.blocker
),

blocked AS (
    SELECT
        source, issue_id,
        sum(blocked_us) AS blocked_us,
        first(blocker ORDER BY blocked_us DESC, blocker NULLS LAST) AS blocker
    FROM blocked_by
    GROUP BY source, issue_id
)

SELECT
    t.source,
    t.issue_id,
    t.active_us / 1e6 AS active_seconds,
    t.waiting_us / 1e6 AS waiting_seconds,
    t.first_waiting_at,
    t.has_unknown_time,
    coalesce(b.blocked_us, 0) / 1e6 AS blocked_seconds,
    b.blocker
FROM spent AS t
LEFT JOIN blocked AS b ON b.source = t.source AND b.issue_id = t.issue_id
