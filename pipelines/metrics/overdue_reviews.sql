/*
title = "Overdue reviews"
question = "What share of what is to be reviewed from time to time is past its date?"
formula = "entries in force whose due date is past ÷ entries in force with a due date, by register"
family = "governance"
calendar = "registers"
unit = "ratio"
direction = "lower_is_better"
kind = "level"
item_kind = "register_entry"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "Now: the periods that the last day belongs to."
min_n = { ratio = 1 }
unlinked_reasons = ["no_due_date"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "A register tells its present state alone, and a review takes away that it was late: periods that are over have no number.",
    "An entry is due up to the end of its due date.",
    "A review that was held counts as one, however thorough it was.",
]
not_for = ["comparing people", "comparing registers that are reviewed at other intervals"]
references = ["SR 11-7: model risk management, https://www.federalreserve.gov/supervisionreg/srletters/sr1107.htm"]
depends_on = ["facts.fct_register_entry", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "On 31 March what was due by the 30th is overdue, what is due that day is not; one has no day: 2 of 4, 50 %."
statistic = "ratio"
value = 0.5
columns = ["item_id", "category", "value", "weight", "excluded_reason"]
rows = [
    ["inbox:1", "policy", 1.0, 1.0, ""],
    ["inbox:2", "policy", 0.0, 1.0, ""],
    ["inbox:3", "model-risk", 1.0, 1.0, ""],
    ["inbox:4", "model-risk", 0.0, 1.0, ""],
    ["inbox:5", "model-risk", 0.0, 1.0, "no_due_date"],
]

[reasons]
no_due_date = "nobody said by when it is to be reviewed"

[columns]
item_kind = "register_entry"
item_id = "source:id of the entry"
service_id = "the service; null where it names none"
team_id = "the team that it names, else the team that owns the service; null where there is neither"
started_at = "always null: since when it stands there is not known"
ended_at = "always null"
on_date = "the last local day that has begun"
value = "1 where the due date is past, else 0"
is_event = "has no meaning for a level: false"
is_open = "always: it is in force"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "1"
category = "the register"
*/
SELECT
    'register_entry' AS item_kind,
    e.item_id,
    e.service_id,
    coalesce(e.team_id, o.team_id) AS team_id,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS started_at,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS ended_at,
    r.last_day_on AS on_date,
    CAST(CASE WHEN e.due_on < r.last_day_on THEN 1 ELSE 0 END AS DOUBLE) AS value,
    false AS is_event,
    true AS is_open,
    CASE WHEN e.due_on IS NULL THEN 'no_due_date' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(1 AS DOUBLE) AS weight,
    e.register AS category
FROM facts.fct_register_entry AS e
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = e.service_id AND o.valid_from <= r.last_day_on AND o.valid_to > r.last_day_on
