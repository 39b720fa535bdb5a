/*
title = "Product retention"
question = "What share of the users whom we have won before is there in this period?"
formula = "users of earlier cohorts who are seen in the period ÷ users of earlier cohorts"
family = "people"
calendar = "products"
unit = "ratio"
direction = "higher_is_better"
kind = "share"
estimator = "whole_share"
about = "system"
item_kind = "retention_cell"
grains = ["month", "quarter"]
statistics = ["ratio"]
window = "The first day of the period in which users are looked for."
min_n = { ratio = 1 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "The number of a period is of all earlier cohorts that are told of, young and old together; by category it is of one age, such as three months after users were first seen.",
    "Users are summed over cohorts and products: who uses two products counts in each.",
    "Cohorts of fewer than 20 users are left out, and periods that are not over; what nobody tells is no 0.",
]
not_for = ["comparing people", "comparing products that are needed more or less often"]
references = ["Amplitude: retention analysis, https://amplitude.com/docs/analytics/charts/retention-analysis"]
depends_on = ["facts.fct_retention_cell"]

[example]
words = "A cohort of 19 is too small to be told; (200 + 100 + 120 + 80) ÷ (400 + 400 + 200 + 200) = 500 ÷ 1,200 = 42 %."
statistic = "ratio"
value = 0.4166666666666667
columns = ["item_id", "category", "value", "weight", "excluded_reason"]
rows = [
    ["inbox:1", "month 1", 200.0, 400.0, ""],
    ["inbox:2", "month 2", 100.0, 400.0, ""],
    ["inbox:3", "month 1", 120.0, 200.0, ""],
    ["inbox:4", "month 1", "", "", "small_cohort"],
    ["inbox:5", "month 2", 80.0, 200.0, ""],
]

[reasons]
finer_grain = "the product's users are told of in longer periods too"
not_over = "the period is not over"
small_cohort = "fewer than 20 users"

[columns]
item_kind = "retention_cell"
item_id = "source:id of the count"
service_id = "always null: products are the organisation's"
team_id = "always null: products are the organisation's"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "first day of the period"
value = "users of the cohort who are seen in the period"
is_event = "always"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "users of the cohort"
category = "how many periods after the cohort's own, such as month 3"
*/
SELECT
    'retention_cell' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS started_at,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS ended_at,
    starts_on AS on_date,
    CAST(retained AS DOUBLE) AS value,
    true AS is_event,
    false AS is_open,
    excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(users AS DOUBLE) AS weight,
    age AS category
FROM facts.fct_retention_cell
