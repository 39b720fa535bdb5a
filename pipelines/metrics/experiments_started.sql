/*
title = "Experiments started"
question = "How often do we begin to try something out?"
formula = "experiments that began"
family = "governance"
calendar = "experiments"
unit = "count"
direction = "neutral"
kind = "count"
item_kind = "experiment"
grains = ["month", "quarter"]
statistics = ["count"]
window = "The day on which it began."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Only what somebody wrote down is in it.",
    "It says that something was tried, and nothing of how well the question was put.",
]
not_for = ["comparing people", "a target"]
references = ["DORA: team experimentation, https://dora.dev/capabilities/team-experimentation/"]
depends_on = ["facts.fct_experiment", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One is planned and has not begun: 4 began."
statistic = "count"
value = 4
columns = ["item_id", "on_date", "excluded_reason"]
rows = [
    ["inbox:1", "2026-01-12", ""],
    ["inbox:2", "2026-01-26", ""],
    ["inbox:3", "2026-02-09", ""],
    ["inbox:4", "2026-03-02", ""],
    ["inbox:5", "2026-03-31", "planned"],
]

[reasons]
planned = "planned, and not begun"

[columns]
item_kind = "experiment"
item_id = "source:id of the experiment"
service_id = "the service; null where it names none"
team_id = "the team that it names, else the team that owned the service on that day; null where there is neither"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "the day on which it began; the last day where it has not"
value = "1"
is_event = "it began"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH experiment AS (
    SELECT e.*, coalesce(e.started_on, r.last_day_on) AS on_date
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
    e.started_on IS NOT NULL AS is_event,
    false AS is_open,
    CASE WHEN e.started_on IS NULL THEN 'planned' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM experiment AS e
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = e.service_id AND o.valid_from <= e.on_date AND o.valid_to > e.on_date
