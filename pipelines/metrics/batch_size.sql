/*
title = "Batch size"
question = "How many changes does a production deployment bring at once?"
formula = "changes that a production deployment is the first to contain, per deployment with at least one"
family = "delivery"
unit = "count"
measured_in = "changes"
direction = "lower_is_better"
kind = "quantity"
item_kind = "deployment"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85"]
window = "The day on which the deployment succeeded."
unlinked_reasons = ["unknown_content"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Changes of bots are not counted, and commits without a pull request are not seen.",
    "A deployment of several services counts the changes of each.",
]
not_for = ["comparing people", "comparing services that are released in different ways"]
references = ["DORA: working in small batches, https://dora.dev/capabilities/working-in-small-batches/"]
depends_on = ["facts.fct_change", "facts.fct_deployment", "facts.dim_service_owner"]

[example]
words = "Of the first deployment nobody knows what it brought, the fourth is the third once more, the fifth brought no pull request; the middle of 1 and 2 changes is 1.5."
statistic = "p50"
value = 1.5
columns = ["item_id", "value", "excluded_reason"]
rows = [
    ["gh:1", 0.0, "baseline"],
    ["gh:2", 2.0, ""],
    ["gh:3", 1.0, ""],
    ["gh:4", 0.0, "redeploy"],
    ["gh:5", 0.0, "no_change"],
]

[reasons]
redeploy = "the commit of the deployment before it again"
failed_to_deploy = "never succeeded"
unfinished = "waiting, superseded or cancelled"
baseline = "the first deployment that is known: what it brought cannot be told"
rollback = "it took changes back"
unknown_content = "the history of its commit is not known"
no_change = "it brought no pull request of a person"

[columns]
item_kind = "deployment"
item_id = "source:id of the deployment"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "success, else failure, else start"
ended_at = "first success; null where there was none"
on_date = "local day of the success; of the attempt where there was none"
value = "changes that it is the first to contain"
is_event = "always"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH batch AS (
    SELECT deployment_item_id, service_id, count(*) AS changes
    FROM facts.fct_change
    WHERE attribution = 'attributed' AND NOT is_bot
    GROUP BY deployment_item_id, service_id
)

SELECT
    'deployment' AS item_kind,
    d.item_id,
    d.service_id,
    o.team_id,
    d.attempted_at AS started_at,
    d.deployed_at AS ended_at,
    coalesce(d.deployed_on, d.attempted_on) AS on_date,
    CAST(coalesce(b.changes, 0) AS DOUBLE) AS value,
    true AS is_event,
    false AS is_open,
    CASE
        WHEN d.outcome = 'failed' THEN 'failed_to_deploy'
        WHEN d.outcome = 'unfinished' THEN 'unfinished'
        WHEN b.changes IS NOT NULL THEN NULL
        WHEN d.is_redeploy THEN 'redeploy'
        WHEN d.is_baseline THEN 'baseline'
        WHEN d.is_rollback THEN 'rollback'
        WHEN NOT d.has_known_commit THEN 'unknown_content'
        ELSE 'no_change'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_deployment AS d
LEFT JOIN batch AS b ON b.deployment_item_id = d.item_id AND b.service_id = d.service_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id
    AND o.valid_from <= coalesce(d.deployed_on, d.attempted_on)
    AND o.valid_to > coalesce(d.deployed_on, d.attempted_on)
