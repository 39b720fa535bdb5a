/*
title = "Living runbooks"
question = "What share of our services has a runbook that somebody looks after?"
formula = "services with a runbook that has all three sections, was changed within 180 days and has no broken link ÷ services"
family = "governance"
calendar = "runbooks"
unit = "ratio"
direction = "higher_is_better"
kind = "level"
about = "system"
item_kind = "service"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "Now: the periods that the last day belongs to."
min_n = { ratio = 1 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "A scan tells what documents are like now: periods that are over have no number.",
    "The three sections are patterns, anti-patterns and upgrade paths; they are found by their headings.",
    "Links to addresses count only where the scan is set to follow them. A changed comma makes a runbook young.",
]
not_for = ["comparing people", "judging what a runbook is worth in an incident"]
references = ["DORA: documentation quality, https://dora.dev/capabilities/documentation-quality/"]
depends_on = ["facts.fct_service_runbook", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One was not changed for 180 days, one has broken links, one service has none: 2 of 5, 40 %."
statistic = "ratio"
value = 0.4
columns = ["item_id", "value", "weight"]
rows = [
    ["a", 1.0, 1.0],
    ["b", 0.0, 1.0],
    ["c", 0.0, 1.0],
    ["d", 1.0, 1.0],
    ["e", 0.0, 1.0],
]

[reasons]

[columns]
item_kind = "service"
item_id = "the service"
service_id = "the service"
team_id = "the team that owns the service; null where nobody does"
started_at = "always null: since when it is so is not known"
ended_at = "always null"
on_date = "the last local day that has begun"
value = "1 where it has a living runbook, else 0"
is_event = "has no meaning for a level: false"
is_open = "always: it lives"
excluded_reason = "always null"
link_method = "always null"
confidence = "always null"
weight = "1"
*/
SELECT
    'service' AS item_kind,
    s.service_id AS item_id,
    s.service_id,
    o.team_id,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS started_at,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS ended_at,
    r.last_day_on AS on_date,
    CAST(CASE WHEN s.state = 'living' THEN 1 ELSE 0 END AS DOUBLE) AS value,
    false AS is_event,
    true AS is_open,
    CAST(NULL AS VARCHAR) AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(1 AS DOUBLE) AS weight
FROM facts.fct_service_runbook AS s
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = s.service_id AND o.valid_from <= r.last_day_on AND o.valid_to > r.last_day_on
