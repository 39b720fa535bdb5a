/*
title = "Experiments concluded"
question = "How often do we decide what follows from what we tried?"
formula = "experiments that were concluded, by outcome"
family = "governance"
calendar = "experiments"
unit = "count"
direction = "neutral"
kind = "count"
item_kind = "experiment"
grains = ["month", "quarter"]
statistics = ["count"]
window = "The day of the decision."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Only what somebody wrote down is in it.",
    "One that was stopped is concluded as much as one that was adopted.",
]
not_for = ["comparing people", "a target"]
references = ["DORA: team experimentation, https://dora.dev/capabilities/team-experimentation/"]
depends_on = ["facts.fct_experiment", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One is running and one has not begun: 3 were concluded."
statistic = "count"
value = 3
columns = ["item_id", "category", "on_date", "excluded_reason"]
rows = [
    ["inbox:1", "adopted", "2026-02-20", ""],
    ["inbox:2", "stopped", "2026-03-06", ""],
    ["inbox:3", "inconclusive", "2026-03-16", ""],
    ["inbox:4", "", "2026-03-31", "running"],
    ["inbox:5", "", "2026-03-31", "running"],
]

[reasons]
running = "begun or planned, and not concluded"

[columns]
item_kind = "experiment"
item_id = "source:id of the experiment"
service_id = "the service; null where it names none"
team_id = "the team that it names, else the team that owned the service on that day; null where there is neither"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "the day of the decision; the last day where there is none"
value = "1"
is_event = "it was concluded"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "adopted, stopped or inconclusive; null where nobody said"
*/
WITH experiment AS (
    SELECT e.*, coalesce(e.concluded_on, r.last_day_on) AS on_date
    FROM facts.fct_experiment AS e
    CROSS JOIN facts.dim_run AS r
)

SELECT
    'experiment' AS item_kind,
    e.item_id,
    e.service_id,
    coalesce(e.team_id, o.team_id) AS team_id,
    CAST(NULL AS TIMESTAMPTZ) AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    e.on_date,
    CAST(1 AS DOUBLE) AS value,
    e.concluded_on IS NOT NULL AS is_event,
    false AS is_open,
    CASE WHEN e.concluded_on IS NULL THEN 'running' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    e.outcome AS category
FROM experiment AS e
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = e.service_id AND o.valid_from <= e.on_date AND o.valid_to > e.on_date
