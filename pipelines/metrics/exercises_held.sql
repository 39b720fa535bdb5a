/*
title = "Exercises held"
question = "How often do we practise for a bad day?"
formula = "exercises that were held, by kind"
family = "governance"
calendar = "exercises"
unit = "count"
direction = "neutral"
kind = "count"
item_kind = "exercise"
grains = ["month", "quarter"]
statistics = ["count"]
window = "The day on which it was held."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It says that an exercise was held, and nothing of what was learnt in it.",
    "Only what somebody wrote down is in it.",
]
not_for = ["comparing people", "a target"]
references = ["DORA: reliability, https://dora.dev/capabilities/"]
depends_on = ["facts.fct_exercise", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One was planned and not held, one is to come: 3 were held."
statistic = "count"
value = 3
columns = ["item_id", "category", "on_date", "excluded_reason"]
rows = [
    ["inbox:1", "game day", "2026-01-20", ""],
    ["inbox:2", "restore test", "2026-02-10", ""],
    ["inbox:3", "restore test", "2026-03-31", ""],
    ["inbox:4", "game day", "2026-03-15", "not_held"],
    ["inbox:5", "game day", "2026-03-31", "planned"],
]

[reasons]
planned = "planned for a day to come"
not_held = "its day is over, and nothing tells that it was held"

[columns]
item_kind = "exercise"
item_id = "source:id of the exercise"
service_id = "the service; null where it names none"
team_id = "the team that it names, else the team that owned the service on that day; null where there is neither"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "the day on which it was held; else that for which it was planned, at most the last day"
value = "1"
is_event = "held"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "the kind of exercise"
*/
WITH exercise AS (
    SELECT
        e.*,
        coalesce(e.held_on, least(e.planned_on, r.last_day_on), r.last_day_on) AS on_date,
        CASE
            WHEN e.held_on IS NOT NULL THEN NULL
            WHEN e.planned_on >= r.as_of_on THEN 'planned'
            ELSE 'not_held'
        END AS excluded_reason
    FROM facts.fct_exercise AS e
    CROSS JOIN facts.dim_run AS r
)

SELECT
    'exercise' AS item_kind,
    e.item_id,
    e.service_id,
    coalesce(e.team_id, o.team_id) AS team_id,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS started_at,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS ended_at,
    e.on_date,
    CAST(1 AS DOUBLE) AS value,
    e.held_on IS NOT NULL AS is_event,
    false AS is_open,
    e.excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    e.kind AS category
FROM exercise AS e
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = e.service_id AND o.valid_from <= e.on_date AND o.valid_to > e.on_date
