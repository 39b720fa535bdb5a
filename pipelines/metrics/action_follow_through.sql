/*
title = "Actions done"
question = "What share of the actions that we agreed on was done, in time or late?"
formula = "agreed actions that are done ÷ agreed actions whose day is over"
family = "governance"
calendar = "actions"
unit = "ratio"
direction = "higher_is_better"
kind = "ratio"
item_kind = "agreed_action"
grains = ["month", "quarter"]
statistics = ["ratio"]
window = "The day on which the action was due."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "An action that is done late counts as done: the latest periods still move.",
    "An action that is dropped openly is not done: actions resolved counts it as well.",
    "Actions without a due date are not in it: how many there are is told among what is left out.",
]
not_for = ["comparing people", "judging how much an action brought"]
references = ["Site Reliability Engineering, https://sre.google/sre-book/postmortem-culture/"]
depends_on = ["facts.fct_agreed_action", "facts.dim_run"]

[example]
words = "The day of one is to come; 2 of the 4 others are done, one of them late: 50 %."
statistic = "ratio"
value = 0.5
columns = ["item_id", "on_date", "is_event", "excluded_reason"]
rows = [
    ["inbox:1", "2026-03-02", true, ""],
    ["inbox:2", "2026-03-10", true, ""],
    ["inbox:3", "2026-03-20", false, ""],
    ["inbox:4", "2026-03-31", false, ""],
    ["inbox:5", "2026-03-31", false, "not_due"],
]

[reasons]
no_due_date = "nobody said by when"
not_due = "its day is not over"

[columns]
item_kind = "agreed_action"
item_id = "source:id of the action"
service_id = "always null: an action is of a team, or of more than one"
team_id = "the team that it names; null where it names none, or is of more than one"
started_at = "always null"
ended_at = "always null"
on_date = "the day on which it is due; the last day where nobody said, or where it is to come"
value = "1 where it is done, else 0"
is_event = "it is done"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
SELECT
    'agreed_action' AS item_kind,
    a.item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    a.team_id,
    CAST(NULL AS TIMESTAMPTZ) AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    coalesce(least(a.due_on, r.last_day_on), r.last_day_on) AS on_date,
    CAST(CASE WHEN a.state = 'done' THEN 1 ELSE 0 END AS DOUBLE) AS value,
    a.state = 'done' AS is_event,
    false AS is_open,
    CASE
        WHEN a.due_on IS NULL THEN 'no_due_date'
        WHEN a.due_on >= r.as_of_on THEN 'not_due'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_agreed_action AS a
CROSS JOIN facts.dim_run AS r
