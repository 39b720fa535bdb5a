/*
title = "Change failure rate"
question = "What share of our production deployments needed immediate mending?"
formula = "deployments with a linked incident, rolled back, or mended by a hotfix ÷ successful production deployments older than the incident window"
family = "reliability"
unit = "ratio"
direction = "lower_is_better"
kind = "ratio"
item_kind = "deployment"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day of the deployment. Incidents count towards coverage on the day they began."
unlinked_reasons = ["not_linked"]
coverage_item_kind = "incident"
owner = "engineering-outcomes"
since = 2026-11-01
version = 1
caveats = [
    "Most links between incidents and deployments go by time alone; the wider the window, the more of them are chance.",
    "An incident that no deployment can be linked to does not count, whatever its origin.",
    "A service of whose incidents no source tells has no rate, even where rollbacks or hotfixes are known: it is left out, not counted as 0.",
    "Splitting deployments lowers the share without fewer failures. Read it with deployment frequency.",
]
not_for = ["comparing people", "judging a single week of few deployments"]
references = ["DORA: change fail rate, https://dora.dev/guides/dora-metrics/"]
depends_on = [
    "facts.fct_deployment", "facts.fct_failed_deployment", "facts.fct_incident", "facts.fct_incident_deployment",
    "facts.dim_service_calendar", "facts.dim_service_owner", "facts.dim_run",
]

[example]
words = "The fourth is the third once more; an incident began an hour after the third: 1 of 4 failed, 25 %."
statistic = "ratio"
value = 0.25
columns = ["item_id", "value", "is_event", "excluded_reason", "link_method"]
rows = [
    ["gh:1", 0.0, false, "", ""],
    ["gh:2", 0.0, false, "", ""],
    ["gh:3", 1.0, true, "", "window"],
    ["gh:4", 0.0, false, "redeploy", ""],
    ["gh:5", 0.0, false, "", ""],
]

[reasons]
redeploy = "the commit of the deployment before it again"
failed_to_deploy = "never succeeded"
unfinished = "waiting, superseded or cancelled"
no_incident_source = "no source tells of the service's incidents"
not_yet_evaluated = "younger than the incident window: an incident may still come"
not_linked = "an incident that no deployment could be linked to"
no_service = "an incident of no configured service"
test = "an incident that was a drill"
duplicate = "an incident that was merged into another"
unconfirmed = "an incident that its source took back, or has yet to accept"
not_production = "an incident of another environment than production"

[columns]
item_kind = "deployment; or incident, for coverage alone"
item_id = "source:id of the deployment or incident"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "success, else failure, else start of a deployment; beginning of an incident"
ended_at = "first success of a deployment; end of an incident"
on_date = "local day of the deployment or of the incident's beginning"
value = "1 for a failed deployment or a linked incident, else 0"
is_event = "the deployment failed; the incident is linked"
is_open = "an incident that lasts"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "how the failure was linked: explicit, rollback, revert, window or hotfix"
confidence = "high, medium or low"

[neighbours.window_12_hours]
about = "Incident window"
words = "12 hours"
table = "facts.dim_run"
columns = { incident_window_seconds = "12 * 3600" }

[neighbours.window_24_hours]
about = "Incident window"
words = "24 hours"
table = "facts.dim_run"
columns = { incident_window_seconds = "24 * 3600" }

[neighbours.window_48_hours]
about = "Incident window"
words = "48 hours"
table = "facts.dim_run"
columns = { incident_window_seconds = "48 * 3600" }

[neighbours.with_links_by_time]
about = "Links that rest on time alone"
words = "with them"
table = "facts.dim_run"
columns = { incident_window_seconds = "incident_window_seconds" }

[neighbours.without_links_by_time]
about = "Links that rest on time alone"
words = "without them: named, rolled back or reverted"
table = "facts.dim_run"
columns = { incident_window_seconds = "CAST(NULL AS BIGINT)" }
*/
SELECT
    'deployment' AS item_kind,
    d.item_id,
    d.service_id,
    o.team_id,
    d.attempted_at AS started_at,
    d.deployed_at AS ended_at,
    coalesce(d.deployed_on, d.attempted_on) AS on_date,
    CAST(CASE WHEN f.item_id IS NOT NULL THEN 1 ELSE 0 END AS DOUBLE) AS value,
    f.item_id IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN d.outcome = 'failed' THEN 'failed_to_deploy'
        WHEN d.outcome = 'unfinished' THEN 'unfinished'
        WHEN d.is_redeploy THEN 'redeploy'
        WHEN k.service_id IS NULL THEN 'no_incident_source'
        WHEN epoch(r.as_of) - epoch(d.deployed_at) < r.incident_window_seconds THEN 'not_yet_evaluated'
    END AS excluded_reason,
    f.link_method,
    f.confidence
FROM facts.fct_deployment AS d
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_calendar AS k ON k.service_id = d.service_id AND k.metric_family = 'reliability'
LEFT JOIN facts.fct_failed_deployment AS f ON f.item_id = d.item_id AND f.service_id = d.service_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id
    AND o.valid_from <= coalesce(d.deployed_on, d.attempted_on)
    AND o.valid_to > coalesce(d.deployed_on, d.attempted_on)
UNION ALL
SELECT
    'incident',
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.restored_at,
    i.started_on,
    CAST(CASE WHEN l.deployment_item_id IS NOT NULL THEN 1 ELSE 0 END AS DOUBLE),
    l.deployment_item_id IS NOT NULL,
    i.restored_at IS NULL,
    CASE
        WHEN i.excluded_reason IS NOT NULL THEN i.excluded_reason
        WHEN l.deployment_item_id IS NULL THEN 'not_linked'
    END,
    l.link_method,
    l.confidence
FROM facts.fct_incident AS i
LEFT JOIN facts.fct_incident_deployment AS l ON l.item_id = i.item_id AND l.service_id = i.service_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.started_on AND o.valid_to > i.started_on
