/*
title = "Deployment rework rate"
question = "What share of our production deployments was not planned, but mended another one?"
formula = "rollbacks, deployments that bring a hotfix and deployments that an incident names as its fix ÷ successful production deployments"
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
    "A hotfix is known by its label or branch, as configured: where nobody marks them, only rollbacks are seen.",
    "Deployments that never succeeded are no rework; how many there were stands among what is left out.",
    "Splitting deployments lowers the share without fewer failures. Read it with deployment frequency.",
]
not_for = ["comparing people", "judging a single week of few deployments"]
references = ["DORA: deployment rework rate, https://dora.dev/guides/dora-metrics/"]
depends_on = ["facts.fct_deployment", "facts.fct_rework_deployment", "facts.dim_service_owner"]

[example]
words = "The fourth is the third once more; an incident names the fifth as its fix: 1 of 4, 25 %."
statistic = "ratio"
value = 0.25
columns = ["item_id", "is_event", "excluded_reason", "link_method"]
rows = [
    ["gh:1", false, "", ""],
    ["gh:2", false, "", ""],
    ["gh:3", false, "", ""],
    ["gh:4", false, "redeploy", ""],
    ["gh:5", true, "", "incident"],
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
value = "1 where it mends another deployment, else 0"
is_event = "it mends another deployment"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "how that is known: incident, rollback or hotfix"
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
    CAST(CASE WHEN w.item_id IS NOT NULL THEN 1 ELSE 0 END AS DOUBLE) AS value,
    w.item_id IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN d.outcome = 'failed' THEN 'failed_to_deploy'
        WHEN d.outcome = 'unfinished' THEN 'unfinished'
        WHEN d.is_redeploy THEN 'redeploy'
    END AS excluded_reason,
    w.reworks_by AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_deployment AS d
LEFT JOIN facts.fct_rework_deployment AS w ON w.item_id = d.item_id AND w.service_id = d.service_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id
    AND o.valid_from <= coalesce(d.deployed_on, d.attempted_on)
    AND o.valid_to > coalesce(d.deployed_on, d.attempted_on)
