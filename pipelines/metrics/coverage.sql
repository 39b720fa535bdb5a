/*
title = "Test coverage"
question = "What share of the lines that tests could run do they run?"
formula = "covered lines ÷ coverable lines, of the latest line report of each component"
family = "quality"
unit = "ratio"
direction = "neutral"
kind = "level"
about = "system"
item_kind = "coverage_report"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The end of the period's last day; a report holds until the component's next one."
min_n = { ratio = 1 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It is made of line reports alone: what Sonar measures mixes lines and branches, and is a number of its own.",
    "Lines are summed over components, so a large one weighs more; percentages of files are never averaged.",
    "A component without a report is not in it: missing is not 0 %. The last report of one that is no longer measured still holds.",
    "Where two sources measure the same code, its lines count twice.",
    "A line that runs in a test is not a line that a test would find a mistake in.",
]
not_for = ["comparing people", "comparing languages", "a target"]
references = ["Ivanković and others (2019), Code coverage at Google, https://doi.org/10.1145/3338906.3340459"]
depends_on = ["facts.fct_coverage_reading", "facts.dim_service_owner"]

[example]
words = "The first report ended with the second; a branch and a part are none of the whole: (90 + 30) ÷ (100 + 300) = 30 %."
statistic = "ratio"
value = 0.3
columns = ["item_id", "ended_at", "value", "weight", "excluded_reason"]
rows = [
    ["inbox:1", "2026-03-10T10:00Z", 50.0, 100.0, ""],
    ["inbox:2", "", 90.0, 100.0, ""],
    ["inbox:3", "", 30.0, 300.0, ""],
    ["inbox:4", "", 60.0, 300.0, "other_branch"],
    ["inbox:5", "", 20.0, 300.0, "part"],
]

[reasons]
sonar = "measured by Sonar's formula of lines and branches"
no_service = "what was measured belongs to no configured service"
part = "a part that is measured by itself, such as the unit tests"
other_branch = "of a branch that is not known to be the one that is deployed from"
no_counts = "it tells a percentage and no lines, or of new code alone"
nothing_to_cover = "it has no line that a test could run"

[columns]
item_kind = "coverage_report"
item_id = "source:id of the report"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on those days; null where nobody did"
started_at = "when it was measured, or the team's ownership while it held began"
ended_at = "when the next report or owner came; null while it holds"
on_date = "local day of the measurement"
value = "covered lines"
is_event = "has no meaning for a level: false"
is_open = "it holds"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "coverable lines"
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
        WHEN method <> 'lines' THEN method
        WHEN covered IS NULL OR coverable IS NULL THEN 'no_counts'
        WHEN coverable = 0 THEN 'nothing_to_cover'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(coverable AS DOUBLE) AS weight
FROM reading
