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
window = "The end of the period's last day, from the first day on which a register was read."
min_n = { ratio = 1 }
unlinked_reasons = ["no_due_date"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "A register tells its present state alone: what it said before its first reading is not known, and a review between two readings is of the day of the later one.",
    "An entry is due up to the end of its due date.",
    "A review that was held counts as one, however thorough it was.",
]
not_for = ["comparing people", "comparing registers that are reviewed at other intervals"]
references = ["SR 11-7: model risk management, https://www.federalreserve.gov/supervisionreg/srletters/sr1107.htm"]
depends_on = ["facts.fct_register_spell", "facts.dim_run"]

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
team_id = "the team that it names, else the team that owned the service in these days; null where there is neither"
started_at = "since when its register told it so: overdue, or not yet"
ended_at = "when that ended; null while it is so"
on_date = "local day of started_at"
value = "1 where the due date is past, else 0"
is_event = "has no meaning for a level: false"
is_open = "it is so now"
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
    e.team_id,
    e.starts_at AS started_at,
    e.ends_at AS ended_at,
    e.starts_on AS on_date,
    CAST(CASE WHEN e.is_overdue THEN 1 ELSE 0 END AS DOUBLE) AS value,
    false AS is_event,
    coalesce(e.ends_at > r.as_of, true) AS is_open,
    CASE WHEN NOT e.has_due_date THEN 'no_due_date' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(1 AS DOUBLE) AS weight,
    e.register AS category
FROM facts.fct_register_spell AS e
CROSS JOIN facts.dim_run AS r
