/*
title = "Error budget left"
question = "How much of what may go wrong is still to be spent?"
formula = "1 − bad events ÷ ((1 − target) × all events), over the window of each objective that ends with the day; by objective"
family = "reliability"
calendar = "service_level"
unit = "ratio"
direction = "higher_is_better"
kind = "level"
about = "system"
item_kind = "objective"
grains = ["day", "week", "month", "quarter"]
statistics = ["ratio"]
window = "The end of the period's last day, looking back over the objective's own window: 30 days where it has none."
min_n = { ratio = 1 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Below zero more was spent than there was; the number is not cut off there.",
    "The budget is that of the events which there were, not of those still to come.",
    "A target that changes counts from its day on; before the first one that is known, that one.",
    "Objectives that count requests and ones that count seconds are added up as they are: of several, read each by itself in the breakdown.",
    "A day without readings keeps the number of the last day that has some, for as long as the objective's window lasts.",
]
not_for = ["comparing people", "waking somebody up: alerts belong where the events are counted"]
references = ["The Site Reliability Workbook, https://sre.google/workbook/implementing-slos/"]
depends_on = ["facts.fct_service_level_day", "facts.dim_service_owner"]

[example]
words = "Of 5 million requests 5,000 might be bad and 4,000 were: 1,000 ÷ 5,000 = 20 % are left on the last day."
statistic = "ratio"
value = 0.2
columns = ["on_date", "value", "weight"]
rows = [
    ["2026-03-27", 500.0, 1000.0],
    ["2026-03-28", 1500.0, 2000.0],
    ["2026-03-29", 500.0, 3000.0],
    ["2026-03-30", 500.0, 4000.0],
    ["2026-03-31", 1000.0, 5000.0],
]

[reasons]
no_service = "an objective of no configured service"
no_target = "nobody has said what was promised"
no_budget = "all events are to be good: nothing may be spent"
low_traffic = "fewer than 1,000 events in the window"
few_expected = "fewer than 10 bad events are allowed in the window: one more would move the number by a tenth and more"

[columns]
item_kind = "objective"
item_id = "source:id of the objective"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "beginning of the day"
ended_at = "when the next day with readings begins, at most a window later; null while that is to come"
on_date = "local day"
value = "events of the window that may still be bad; below zero where there were too many"
is_event = "never"
is_open = "the latest day"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "events of the window that may be bad"
category = "what people call the objective"
*/
SELECT
    'objective' AS item_kind,
    d.item_id,
    d.service_id,
    o.team_id,
    d.starts_at AS started_at,
    d.ends_at AS ended_at,
    d.on_date,
    CAST(d.window_allowed - (d.window_total - d.window_good) AS DOUBLE) AS value,
    false AS is_event,
    d.ends_at IS NULL AS is_open,
    CASE
        WHEN d.service_id IS NULL THEN 'no_service'
        WHEN d.window_allowed IS NULL THEN 'no_target'
        WHEN d.window_allowed <= 0 THEN 'no_budget'
        WHEN d.window_total < 1000 THEN 'low_traffic'
        WHEN round(d.window_allowed, 6) < 10 THEN 'few_expected'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(d.window_allowed AS DOUBLE) AS weight,
    d.label AS category
FROM facts.fct_service_level_day AS d
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id AND o.valid_from <= d.on_date AND o.valid_to > d.on_date
