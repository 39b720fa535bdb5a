/*
title = "Blocked time"
question = "How many days are our work items blocked before they are finished?"
formula = "time flagged as blocked while active or waiting, in days, of finished work items; 0 where an item was never blocked"
family = "flow"
unit = "days"
direction = "lower_is_better"
kind = "quantity"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85", "total"]
window = "The day of the finish: when the item last entered a status that means done."
unlinked_reasons = ["no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Every finished item counts, and where most were never blocked the median is 0: read the 85th percentile, and by category, where the items that bore a flag stand by themselves.",
    "It is as true as the flags: what is blocked and bears none counts as going on. What stands in a status called blocked counts by its flag, not by that status.",
    "A flag in the backlog blocks nothing that is in progress and does not count. Nights and weekends count.",
    "The category is what the flag says; of several, what it said longest.",
]
not_for = ["comparing people", "comparing teams that set flags differently"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.fct_work_item_time", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Two items are not finished; of 0, 0.5 and 2 days the middle one is 0.5."
statistic = "p50"
value = 0.5
columns = ["item_id", "on_date", "value", "excluded_reason", "category"]
rows = [
    ["jira:1", "2026-03-04", 0.5, "", "Vendor"],
    ["jira:2", "2026-03-07", 0.0, "", ""],
    ["jira:3", "2026-03-13", 2.0, "", "Vendor"],
    ["jira:4", "2026-03-31", 0.0, "not_finished", ""],
    ["jira:5", "2026-03-31", 0.0, "not_finished", ""],
]

[reasons]
no_service = "its project belongs to no configured service"
ignored = "its status is left out by the configuration"
not_finished = "not finished"
no_changelog = "the source keeps no history of it"
unknown_status = "it was in a status of which nobody has said what it means"
never_started = "finished without ever having been active"
no_flags = "no item of its project had been flagged as blocked by then"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the finish; today where it is not finished"
value = "days flagged as blocked while active or waiting"
is_event = "it was blocked at all"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "what the flag says that it bore longest; null where it was never blocked, or by a flag without a text"
*/
WITH work_item AS (
    SELECT i.*, coalesce(i.finished_on, r.as_of_on) AS on_date
    FROM facts.fct_work_item AS i
    CROSS JOIN facts.dim_run AS r
)

SELECT
    'issue' AS item_kind,
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.finished_at AS ended_at,
    i.on_date,
    CAST(t.blocked_seconds / 86400 AS DOUBLE) AS value,
    coalesce(t.blocked_seconds > 0, false) AS is_event,
    false AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.means = 'ignored' THEN 'ignored'
        WHEN i.finished_at IS NULL THEN 'not_finished'
        WHEN NOT i.has_changelog THEN 'no_changelog'
        WHEN t.has_unknown_time THEN 'unknown_status'
        WHEN i.started_at IS NULL THEN 'never_started'
        WHEN NOT t.tells_blocks THEN 'no_flags'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    t.blocker AS category
FROM work_item AS i
LEFT JOIN facts.fct_work_item_time AS t ON t.item_id = i.item_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.on_date AND o.valid_to > i.on_date
