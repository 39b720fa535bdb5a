/*
title = "Incidents out of hours"
question = "What share of incidents began at night, in the evening or at a weekend?"
formula = "incidents that began on a Saturday or Sunday, or before 8:00 or from 18:00 on, in the organisation's time zone ÷ incidents; by rotation where the source names one"
family = "reliability"
calendar = "incident"
unit = "ratio"
direction = "lower_is_better"
kind = "ratio"
item_kind = "incident"
grains = ["quarter"]
statistics = ["ratio"]
window = "The day on which the incident began."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "The hours are Monday to Friday, 8 to 18, in the organisation's one time zone, whatever a team agreed; public holidays are not known.",
    "These hours are 30 % of a week: of incidents that come at any time 70 % begin outside of them.",
    "A rotation of fewer than five people is told about people: look at it together with others.",
]
not_for = ["comparing people", "rotations that follow the sun"]
references = ["Site Reliability Engineering, https://sre.google/sre-book/being-on-call/"]
depends_on = ["facts.fct_incident", "facts.dim_service_owner"]

[example]
words = "One was a drill; of the others 1 of 4 began outside the hours, on a Saturday: 25 %."
statistic = "ratio"
value = 0.25
columns = ["item_id", "started_at", "is_event", "excluded_reason"]
rows = [
    ["pd:1", "2026-03-06T09:00Z", false, ""],
    ["pd:2", "2026-03-10T08:00Z", false, ""],
    ["pd:3", "2026-03-14T20:00Z", true, ""],
    ["pd:4", "2026-03-20T03:00Z", true, "test"],
    ["pd:5", "2026-03-31T14:00Z", false, ""],
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
value = "1 where it began out of hours, else 0"
is_event = "it began out of hours"
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
    CAST(CASE WHEN i.is_out_of_hours THEN 1 ELSE 0 END AS DOUBLE) AS value,
    i.is_out_of_hours AS is_event,
    false AS is_open,
    i.excluded_reason AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    i.rotation AS category
FROM facts.fct_incident AS i
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.started_on AND o.valid_to > i.started_on
