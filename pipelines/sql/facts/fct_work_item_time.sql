/*
description = "One row per work item with a history: how long it was active, waiting and blocked so far."
depends_on = ["staged.stg_work_item", "staged.stg_work_item_time", "staged.stg_project_habit"]
key = ["item_id"]
not_null = ["item_id", "active_seconds", "waiting_seconds", "blocked_seconds", "has_unknown_time", "tells_waits", "tells_blocks"]

[columns]
item_id = "source:id of the item"
active_seconds = "time in statuses that mean active, up to now"
waiting_seconds = "time in statuses that mean waiting, up to now"
has_unknown_time = "it was for a while in a status of which nobody has said what it means"
blocked_seconds = "time flagged as blocked while active or waiting, up to now"
blocker = "what the flag says that it bore longest in that time; null where it bore none, or one without a text"
tells_waits = "an item of its project had entered a status that means waiting before this one was finished, or has by now"
tells_blocks = "an item of its project had been flagged as blocked before this one was finished, or has been by now"

[incremental]
by = ["item_id"]
inputs = { "staged.stg_work_item" = ["item_id"], "staged.stg_work_item_time" = ["source || ':' || issue_id"] }
*/
SELECT
    i.item_id,
    t.active_seconds,
    t.waiting_seconds,
    t.has_unknown_time,
    t.blocked_seconds,
    t.blocker,
    h.waits_from IS NOT NULL AND (i.finished_at IS NULL OR h.waits_from < i.finished_at) AS tells_waits,
    h.flags_from IS NOT NULL AND (i.finished_at IS NULL OR h.flags_from < i.finished_at) AS tells_blocks
FROM staged.stg_work_item AS i
JOIN staged.stg_work_item_time AS t ON t.source = i.source AND t.issue_id = i.issue_id
JOIN staged.stg_project_habit AS h ON h.source = i.source AND h.project_key = i.container_id
