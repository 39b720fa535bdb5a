/*
title = "Failed deployment recovery time"
question = "When a deployment failed, how long did it take until service was restored?"
formula = "Kaplan–Meier quantile of: service restored − failure began, in hours, per failed deployment; failures that last are open"
family = "reliability"
unit = "hours"
direction = "lower_is_better"
kind = "duration"
estimator = "kaplan_meier"
item_kind = "deployment"
ends_with = "last"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85"]
window = "The day on which the failure began."
unlinked_reasons = ["not_linked"]
coverage_item_kind = "incident"
owner = "engineering-outcomes"
since = 2026-11-01
version = 1
caveats = [
    "Without an incident the failure is taken to begin with the deployment and to end with the rollback or hotfix.",
    "A service of whose incidents no source tells is not in it, even where rollbacks or hotfixes are known.",
    "Incidents that no deployment could be linked to, such as a provider's outage, are not in it.",
    "Several incidents of one deployment count from the first beginning to the last end.",
    "A deployment that failed in several services counts once for their team, with the one that was restored last.",
]
not_for = ["comparing people", "all incidents of whatever origin"]
references = ["DORA: failed deployment recovery time, https://dora.dev/guides/dora-metrics/"]
depends_on = [
    "facts.fct_failed_deployment", "facts.fct_incident", "facts.fct_incident_deployment",
    "facts.dim_service_calendar", "facts.dim_service_owner", "facts.dim_run",
]

[example]
words = "Of five, after 1, 2 and 3 hours one, two and three were mended: half were after 3 hours, the one still open included."
statistic = "p50"
value = 3
columns = ["item_id", "started_at", "value", "is_open"]
rows = [
    ["gh:1", "2026-03-02T09:00Z", 1.0, false],
    ["gh:2", "2026-03-04T09:00Z", 3.0, false],
    ["gh:3", "2026-03-06T09:00Z", 5.0, false],
    ["gh:4", "2026-03-08T09:00Z", 2.0, false],
    ["gh:5", "2026-03-10T08:00Z", 16.0, true],
]

[reasons]
no_incident_source = "no source tells of the service's incidents"
unknown_restoration = "its hotfix could not be found among the deployments"
not_linked = "an incident that no deployment could be linked to"
no_service = "an incident of no configured service"
test = "an incident that was a drill"
duplicate = "an incident that was merged into another"
unconfirmed = "an incident that its source took back, or has yet to accept"
not_production = "an incident of another environment than production"

[columns]
item_kind = "deployment; or incident, for coverage alone"
item_id = "source:id of the failed deployment or incident"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when the failure or incident began"
ended_at = "when service was restored; null while it is not"
on_date = "local day on which the failure or incident began"
value = "hours from started_at to ended_at, or to now while it lasts"
is_event = "restored"
is_open = "not restored yet"
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
    f.item_id,
    f.service_id,
    o.team_id,
    f.failed_at AS started_at,
    f.restored_at AS ended_at,
    f.failed_on AS on_date,
    CAST(
        CAST(
            epoch(greatest(coalesce(f.restored_at, r.as_of), f.failed_at)) - epoch(f.failed_at) AS BIGINT
        ) / 3600.0 AS DOUBLE
    ) AS value,
    f.restored_at IS NOT NULL AS is_event,
    f.restored_at IS NULL AS is_open,
    CASE
        WHEN k.service_id IS NULL THEN 'no_incident_source'
        WHEN NOT f.is_restoration_known THEN 'unknown_restoration'
    END AS excluded_reason,
    f.link_method,
    f.confidence
FROM facts.fct_failed_deployment AS f
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_calendar AS k ON k.service_id = f.service_id AND k.metric_family = 'reliability'
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = f.service_id AND o.valid_from <= f.failed_on AND o.valid_to > f.failed_on
UNION ALL
SELECT
    'incident',
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.restored_at,
    i.started_on,
    CAST(
        CAST(
            epoch(greatest(coalesce(i.restored_at, r.as_of), i.started_at)) - epoch(i.started_at) AS BIGINT
        ) / 3600.0 AS DOUBLE
    ),
    i.restored_at IS NOT NULL,
    i.restored_at IS NULL,
    CASE
        WHEN i.excluded_reason IS NOT NULL THEN i.excluded_reason
        WHEN l.deployment_item_id IS NULL THEN 'not_linked'
    END,
    l.link_method,
    l.confidence
FROM facts.fct_incident AS i
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.fct_incident_deployment AS l ON l.item_id = i.item_id AND l.service_id = i.service_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.started_on AND o.valid_to > i.started_on
