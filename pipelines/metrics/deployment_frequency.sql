/*
title = "Deployment frequency"
question = "How often did we deploy to production?"
formula = "successful production deployments ÷ (days covered ÷ 7); and the median over weeks of days with at least one"
family = "delivery"
unit = "count"
direction = "higher_is_better"
kind = "count"
item_kind = "deployment"
grains = ["week", "month", "quarter"]
statistics = ["per_week", "median_days_per_week", "count"]
window = "The day on which the deployment succeeded. Weeks without one count as zero."
owner = "engineering-outcomes"
since = 2026-11-01
version = 1
caveats = [
    "The same commit again is not counted, and attempts or regions within ten minutes of the first are one deployment.",
    "A rollback is a deployment.",
    "Splitting one deployment into two raises the number without more reaching users. Read it with the change failure rate.",
]
not_for = ["comparing people", "comparing services that are released in different ways"]
references = ["DORA: deployment frequency, https://dora.dev/guides/dora-metrics/"]
depends_on = ["facts.fct_deployment", "facts.dim_service_owner"]

[example]
words = "The fourth is the commit of the third once more: 4 deployments."
statistic = "count"
value = 4
columns = ["item_id", "on_date", "value", "excluded_reason"]
rows = [
    ["gh:1", "2026-03-01", 1.0, ""],
    ["gh:2", "2026-03-04", 1.0, ""],
    ["gh:3", "2026-03-06", 1.0, ""],
    ["gh:4", "2026-03-06", 1.0, "redeploy"],
    ["gh:5", "2026-03-10", 1.0, ""],
]

[reasons]
redeploy = "the commit of the deployment before it again"
failed_to_deploy = "never succeeded"
unfinished = "waiting, superseded or cancelled"

[columns]
item_kind = "deployment"
item_id = "source:id of the deployment"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "success, else failure, else start"
ended_at = "first success; null where there was none"
on_date = "local day of the success; of the attempt where there was none"
value = "1"
is_event = "always"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
SELECT
    'deployment' AS item_kind,
    d.item_id,
    d.service_id,
    o.team_id,
    d.attempted_at AS started_at,
    d.deployed_at AS ended_at,
    coalesce(d.deployed_on, d.attempted_on) AS on_date,
    CAST(1 AS DOUBLE) AS value,
    true AS is_event,
    false AS is_open,
    CASE
        WHEN d.outcome = 'failed' THEN 'failed_to_deploy'
        WHEN d.outcome = 'unfinished' THEN 'unfinished'
        WHEN d.is_redeploy THEN 'redeploy'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_deployment AS d
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id
    AND o.valid_from <= coalesce(d.deployed_on, d.attempted_on)
    AND o.valid_to > coalesce(d.deployed_on, d.attempted_on)
