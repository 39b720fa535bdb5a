/*
title = "Deployments outside agreed hours"
question = "What share of our production deployments came at a time at which we had agreed not to deploy?"
formula = "successful production deployments outside the hours agreed for the service, by the local time of its time zone ÷ those of services with agreed hours"
family = "reliability"
calendar = "delivery"
unit = "ratio"
direction = "lower_is_better"
kind = "ratio"
item_kind = "deployment"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day of the deployment."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "The hours are those that the configuration has now, also for what was deployed before they were agreed.",
    "A service for which nothing was agreed has no number, and enters none. Public holidays are not known.",
    "A rollback or a fix for an incident counts as any other deployment does: read it with the deployment rework rate.",
]
not_for = ["comparing people", "comparing services that agreed on other hours", "services that are deployed at any hour on purpose"]
references = ["DORA: continuous delivery, https://dora.dev/capabilities/continuous-delivery/"]
depends_on = ["facts.fct_deployment", "facts.fct_deployment_hours", "facts.dim_service_owner"]

[example]
words = "One is the same commit again; 1 of the 4 others came at 17:00, when the hours agreed for that day were over: 25 %."
statistic = "ratio"
value = 0.25
columns = ["item_id", "ended_at", "is_event", "excluded_reason"]
rows = [
    ["gh:1", "2026-03-02T10:00Z", false, ""],
    ["gh:2", "2026-03-04T17:00Z", true, ""],
    ["gh:3", "2026-03-06T11:00Z", false, ""],
    ["gh:4", "2026-03-10T16:59Z", false, ""],
    ["gh:5", "2026-03-14T20:00Z", true, "redeploy"],
]

[reasons]
no_agreed_hours = "a service for which no hours were agreed"
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
on_date = "the organisation's day of the success; of the attempt where there was none"
value = "1 where it came outside the agreed hours, else 0"
is_event = "it came outside the agreed hours"
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
    CAST(CASE WHEN h.is_outside THEN 1 ELSE 0 END AS DOUBLE) AS value,
    coalesce(h.is_outside, false) AS is_event,
    false AS is_open,
    CASE
        WHEN d.outcome = 'failed' THEN 'failed_to_deploy'
        WHEN d.outcome = 'unfinished' THEN 'unfinished'
        WHEN d.is_redeploy THEN 'redeploy'
        WHEN h.item_id IS NULL THEN 'no_agreed_hours'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_deployment AS d
LEFT JOIN facts.fct_deployment_hours AS h ON h.item_id = d.item_id AND h.service_id = d.service_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id
    AND o.valid_from <= coalesce(d.deployed_on, d.attempted_on)
    AND o.valid_to > coalesce(d.deployed_on, d.attempted_on)
