/*
title = "Time to restore"
question = "How long did it take until service was restored, whatever had gone wrong?"
formula = "Kaplan–Meier quantile of: service restored − incident began, in hours, per incident; incidents that last are open"
family = "reliability"
calendar = "incident"
unit = "hours"
direction = "lower_is_better"
kind = "duration"
estimator = "kaplan_meier"
item_kind = "incident"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85"]
window = "The day on which the incident began."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Incidents of every origin are in it, a provider's outage as well as a failed deployment.",
    "An incident ends when it was mitigated, else when it was resolved; a source that knows the latter alone shows longer times.",
    "How grave an incident was does not matter: where small ones are told more often, the number falls.",
]
not_for = ["comparing people", "failed deployments alone: failed deployment recovery time tells of these"]
references = ["DORA: history of its metrics, https://dora.dev/insights/dora-metrics-history/"]
depends_on = ["facts.fct_incident", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One was a drill; of four, after 1 and 2 hours one and two were over: half were after 2 hours, the one that lasts included."
statistic = "p50"
value = 2
columns = ["item_id", "value", "is_open", "excluded_reason"]
rows = [
    ["pd:1", 2.0, false, ""],
    ["pd:2", 4.0, false, ""],
    ["pd:3", 1.0, false, ""],
    ["pd:4", 1.0, false, "test"],
    ["pd:5", 10.0, true, ""],
]

[reasons]
no_service = "an incident of no configured service"
test = "a drill"
duplicate = "merged into another incident"
unconfirmed = "its source took it back, or has yet to accept it"
not_production = "of another environment than production"

[columns]
item_kind = "incident"
item_id = "source:id of the incident"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it began"
ended_at = "when service was restored; null while it is not"
on_date = "local day on which it began"
value = "hours from started_at to ended_at, or to now while it lasts"
is_event = "restored"
is_open = "not restored yet"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
SELECT
    'incident' AS item_kind,
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.restored_at AS ended_at,
    i.started_on AS on_date,
    CAST(
        CAST(
            epoch(greatest(coalesce(i.restored_at, r.as_of), i.started_at)) - epoch(i.started_at) AS BIGINT
        ) / 3600.0 AS DOUBLE
    ) AS value,
    i.restored_at IS NOT NULL AS is_event,
    i.restored_at IS NULL AS is_open,
    i.excluded_reason AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_incident AS i
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.started_on AND o.valid_to > i.started_on
