/*
title = "New-code coverage"
question = "What share of the lines that changed do tests run?"
formula = "covered new lines ÷ coverable new lines, summed over the commits that were measured in the period"
family = "quality"
unit = "ratio"
direction = "higher_is_better"
kind = "share"
estimator = "whole_share"
about = "system"
item_kind = "coverage_report"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day of the measurement."
min_n = { ratio = 1 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It is made of line reports that tell the new lines of each commit. What Sonar calls new is a stretch of time, and a number of its own.",
    "A commit without a report, or without a new line that a test could run, is not in it: missing is not 0 %.",
    "Where a source tells of the same new lines in several commits, they count in each.",
    "Lines that tests run without checking what they do count as covered.",
]
not_for = ["comparing people", "comparing languages", "a target for single changes"]
references = ["Ivanković and others (2019), Code coverage at Google, https://doi.org/10.1145/3338906.3340459"]
depends_on = ["facts.fct_coverage_reading", "facts.dim_service_owner"]

[example]
words = "A branch and a part are left out; (2 + 6 + 1) ÷ (4 + 6 + 10) = 9 ÷ 20 = 45 % of the new lines."
statistic = "ratio"
value = 0.45
columns = ["item_id", "value", "weight", "excluded_reason"]
rows = [
    ["inbox:1", 2.0, 4.0, ""],
    ["inbox:2", 6.0, 6.0, ""],
    ["inbox:3", 1.0, 10.0, ""],
    ["inbox:4", 5.0, 5.0, "other_branch"],
    ["inbox:5", 0.0, 0.0, "part"],
]

[reasons]
sonar = "measured by Sonar, to whom new code is a stretch of time"
no_service = "what was measured belongs to no configured service"
part = "a part that is measured by itself, such as the unit tests"
other_branch = "of a branch that is not known to be the one that is deployed from"
no_counts = "nothing tells how many lines are new"
nothing_to_cover = "it has no new line that a test could run"
measured_again = "the same commit was measured again later"

[columns]
item_kind = "coverage_report"
item_id = "source:id of the report"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was measured"
ended_at = "when it was measured"
on_date = "local day of the measurement"
value = "covered new lines"
is_event = "always"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "coverable new lines"
*/
SELECT
    'coverage_report' AS item_kind,
    r.item_id,
    r.service_id,
    o.team_id,
    r.measured_at AS started_at,
    r.measured_at AS ended_at,
    r.measured_on AS on_date,
    CAST(r.new_covered AS DOUBLE) AS value,
    true AS is_event,
    false AS is_open,
    CASE
        WHEN r.excluded_reason IS NOT NULL THEN r.excluded_reason
        WHEN r.method <> 'lines' THEN r.method
        WHEN r.new_covered IS NULL OR r.new_coverable IS NULL THEN 'no_counts'
        WHEN r.new_coverable = 0 THEN 'nothing_to_cover'
        WHEN r.is_measured_again THEN 'measured_again'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(r.new_coverable AS DOUBLE) AS weight
FROM facts.fct_coverage_reading AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = r.service_id AND o.valid_from <= r.measured_on AND o.valid_to > r.measured_on
