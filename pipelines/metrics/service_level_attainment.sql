/*
title = "Service level attainment"
question = "What share of events was as good as the objectives ask for?"
formula = "good events ÷ all events, over the readings of service level objectives; by objective"
family = "reliability"
calendar = "service_level"
unit = "ratio"
direction = "higher_is_better"
kind = "share"
estimator = "whole_share"
about = "system"
item_kind = "objective_day"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The local day in which the middle of a reading lies."
min_n = { ratio = 1 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Objectives that count requests and ones that count seconds are added up as they are: of several, read each by itself in the breakdown.",
    "What was promised does not enter it: error budget left compares with the target.",
    "Days on which the objective's window held fewer than 1,000 events are left out: one bad event would make the number.",
]
not_for = ["comparing people", "comparing services whose objectives count different things"]
references = ["The Site Reliability Workbook, https://sre.google/workbook/implementing-slos/"]
depends_on = ["facts.fct_service_level_day", "facts.dim_service_owner"]

[example]
words = "4,996,000 good ones of 5,000,000 are 99.92 %; the day without a bad one counts as much as the others."
statistic = "ratio"
value = 0.9992
columns = ["on_date", "value", "weight"]
rows = [
    ["2026-03-27", 999500.0, 1000000.0],
    ["2026-03-28", 1000000.0, 1000000.0],
    ["2026-03-29", 998000.0, 1000000.0],
    ["2026-03-30", 999000.0, 1000000.0],
    ["2026-03-31", 999500.0, 1000000.0],
]

[reasons]
no_service = "an objective of no configured service"
low_traffic = "fewer than 1,000 events in the objective's window up to that day"

[columns]
item_kind = "objective_day"
item_id = "source:id of the objective, and the day"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "beginning of the day"
ended_at = "always null"
on_date = "local day"
value = "good events"
is_event = "there were bad events"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "all events"
category = "what people call the objective"
*/
SELECT
    'objective_day' AS item_kind,
    d.item_id || ' ' || CAST(d.on_date AS VARCHAR) AS item_id,
    d.service_id,
    o.team_id,
    d.starts_at AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    d.on_date,
    CAST(d.good AS DOUBLE) AS value,
    d.good < d.total AS is_event,
    false AS is_open,
    CASE
        WHEN d.service_id IS NULL THEN 'no_service'
        WHEN d.window_total < 1000 THEN 'low_traffic'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(d.total AS DOUBLE) AS weight,
    d.label AS category
FROM facts.fct_service_level_day AS d
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id AND o.valid_from <= d.on_date AND o.valid_to > d.on_date
