/*
title = "Work item age by status"
question = "In which statuses are the items that have been under way for long?"
formula = "local days from the item's first active day to the end of the day, both counted, of items that are active or waiting, by the status that they are in"
family = "flow"
unit = "days"
direction = "lower_is_better"
kind = "level"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85", "max"]
window = "The end of the period's last day."
unlinked_reasons = ["no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "The clock starts with the first active day and never starts anew, even where an item went back to the backlog.",
    "It is the age of the item and not its time in that status: an old item makes the status old into which it comes.",
    "All statuses together are work item age. A status goes by the name that it had when an item entered it.",
    "Weekends count. Work begun and finished on one day is one day old.",
]
not_for = ["comparing people", "items that wait to be started", "comparing teams that have other statuses"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.fct_work_item_stay", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "On 10 March two items that have left a status are in the next one; the three are 9, 4 and 2 days old: the middle one is 4."
statistic = "p50"
value = 4
columns = ["item_id", "category", "on_date", "ended_at", "value"]
rows = [
    ["jira:1", "In Progress", "2026-03-02", "2026-03-05T09:00Z", ""],
    ["jira:1", "Review", "2026-03-02", "", 9.0],
    ["jira:2", "In Progress", "2026-03-07", "2026-03-08T09:00Z", ""],
    ["jira:2", "Review", "2026-03-07", "", 4.0],
    ["jira:3", "In Progress", "2026-03-09", "", 2.0],
]

[reasons]
not_started = "waiting and never active so far"
no_service = "its project belongs to no configured service"
no_changelog = "the source keeps no history of its status"
unknown_status = "nobody has said what its present status means"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when the item entered the status, or the team's ownership during that began"
ended_at = "when it left it; null while it is in it"
on_date = "local day from which the item's age counts: the first active one"
value = "age today in days, the first one counted; null where it has left the status"
is_event = "has no meaning for a level: false"
is_open = "it is in that status now"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "the name of the status; null where that is not known"
*/
SELECT
    'issue' AS item_kind,
    s.item_id,
    s.service_id,
    s.team_id,
    s.entered_at AS started_at,
    s.left_at AS ended_at,
    s.clock_on AS on_date,
    CAST(
        CASE WHEN s.left_at IS NULL THEN (epoch(r.as_of_on) - epoch(s.clock_on)) / 86400 + 1 END AS DOUBLE
    ) AS value,
    false AS is_event,
    s.left_at IS NULL AS is_open,
    CASE
        WHEN s.service_id IS NULL THEN 'no_service'
        WHEN NOT s.has_started THEN 'not_started'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    s.status AS category
FROM facts.fct_work_item_stay AS s
CROSS JOIN facts.dim_run AS r
UNION ALL
SELECT
    'issue',
    i.item_id,
    i.service_id,
    o.team_id,
    CASE WHEN i.has_changelog THEN NULL ELSE i.created_at END,
    CASE WHEN i.has_changelog THEN NULL ELSE i.finished_at END,
    CASE WHEN i.has_changelog THEN r.as_of_on ELSE i.created_on END,
    CAST(NULL AS DOUBLE),
    false,
    i.finished_at IS NULL,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.has_changelog THEN 'unknown_status'
        ELSE 'no_changelog'
    END,
    NULL,
    NULL,
    NULL
FROM facts.fct_work_item AS i
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= r.as_of_on AND o.valid_to > r.as_of_on
WHERE NOT i.has_changelog OR i.means = 'unknown'
