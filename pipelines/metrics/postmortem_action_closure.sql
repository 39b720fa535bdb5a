/*
title = "Postmortem actions done in time"
question = "What share of the actions that postmortems asked for was done by the agreed day?"
formula = "actions done on or before the day on which they were due ÷ actions whose day is over"
family = "reliability"
calendar = "postmortem"
unit = "ratio"
direction = "higher_is_better"
kind = "ratio"
item_kind = "postmortem_action"
grains = ["month", "quarter"]
statistics = ["ratio"]
window = "The day on which the action was due."
unlinked_reasons = ["unknown_closing"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Actions without a day are not in it: how many there are stands among what is left out.",
    "An action dropped by its day is left out; one dropped after it was not done in time.",
    "Done late counts as not done in time, for ever.",
]
not_for = ["comparing people", "judging how much an action brought"]
references = ["Site Reliability Engineering, https://sre.google/sre-book/postmortem-culture/"]
depends_on = ["facts.fct_postmortem_action", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One is not due yet; one was closed two days late, one not at all: 2 of 4, 50 %."
statistic = "ratio"
value = 0.5
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["inbox:1", true, ""],
    ["inbox:2", false, ""],
    ["inbox:3", false, ""],
    ["inbox:4", true, ""],
    ["inbox:5", false, "not_due"],
]

[reasons]
no_service = "neither its postmortem nor the incident belongs to a configured service"
no_due_date = "nobody said by when"
not_due = "its day is not over"
dropped = "dropped by its day, or nobody knows when"
unknown_closing = "done, but nobody said when"

[columns]
item_kind = "postmortem_action"
item_id = "source:id of the action"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "always null"
ended_at = "always null"
on_date = "the day on which it is due; today where nobody said"
value = "1 where it was done in time, else 0"
is_event = "done in time"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH action AS (
    SELECT a.*, r.as_of_on, coalesce(a.due_on, r.as_of_on) AS on_date, a.closed_on <= a.due_on AS is_in_time
    FROM facts.fct_postmortem_action AS a
    CROSS JOIN facts.dim_run AS r
)

SELECT
    'postmortem_action' AS item_kind,
    a.item_id,
    a.service_id,
    o.team_id,
    CAST(NULL AS TIMESTAMPTZ) AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    a.on_date,
    CAST(CASE WHEN a.state = 'done' AND a.is_in_time THEN 1 ELSE 0 END AS DOUBLE) AS value,
    coalesce(a.state = 'done' AND a.is_in_time, false) AS is_event,
    false AS is_open,
    CASE
        WHEN a.service_id IS NULL THEN 'no_service'
        WHEN a.due_on IS NULL THEN 'no_due_date'
        WHEN a.due_on >= a.as_of_on THEN 'not_due'
        WHEN a.state = 'dropped' AND coalesce(a.is_in_time, true) THEN 'dropped'
        WHEN a.state = 'done' AND a.closed_on IS NULL THEN 'unknown_closing'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM action AS a
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = a.service_id AND o.valid_from <= a.on_date AND o.valid_to > a.on_date
