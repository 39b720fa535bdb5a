/*
title = "Sonar coverage"
question = "What share of lines and branches do tests run, by Sonar's formula?"
formula = "(branches taken to true + branches taken to false + covered lines) ÷ (2 × branches + coverable lines), of the latest analysis of each component"
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
    "It mixes lines and branches, so it is not test coverage in lines and never stands in one series with it.",
    "Lines and branches are summed over components, so a large one weighs more.",
    "An analysis without any coverage is taken for one without a report: missing is not 0 %.",
    "A line that runs in a test is not a line that a test would find a mistake in.",
]
not_for = ["comparing people", "comparing languages", "a target"]
references = ["SonarQube: metric definitions, https://docs.sonarsource.com/sonarqube-server/user-guide/code-metrics/metrics-definition"]
depends_on = ["facts.fct_coverage_reading", "facts.dim_service_owner"]

[example]
words = "The first report ended with the second, of 500 lines and 40 conditions of 520 and 80; a branch and a line report are left out: (540 + 60) ÷ (600 + 400) = 60 %."
statistic = "ratio"
value = 0.6
columns = ["item_id", "ended_at", "value", "weight", "excluded_reason"]
rows = [
    ["inbox:1", "2026-03-09T10:00Z", 450.0, 600.0, ""],
    ["inbox:2", "", 540.0, 600.0, ""],
    ["inbox:3", "", 60.0, 400.0, ""],
    ["inbox:4", "", 80.0, 400.0, "other_branch"],
    ["inbox:5", "", 10.0, 400.0, "lines"],
]

[reasons]
lines = "a report of lines alone"
no_service = "what was measured belongs to no configured service"
part = "a part that is measured by itself, such as the unit tests"
other_branch = "of a branch that is not known to be the one that is deployed from"
no_counts = "it tells a percentage and no counts, or of new code alone"
nothing_to_cover = "it has no line that a test could run"

[columns]
item_kind = "coverage_report"
item_id = "source:id of the analysis"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on those days; null where nobody did"
started_at = "when it was measured, or the team's ownership while it held began"
ended_at = "when the next analysis or owner came; null while it holds"
on_date = "local day of the measurement"
value = "covered lines, and branches taken to either side"
is_event = "has no meaning for a level: false"
is_open = "it holds"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "coverable lines and twice the branches"
*/
WITH reading AS (
    SELECT
        r.*,
        o.team_id,
        greatest(r.measured_at, coalesce(o.valid_from_at, r.measured_at)) AS held_from,
        least(coalesce(r.replaced_at, o.valid_to_at), coalesce(o.valid_to_at, r.replaced_at)) AS held_to
    FROM facts.fct_coverage_reading AS r
    LEFT JOIN facts.dim_service_owner AS o
        ON o.service_id = r.service_id
        AND coalesce(o.valid_to_at > r.measured_at, true)
        AND coalesce(o.valid_from_at < r.replaced_at, true)
)

SELECT
    'coverage_report' AS item_kind,
    item_id,
    service_id,
    team_id,
    held_from AS started_at,
    held_to AS ended_at,
    measured_on AS on_date,
    CAST(covered AS DOUBLE) AS value,
    false AS is_event,
    held_to IS NULL AS is_open,
    CASE
        WHEN excluded_reason IS NOT NULL THEN excluded_reason
        WHEN method <> 'sonar' THEN method
        WHEN covered IS NULL OR coverable IS NULL THEN 'no_counts'
        WHEN coverable = 0 THEN 'nothing_to_cover'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(coverable AS DOUBLE) AS weight
FROM reading
