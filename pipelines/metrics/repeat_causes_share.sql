/*
title = "Incidents for a known reason"
question = "What share of incidents had a reason that had already struck the service shortly before?"
formula = "incidents that share a tag with an incident of the same service that began within the 90 days before ÷ incidents with tags"
family = "reliability"
calendar = "incident"
unit = "ratio"
direction = "lower_is_better"
kind = "ratio"
item_kind = "incident"
grains = ["month", "quarter"]
statistics = ["ratio"]
window = "The day on which the incident began."
unlinked_reasons = ["no_tag"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "A tag is what people wrote: two words for one thing repeat nothing, and a wide word such as human error repeats always.",
    "Tags come from incidents and postmortems in files; other sources tell of none.",
    "The first 90 days of a service's incidents are left out, as nobody knows what was before.",
]
not_for = ["comparing people", "comparing teams that tag in different ways"]
references = ["Site Reliability Engineering, https://sre.google/sre-book/postmortem-culture/"]
depends_on = [
    "facts.fct_incident",
    "facts.fct_incident_attribution",
    "facts.dim_service_calendar",
    "facts.dim_service_owner",
]

[example]
words = "A drill and one without a tag are left out; the cause of the first struck again four days later: 1 of 3, 33 %."
statistic = "ratio"
value = 0.3333333333333333
columns = ["item_id", "on_date", "is_event", "excluded_reason"]
rows = [
    ["pd:1", "2026-03-06", false, ""],
    ["pd:2", "2026-03-10", true, ""],
    ["pd:3", "2026-03-14", false, ""],
    ["pd:4", "2026-03-20", false, "test"],
    ["pd:5", "2026-03-31", false, "no_tag"],
]

[reasons]
no_service = "an incident of no configured service"
test = "a drill"
duplicate = "merged into another incident"
unconfirmed = "its source took it back, or has yet to accept it"
not_production = "of another environment than production"
no_tag = "nobody has said what it was attributed to"
too_early = "it began within the first 90 days of which a source tells: what was before is not known"

[columns]
item_kind = "incident"
item_id = "source:id of the incident"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it began"
ended_at = "when service was restored; null while it is not"
on_date = "local day on which it began"
value = "1 where it shares a tag with an earlier one, else 0"
is_event = "it shares a tag with an earlier one"
is_open = "never"
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
    CAST(CASE WHEN a.is_repeated THEN 1 ELSE 0 END AS DOUBLE) AS value,
    coalesce(a.is_repeated, false) AS is_event,
    false AS is_open,
    CASE
        WHEN i.excluded_reason IS NOT NULL THEN i.excluded_reason
        WHEN k.starts_on IS NULL OR epoch(i.started_on) - epoch(k.starts_on) < 90 * 86400 THEN 'too_early'
        WHEN a.item_id IS NULL THEN 'no_tag'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_incident AS i
LEFT JOIN facts.fct_incident_attribution AS a ON a.item_id = i.item_id AND a.service_id = i.service_id
LEFT JOIN facts.dim_service_calendar AS k ON k.service_id = i.service_id AND k.metric_family = 'incident'
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.started_on AND o.valid_to > i.started_on
