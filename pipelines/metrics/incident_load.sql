/*
title = "Incident load"
question = "How many incidents did a team have to answer?"
formula = "incidents ÷ (days covered ÷ 7); and their number; by rotation where the source names one"
family = "reliability"
calendar = "incident"
unit = "count"
direction = "neutral"
kind = "count"
item_kind = "incident"
grains = ["quarter"]
statistics = ["per_week", "count"]
window = "The day on which the incident began, by quarter alone: a week of one rotation is one person on call."
coverage_item_kind = "service"
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "More incidents may mean that more went wrong, or that more is told. It is a load, and no measure of safety.",
    "It begins with the first incident that a source tells of: a service of whose incidents no source tells is not in it.",
    "Grave and small ones weigh the same, and so do ten minutes and a night.",
    "A rotation's weeks begin with those of the services: one that is younger shows zeros before.",
]
not_for = ["comparing people", "comparing teams that tell of incidents in different ways"]
references = ["Site Reliability Engineering, https://sre.google/sre-book/being-on-call/"]
depends_on = ["facts.fct_incident", "facts.dim_service_calendar", "facts.dim_service_owner"]

[example]
words = "One was a drill: 4 incidents."
statistic = "count"
value = 4
columns = ["item_id", "on_date", "value", "excluded_reason"]
rows = [
    ["pd:1", "2026-03-06", 1.0, ""],
    ["pd:2", "2026-03-10", 1.0, ""],
    ["pd:3", "2026-03-14", 1.0, ""],
    ["pd:4", "2026-03-20", 1.0, "test"],
    ["pd:5", "2026-03-31", 1.0, ""],
]

[reasons]
no_service = "an incident of no configured service"
test = "a drill"
duplicate = "merged into another incident"
unconfirmed = "its source took it back, or has yet to accept it"
not_production = "of another environment than production"
covered = "no incident, but a service of whose incidents a source tells, from that day on"

[columns]
item_kind = "incident; or service, which is not counted: where there was no incident at all that is a true zero"
item_id = "source:id of the incident; or the service and its day"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it began"
ended_at = "when service was restored; null while it is not"
on_date = "local day on which it began; of a service the first that is covered, or that its next owner had it"
value = "1; null of a service"
is_event = "an incident"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "the rotation whose turn it was; null where nobody said"
*/
SELECT
    'incident' AS item_kind,
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.restored_at AS ended_at,
    i.started_on AS on_date,
    CAST(1 AS DOUBLE) AS value,
    true AS is_event,
    false AS is_open,
    i.excluded_reason AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    i.rotation AS category
FROM facts.fct_incident AS i
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.started_on AND o.valid_to > i.started_on
UNION ALL
SELECT
    'service',
    k.service_id || ':' || CAST(greatest(k.starts_on, coalesce(o.valid_from, k.starts_on)) AS VARCHAR),
    k.service_id,
    o.team_id,
    CAST(NULL AS TIMESTAMPTZ),
    CAST(NULL AS TIMESTAMPTZ),
    greatest(k.starts_on, coalesce(o.valid_from, k.starts_on)),
    CAST(NULL AS DOUBLE),
    false,
    false,
    'covered',
    NULL,
    NULL,
    NULL
FROM facts.dim_service_calendar AS k
LEFT JOIN facts.dim_service_owner AS o ON o.service_id = k.service_id AND o.valid_to > k.starts_on
WHERE k.metric_family = 'incident'
