/*
title = "Work item arrival"
question = "How many work items do we start in a week?"
formula = "work items that became active for the first time ÷ covered weeks"
family = "flow"
unit = "count"
direction = "neutral"
kind = "count"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["per_week", "count"]
window = "The day of the start: when the item first became active."
unlinked_reasons = ["no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "An item arrives once: neither a return to the backlog nor being opened again makes it arrive anew.",
    "What was dropped later was started all the same. What went straight from the backlog to done was not.",
    "Every type of item counts as one, a sub-task as much as an epic.",
    "Read it with throughput: where more arrives than is finished, work in progress grows.",
]
not_for = ["comparing people", "comparing teams that cut their work differently", "a target"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.dim_service_owner"]

[example]
words = "5 items were started, whether or not they were finished."
statistic = "count"
value = 5
columns = ["item_id", "on_date", "value"]
rows = [
    ["jira:1", "2026-03-02", 1.0],
    ["jira:2", "2026-03-03", 1.0],
    ["jira:3", "2026-03-04", 1.0],
    ["jira:4", "2026-03-16", 1.0],
    ["jira:5", "2026-03-30", 1.0],
]

[reasons]
no_service = "its project belongs to no configured service"
no_changelog = "the source keeps no history of its status"
unknown_status = "never known to be active, and nobody has said what its present status means"
not_started = "never active so far"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active; null where it never did"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the start; of the creation where no start is known"
value = "1"
is_event = "started"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH work_item AS (
    SELECT *, coalesce(started_on, created_on) AS on_date
    FROM facts.fct_work_item
)

SELECT
    'issue' AS item_kind,
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.finished_at AS ended_at,
    i.on_date,
    CAST(1 AS DOUBLE) AS value,
    i.started_at IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN NOT i.has_changelog THEN 'no_changelog'
        WHEN i.started_at IS NULL AND i.means = 'unknown' THEN 'unknown_status'
        WHEN i.started_at IS NULL THEN 'not_started'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM work_item AS i
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.on_date AND o.valid_to > i.on_date
