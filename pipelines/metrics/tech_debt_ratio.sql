/*
title = "Tech debt ratio"
question = "How much work would it be to mend the issues that a tool knows, beside that of writing the code?"
formula = "minutes to mend all known issues ÷ minutes to write the code, of the latest analysis of each component"
family = "quality"
unit = "ratio"
direction = "lower_is_better"
kind = "level"
about = "system"
item_kind = "debt_reading"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The end of the period's last day; an analysis holds until the component's next one."
min_n = { ratio = 1 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It depends on the rules that the tool is set to, and does not see the debt of an architecture.",
    "What a line costs to write is a setting: Sonar takes 30 minutes, its documentation says 0.06 days, which are 28.8. The ratio of the source counts; where it tells none, 30 minutes a line are assumed.",
    "Minutes are summed over components, so a large one weighs more. The last analysis of one that is no longer measured still holds.",
]
not_for = ["comparing people", "comparing languages", "comparing components that are measured by other rules"]
references = ["SonarQube: metric definitions, https://docs.sonarsource.com/sonarqube-server/user-guide/code-metrics/metrics-definition"]
depends_on = ["facts.fct_debt_reading", "facts.dim_service_owner"]

[example]
words = "The first reading ended with the second; a branch and nobody's component are left out: (3,000 + 600) ÷ (30,000 + 60,000) = 4 %."
statistic = "ratio"
value = 0.04
columns = ["item_id", "ended_at", "value", "weight", "excluded_reason"]
rows = [
    ["inbox:1", "2026-03-09T10:00Z", 4800.0, 30000.0, ""],
    ["inbox:2", "", 3000.0, 30000.0, ""],
    ["inbox:3", "", 600.0, 60000.0, ""],
    ["inbox:4", "", 900.0, 60000.0, "other_branch"],
    ["inbox:5", "", 10.0, 3000.0, "no_service"],
]

[reasons]
no_service = "what was measured belongs to no configured service"
other_branch = "of a branch that is not known to be the one that is deployed from"
no_amounts = "nothing tells how much debt and how much code there is"

[columns]
item_kind = "debt_reading"
item_id = "source:id of the analysis"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on those days; null where nobody did"
started_at = "when it was measured, or the team's ownership while it held began"
ended_at = "when the next analysis or owner came; null while it holds"
on_date = "local day of the analysis"
value = "minutes to mend all known issues"
is_event = "has no meaning for a level: false"
is_open = "it holds"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "high where the source tells the ratio, medium where 30 minutes a line were assumed"
weight = "minutes to write the code"
*/
WITH reading AS (
    SELECT
        r.*,
        o.team_id,
        greatest(r.measured_at, coalesce(o.valid_from_at, r.measured_at)) AS held_from,
        least(coalesce(r.replaced_at, o.valid_to_at), coalesce(o.valid_to_at, r.replaced_at)) AS held_to
    FROM facts.fct_debt_reading AS r
    LEFT JOIN facts.dim_service_owner AS o
        ON o.service_id = r.service_id
        AND coalesce(o.valid_to_at > r.measured_at, true)
        AND coalesce(o.valid_from_at < r.replaced_at, true)
)

SELECT
    'debt_reading' AS item_kind,
    item_id,
    service_id,
    team_id,
    held_from AS started_at,
    held_to AS ended_at,
    measured_on AS on_date,
    debt_minutes AS value,
    false AS is_event,
    held_to IS NULL AS is_open,
    excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    confidence,
    development_minutes AS weight
FROM reading
