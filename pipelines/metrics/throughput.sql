/*
title = "Throughput"
question = "How many work items do we finish in a week?"
formula = "finished work items ÷ covered weeks"
family = "flow"
unit = "count"
direction = "neutral"
kind = "count"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["per_week", "count"]
window = "The day of the finish: when the item last entered a status that means done."
owner = "engineering-outcomes"
since = 2026-11-21
version = 1
caveats = [
    "Every type of item counts as one, a sub-task as much as an epic: cutting work smaller raises it.",
    "What was reopened since is not finished, and leaves the week in which it seemed to be.",
]
not_for = ["comparing people", "comparing teams that cut their work differently", "a target"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Two are not finished: 3 items."
statistic = "count"
value = 3
columns = ["item_id", "ended_at", "value", "excluded_reason"]
rows = [
    ["jira:1", "2026-03-04T00:00Z", 1.0, ""],
    ["jira:2", "2026-03-07T00:00Z", 1.0, ""],
    ["jira:3", "2026-03-13T00:00Z", 1.0, ""],
    ["jira:4", "", 1.0, "not_finished"],
    ["jira:5", "", 1.0, "not_finished"],
]

[reasons]
no_service = "its project belongs to no configured service"
ignored = "its status is left out by the configuration"
not_finished = "not finished"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active; null where it never did"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the finish; today where it is not finished"
value = "1"
is_event = "finished"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
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
    CAST(1 AS DOUBLE) AS value,
    i.finished_at IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.means = 'ignored' THEN 'ignored'
        WHEN i.finished_at IS NULL THEN 'not_finished'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM work_item AS i
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.on_date AND o.valid_to > i.on_date
