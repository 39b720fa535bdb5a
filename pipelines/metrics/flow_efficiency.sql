/*
title = "Flow efficiency"
question = "For what share of the time that our work items are in progress does anybody work on them?"
formula = "time active ÷ (time active + time waiting), both summed over the items finished"
family = "flow"
unit = "ratio"
direction = "higher_is_better"
kind = "share"
estimator = "sample_share"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day of the finish: when the item last entered a status that means done."
unlinked_reasons = ["no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It is a share of time, not a mean or median of the items' own shares: an item of a month weighs thirty times one of a day, and many that took minutes cannot hide it.",
    "It is as true as the statuses: what waits in a status that means active counts as worked on. Where no item of a project has entered a status that means waiting, nothing is told rather than 100 %.",
    "Nights and weekends count for both, so no item that lasts for days can be worked on for all of its time.",
    "Time in the backlog, and in done before it was opened again, is neither active nor waiting.",
]
not_for = ["comparing people", "comparing teams: each has statuses of its own", "a target"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.fct_work_item_time", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Two are not finished; (1 + 2 + 9) active days of (2 + 4 + 9) = 12 ÷ 15 = 80 %."
statistic = "ratio"
value = 0.8
columns = ["item_id", "value", "weight", "excluded_reason"]
rows = [
    ["jira:1", 1.0, 2.0, ""],
    ["jira:2", 2.0, 4.0, ""],
    ["jira:3", 9.0, 9.0, ""],
    ["jira:4", 15.5, 15.5, "not_finished"],
    ["jira:5", 1.5, 1.5, "not_finished"],
]

[reasons]
no_service = "its project belongs to no configured service"
ignored = "its status is left out by the configuration"
not_finished = "not finished"
no_changelog = "the source keeps no history of its status"
never_started = "finished without ever having been active"
unknown_status = "it was in a status of which nobody has said what it means"
no_wait_states = "no item of its project had entered a status that means waiting by then"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the finish; today where it is not finished"
value = "days in statuses that mean active"
is_event = "finished"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "days in statuses that mean active or waiting"
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
    CAST(t.active_seconds / 86400 AS DOUBLE) AS value,
    i.finished_at IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.means = 'ignored' THEN 'ignored'
        WHEN i.finished_at IS NULL THEN 'not_finished'
        WHEN NOT i.has_changelog THEN 'no_changelog'
        WHEN t.has_unknown_time THEN 'unknown_status'
        WHEN i.started_at IS NULL THEN 'never_started'
        WHEN NOT t.tells_waits THEN 'no_wait_states'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST((t.active_seconds + t.waiting_seconds) / 86400 AS DOUBLE) AS weight
FROM work_item AS i
LEFT JOIN facts.fct_work_item_time AS t ON t.item_id = i.item_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.on_date AND o.valid_to > i.on_date
