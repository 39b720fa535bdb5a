/*
title = "Work item age"
question = "How long have the items been under way that are not finished yet?"
formula = "local days from the item's first active day to the end of the day, both counted, of items that are active or waiting"
family = "flow"
unit = "days"
direction = "lower_is_better"
kind = "level"
item_kind = "issue"
grains = ["day", "week", "month", "quarter"]
statistics = ["p50", "p85", "max"]
window = "The end of the period's last day."
unlinked_reasons = ["no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-01
version = 1
caveats = [
    "The clock starts with the first active day and never starts anew, even where an item went back to the backlog.",
    "Weekends count. Work begun and finished on one day is one day old.",
]
not_for = ["comparing people", "items that wait to be started"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.fct_work_item_spell", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "On 31 March the two that are not finished are 16 and 2 days old: half are no older than (16 + 2) ÷ 2 = 9 days."
statistic = "p50"
value = 9
columns = ["item_id", "on_date", "ended_at", "value"]
rows = [
    ["jira:1", "2026-03-02", "2026-03-04T00:00Z", ""],
    ["jira:2", "2026-03-03", "2026-03-07T00:00Z", ""],
    ["jira:3", "2026-03-04", "2026-03-13T00:00Z", ""],
    ["jira:4", "2026-03-16", "", 16.0],
    ["jira:5", "2026-03-30", "", 2.0],
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
started_at = "when the spell in progress began, or the team's ownership during it"
ended_at = "when it ended; null while it lasts"
on_date = "local day from which the item's age counts: the first active one"
value = "age today in days, the first one counted; null where the spell has ended"
is_event = "has no meaning for a level: false"
is_open = "the spell lasts"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
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
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_work_item_spell AS s
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
    NULL
FROM facts.fct_work_item AS i
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= r.as_of_on AND o.valid_to > r.as_of_on
WHERE NOT i.has_changelog OR i.means = 'unknown'
