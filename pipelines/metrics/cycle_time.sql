/*
title = "Cycle time"
question = "How many days does a work item take from its start to its finish?"
formula = "local day of the finish − local day of the start + 1, of finished work items"
family = "flow"
unit = "days"
direction = "lower_is_better"
kind = "duration"
estimator = "quantile"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85"]
window = "The day of the finish: when the item last entered a status that means done."
unlinked_reasons = ["no_changelog"]
owner = "engineering-outcomes"
since = 2026-11-21
version = 1
caveats = [
    "Both the first and the last day count, and so do weekends: begun and finished on one day is 1 day.",
    "A return to the backlog stops no clock: the item was begun, and its days go on.",
    "What went straight from the backlog to done was never begun: it is in throughput and not in this.",
    "Every type of item counts as one, a sub-task as much as an epic.",
]
not_for = ["comparing people", "comparing teams that cut their work differently", "estimating a single item"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Two are not finished; from 2 to 4 March are 3 days, both counted, the others took 5 and 10: the middle one is 5."
statistic = "p50"
value = 5
columns = ["item_id", "started_at", "ended_at", "value", "excluded_reason"]
rows = [
    ["jira:1", "2026-03-02T00:00Z", "2026-03-04T00:00Z", 3.0, ""],
    ["jira:2", "2026-03-03T00:00Z", "2026-03-07T00:00Z", 5.0, ""],
    ["jira:3", "2026-03-04T00:00Z", "2026-03-13T00:00Z", 10.0, ""],
    ["jira:4", "2026-03-16T00:00Z", "", "", "not_finished"],
    ["jira:5", "2026-03-30T00:00Z", "", "", "not_finished"],
]

[reasons]
no_service = "its project belongs to no configured service"
ignored = "its status is left out by the configuration"
not_finished = "not finished"
no_changelog = "the source keeps no history of its status"
never_started = "finished without ever having been active"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the finish; today where it is not finished"
value = "days from the start to the finish, both counted"
is_event = "finished"
is_open = "not finished"
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
    CAST((epoch(i.finished_on) - epoch(i.started_on)) / 86400 + 1 AS DOUBLE) AS value,
    i.finished_at IS NOT NULL AS is_event,
    i.finished_at IS NULL AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.means = 'ignored' THEN 'ignored'
        WHEN i.finished_at IS NULL THEN 'not_finished'
        WHEN NOT i.has_changelog THEN 'no_changelog'
        WHEN i.started_at IS NULL THEN 'never_started'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM work_item AS i
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.on_date AND o.valid_to > i.on_date
