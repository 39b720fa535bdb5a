/*
title = "Sonar coverage of new code"
question = "What share of the lines that Sonar calls new do tests run?"
formula = "covered new lines ÷ coverable new lines, of the latest analysis of each component"
family = "quality"
unit = "ratio"
direction = "neutral"
kind = "level"
about = "system"
item_kind = "coverage_report"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The end of the period's last day; an analysis holds until the component's next one."
min_n = { ratio = 1 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "What is new is set in Sonar, per project: since a version, for some days, or against a branch.",
    "Lines alone are counted here, so it differs from Sonar's own percentage, which mixes in branches.",
    "A line is new in every analysis until Sonar's stretch of new code is over: this is a level, not a sum of changes.",
    "An analysis without any coverage is taken for one without a report: missing is not 0 %.",
]
not_for = ["comparing people", "comparing languages", "a target"]
references = ["SonarQube: metric definitions, https://docs.sonarsource.com/sonarqube-server/user-guide/code-metrics/metrics-definition"]
depends_on = ["facts.fct_coverage_reading", "facts.dim_service_owner"]

[example]
words = "The first analysis ended with the second; a branch and a line report are left out: (9 + 6) ÷ (10 + 20) = 50 %."
statistic = "ratio"
value = 0.5
columns = ["item_id", "ended_at", "value", "weight", "excluded_reason"]
rows = [
    ["inbox:1", "2026-03-09T10:00Z", 3.0, 4.0, ""],
    ["inbox:2", "", 9.0, 10.0, ""],
    ["inbox:3", "", 6.0, 20.0, ""],
    ["inbox:4", "", 5.0, 5.0, "other_branch"],
    ["inbox:5", "", 1.0, 5.0, "lines"],
]

[reasons]
lines = "a report of lines alone"
no_service = "what was measured belongs to no configured service"
part = "a part that is measured by itself, such as the unit tests"
other_branch = "of a branch that is not known to be the one that is deployed from"
no_counts = "it tells no lines of new code"
nothing_to_cover = "it has no new line that a test could run"

[columns]
item_kind = "coverage_report"
item_id = "source:id of the analysis"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on those days; null where nobody did"
started_at = "when it was measured, or the team's ownership while it held began"
ended_at = "when the next analysis or owner came; null while it holds"
on_date = "local day of the measurement"
value = "covered new lines"
is_event = "has no meaning for a level: false"
is_open = "it holds"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "coverable new lines"
*/
WITH reading AS (
    SELECT
        r.*,
        o.team_id,
        greatest(r.measured_at, coalesce(o.valid_from_at, r.measured_at)) AS held_from,
        least(coalesce(r.new_replaced_at, o.valid_to_at), coalesce(o.valid_to_at, r.new_replaced_at)) AS held_to
    FROM facts.fct_coverage_reading AS r
    LEFT JOIN facts.dim_service_owner AS o
        ON o.service_id = r.service_id
        AND coalesce(o.valid_to_at > r.measured_at, true)
        AND coalesce(o.valid_from_at < r.new_replaced_at, true)
)

SELECT
    'coverage_report' AS item_kind,
    item_id,
    service_id,
    team_id,
    held_from AS started_at,
    held_to AS ended_at,
    measured_on AS on_date,
    CAST(new_covered AS DOUBLE) AS value,
    false AS is_event,
    held_to IS NULL AS is_open,
    CASE
        WHEN excluded_reason IS NOT NULL THEN excluded_reason
        WHEN method <> 'sonar' THEN method
        WHEN new_covered IS NULL OR new_coverable IS NULL THEN 'no_counts'
        WHEN new_coverable = 0 THEN 'nothing_to_cover'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(new_coverable AS DOUBLE) AS weight
FROM reading
