/*
title = "Cumulative flow"
question = "How many work items have come so far, and in which state do they stand at the end of each week?"
formula = "work items that exist at the end of the period, by what their status means then: backlog, waiting, active or done"
family = "flow"
unit = "count"
direction = "neutral"
kind = "level"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["level"]
window = "The end of the period's last day."
unlinked_reasons = ["no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "All states together are the items that have come, done alone those that have gone: the height between the two lines is what is on its way, the width about how long it takes.",
    "What was opened again leaves done, so that line may fall; in a textbook it cannot.",
    "What was finished before the history begins, and was not touched since, is in no state.",
    "It is kept for the ends of weeks, months and quarters, and not for days: its bands are read over a quarter or more.",
    "Every type of item counts as one, and it is what the tracker says: work that is in no item is not in it.",
]
not_for = ["comparing people", "comparing teams that cut their work differently", "a forecast"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_work_item", "facts.fct_work_item_state", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Of the third no history is kept; the first has come to done, the second stands in the backlog: 2 items have come."
statistic = "level"
value = 2
columns = ["item_id", "category", "started_at", "ended_at", "excluded_reason"]
rows = [
    ["jira:1", "backlog", "2026-03-01T08:00Z", "2026-03-02T09:00Z", ""],
    ["jira:1", "active", "2026-03-02T09:00Z", "2026-03-06T09:00Z", ""],
    ["jira:1", "done", "2026-03-06T09:00Z", "", ""],
    ["jira:2", "backlog", "2026-03-03T08:00Z", "", ""],
    ["jira:3", "", "2026-03-04T08:00Z", "", "no_changelog"],
]

[reasons]
no_service = "its project belongs to no configured service"
ignored = "in a status that is left out by the configuration"
no_changelog = "the source keeps no history of its status"
unknown_status = "in a status of which nobody has said what it means"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it came into the state, or the team's ownership during that began; where no history is kept, its creation"
ended_at = "when it left it; null while it is in it"
on_date = "local day of that beginning"
value = "1"
is_event = "has no meaning for a level: false"
is_open = "it is in that state now"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "the state: backlog, waiting, active or done; null where that is not known or left out"
*/
SELECT
    'issue' AS item_kind,
    s.item_id,
    s.service_id,
    s.team_id,
    s.entered_at AS started_at,
    s.left_at AS ended_at,
    s.entered_on AS on_date,
    CAST(1 AS DOUBLE) AS value,
    false AS is_event,
    s.left_at IS NULL AS is_open,
    CASE
        WHEN s.service_id IS NULL THEN 'no_service'
        WHEN s.means = 'ignored' THEN 'ignored'
        WHEN s.means = 'unknown' THEN 'unknown_status'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CASE WHEN s.means NOT IN ('ignored', 'unknown') THEN s.means END AS category
FROM facts.fct_work_item_state AS s
UNION ALL
SELECT
    'issue',
    i.item_id,
    i.service_id,
    o.team_id,
    i.created_at,
    NULL,
    i.created_on,
    CAST(1 AS DOUBLE),
    false,
    true,
    CASE WHEN i.service_id IS NULL THEN 'no_service' ELSE 'no_changelog' END,
    NULL,
    NULL,
    NULL
FROM facts.fct_work_item AS i
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= r.as_of_on AND o.valid_to > r.as_of_on
WHERE NOT i.has_changelog
