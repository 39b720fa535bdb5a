/*
title = "Work in progress"
question = "How many work items are under way at the end of the day?"
formula = "work items that are active or waiting at the end of the local day"
family = "flow"
unit = "count"
direction = "neutral"
kind = "level"
item_kind = "issue"
grains = ["day", "week", "month", "quarter"]
statistics = ["level", "max"]
window = "The end of the period's last day; max is the greatest day of the period."
unlinked_reasons = ["no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-01
version = 1
caveats = [
    "Every type of item counts as one, a sub-task as much as an epic.",
    "It is what the tracker says: work that is in no item is not in it.",
]
not_for = ["comparing people", "comparing teams that cut their work differently"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.fct_work_item_spell", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Three are finished: 2 items are in progress at the end of 31 March."
statistic = "level"
value = 2
columns = ["item_id", "started_at", "ended_at", "is_open"]
rows = [
    ["jira:1", "2026-03-02T00:00Z", "2026-03-04T00:00Z", false],
    ["jira:2", "2026-03-03T00:00Z", "2026-03-07T00:00Z", false],
    ["jira:3", "2026-03-04T00:00Z", "2026-03-13T00:00Z", false],
    ["jira:4", "2026-03-16T00:00Z", "", true],
    ["jira:5", "2026-03-30T00:00Z", "", true],
]

[reasons]
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
on_date = "local day from which the item's age counts"
value = "1"
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
    CAST(1 AS DOUBLE) AS value,
    false AS is_event,
    s.left_at IS NULL AS is_open,
    CASE WHEN s.service_id IS NULL THEN 'no_service' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_work_item_spell AS s
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
