/*
title = "Days over the error budget"
question = "On how many days did more go wrong than the objectives allow for?"
formula = "days on which bad events > (1 − target) × all events of the day, counted for each objective"
family = "reliability"
calendar = "service_level"
unit = "count"
direction = "lower_is_better"
kind = "count"
about = "system"
item_kind = "objective_day"
grains = ["week", "month", "quarter"]
statistics = ["count"]
window = "The local day in which the middle of a reading lies."
linked_reasons = ["within_budget"]
unlinked_reasons = ["few_expected"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "On such a day the burn rate is above 1. That is no broken promise by itself: the objective is held or missed over its whole window.",
    "Two objectives that miss on the same day are two. Days without readings are not in it.",
    "A day on which fewer than 10 bad events are allowed says too little to be judged; where there are many such days, there is no number.",
]
not_for = ["comparing people", "comparing services with another number of objectives", "waking somebody up: alerts belong where the events are counted"]
references = ["The Site Reliability Workbook, https://sre.google/workbook/alerting-on-slos/"]
depends_on = ["facts.fct_service_level_day", "facts.dim_service_owner"]

[example]
words = "1,000 events a day may be bad; 500, 0, 2,000, 1,000 and 500 were: 1 day is over, the one at the limit is not."
statistic = "count"
value = 1
columns = ["item_id", "on_date", "excluded_reason"]
rows = [
    ["inbox:o 2026-03-27", "2026-03-27", "within_budget"],
    ["inbox:o 2026-03-28", "2026-03-28", "within_budget"],
    ["inbox:o 2026-03-29", "2026-03-29", ""],
    ["inbox:o 2026-03-30", "2026-03-30", "within_budget"],
    ["inbox:o 2026-03-31", "2026-03-31", "within_budget"],
]

[reasons]
no_service = "an objective of no configured service"
no_target = "nobody has said what was promised"
no_budget = "all events are to be good: nothing may be spent"
few_expected = "fewer than 10 bad events are allowed on that day: one more would move its burn rate by a tenth and more"
within_budget = "no more went wrong than is allowed"

[columns]
item_kind = "objective_day"
item_id = "source:id of the objective, and the day"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "beginning of the day"
ended_at = "always null"
on_date = "local day"
value = "1"
is_event = "more went wrong than is allowed"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "what people call the objective"
*/
WITH day AS (
    SELECT
        d.*,
        d.total - d.good AS bad,
        -- What is allowed is a whole number of thousandths here, so that a day at its very limit is within it.
        round((1 - d.target_ratio) * d.total, 3) AS allowed
    FROM facts.fct_service_level_day AS d
)

SELECT
    'objective_day' AS item_kind,
    d.item_id || ' ' || CAST(d.on_date AS VARCHAR) AS item_id,
    d.service_id,
    o.team_id,
    d.starts_at AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    d.on_date,
    CAST(1 AS DOUBLE) AS value,
    coalesce(d.bad > d.allowed, false) AS is_event,
    false AS is_open,
    CASE
        WHEN d.service_id IS NULL THEN 'no_service'
        WHEN d.allowed IS NULL THEN 'no_target'
        WHEN d.allowed <= 0 THEN 'no_budget'
        WHEN d.allowed < 10 THEN 'few_expected'
        WHEN d.bad <= d.allowed THEN 'within_budget'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    d.label AS category
FROM day AS d
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id AND o.valid_from <= d.on_date AND o.valid_to > d.on_date
