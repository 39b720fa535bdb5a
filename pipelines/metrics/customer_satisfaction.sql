/*
title = "Customer satisfaction"
question = "What share of the customers who answered is satisfied?"
formula = "satisfied customers ÷ customers who answered, over the days or weeks that are told of"
family = "quality"
calendar = "satisfaction"
unit = "ratio"
direction = "higher_is_better"
kind = "share"
estimator = "counted_share"
about = "system"
item_kind = "satisfaction_count"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day in the middle of the stretch that is told of: a week that begins on a Monday counts where its Thursday lies."
min_n = { ratio = 6 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Who answers is not everybody: the unhappy and the delighted answer more often, and the range knows nothing of that. A share of how many were asked is not told.",
    "Who counts as satisfied is decided where it is asked. After another question, scale or moment of asking it is another number.",
    "Days or weeks with fewer than six answers are left out, so that nobody's answer can be worked out from any sum or difference: where few answer, tell of weeks.",
    "Services with more answers weigh more in the number of a team.",
]
not_for = ["comparing people", "comparing services that ask other people or other questions", "a target"]
references = ["DORA: customer feedback, https://dora.dev/capabilities/customer-feedback/"]
depends_on = ["facts.fct_satisfaction", "facts.dim_service_owner"]

[example]
words = "Five answers are too few to be told; (16 + 6 + 24) ÷ (20 + 10 + 30) = 46 ÷ 60 = 77 %."
statistic = "ratio"
value = 0.7666666666666667
columns = ["item_id", "on_date", "value", "weight", "excluded_reason"]
rows = [
    ["inbox:1", "2026-03-05", 16.0, 20.0, ""],
    ["inbox:2", "2026-03-12", 6.0, 10.0, ""],
    ["inbox:3", "2026-03-19", 24.0, 30.0, ""],
    ["inbox:4", "2026-03-26", "", "", "few_answers"],
    ["inbox:5", "2026-03-17", "", "", "overlaps"],
]

[reasons]
no_service = "of no configured service"
not_over = "its days are not over"
overlaps = "a longer stretch of the same service tells of its days too"
few_answers = "fewer than six answers"

[columns]
item_kind = "satisfaction_count"
item_id = "source:id of the count"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "the day in the middle of the stretch"
value = "customers who are satisfied"
is_event = "always"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "customers who answered"
*/
SELECT
    'satisfaction_count' AS item_kind,
    a.item_id,
    a.service_id,
    o.team_id,
    CAST(NULL AS TIMESTAMPTZ) AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    a.on_date,
    CAST(a.satisfied AS DOUBLE) AS value,
    true AS is_event,
    false AS is_open,
    CASE WHEN a.service_id IS NULL THEN 'no_service' ELSE a.excluded_reason END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(a.answers AS DOUBLE) AS weight
FROM facts.fct_satisfaction AS a
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = a.service_id AND o.valid_from <= a.on_date AND o.valid_to > a.on_date
