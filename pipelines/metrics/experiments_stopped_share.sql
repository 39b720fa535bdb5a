/*
title = "Experiments stopped"
question = "What share of the experiments that we concluded did we stop?"
formula = "experiments that were stopped ÷ experiments that were concluded and of which somebody told the outcome"
family = "governance"
calendar = "experiments"
unit = "ratio"
direction = "neutral"
kind = "ratio"
item_kind = "experiment"
grains = ["quarter"]
statistics = ["ratio"]
window = "The day of the decision."
unlinked_reasons = ["no_outcome"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Stopping is a good result: where nothing is ever stopped, nothing was in doubt.",
    "One that led nowhere without being stopped is inconclusive, and counts as not stopped.",
]
not_for = ["comparing people", "a target"]
references = ["DORA: team experimentation, https://dora.dev/capabilities/team-experimentation/"]
depends_on = ["facts.fct_experiment", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Two are not concluded; of the 3 others one was stopped: 33 %."
statistic = "ratio"
value = 0.3333333333333333
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["inbox:1", false, ""],
    ["inbox:2", true, ""],
    ["inbox:3", false, ""],
    ["inbox:4", false, "running"],
    ["inbox:5", false, "running"],
]

[reasons]
running = "begun or planned, and not concluded"
no_outcome = "concluded, and nobody said how"

[columns]
item_kind = "experiment"
item_id = "source:id of the experiment"
service_id = "the service; null where it names none"
team_id = "the team that it names, else the team that owned the service on that day; null where there is neither"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "the day of the decision; the last day where there is none"
value = "1 where it was stopped, else 0"
is_event = "it was stopped"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
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
    CAST(CASE WHEN e.outcome = 'stopped' THEN 1 ELSE 0 END AS DOUBLE) AS value,
    coalesce(e.outcome = 'stopped', false) AS is_event,
    false AS is_open,
    CASE
        WHEN e.concluded_on IS NULL THEN 'running'
        WHEN e.outcome IS NULL THEN 'no_outcome'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM experiment AS e
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = e.service_id AND o.valid_from <= e.on_date AND o.valid_to > e.on_date
