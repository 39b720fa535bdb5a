/*
title = "Incidents reported by the team"
question = "Of the incidents that people noticed, what share did the team itself tell of, and not its users?"
formula = "incidents reported by the team ÷ incidents reported by the team, by users or by others"
family = "reliability"
calendar = "incident"
unit = "ratio"
direction = "higher_is_better"
kind = "ratio"
item_kind = "incident"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day on which the incident began."
linked_reasons = ["monitor"]
unlinked_reasons = ["unknown_reporter"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "What a monitor noticed is left out: nobody had to speak up.",
    "Read it with the incident load: many reports by a team that feels safe are health, and few may be silence.",
    "PagerDuty and incident.io call everybody who opens an incident by hand the team, also those who pass on a user's word.",
]
not_for = ["comparing people", "judging how many incidents there are"]
references = ["Site Reliability Engineering, https://sre.google/sre-book/postmortem-culture/"]
depends_on = ["facts.fct_incident", "facts.dim_service_owner"]

[example]
words = "A drill and what a monitor noticed are left out; of three that people noticed the team told of 1: 33 %."
statistic = "ratio"
value = 0.3333333333333333
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["pd:1", true, ""],
    ["pd:2", false, ""],
    ["pd:3", false, "monitor"],
    ["pd:4", false, "test"],
    ["pd:5", false, ""],
]

[reasons]
no_service = "an incident of no configured service"
test = "a drill"
duplicate = "merged into another incident"
unconfirmed = "its source took it back, or has yet to accept it"
not_production = "of another environment than production"
monitor = "a monitor reported it"
unknown_reporter = "its source does not say who reported it"

[columns]
item_kind = "incident"
item_id = "source:id of the incident"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it began"
ended_at = "when service was restored; null while it is not"
on_date = "local day on which it began"
value = "1 where the team reported it, else 0"
is_event = "the team reported it"
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
    CAST(CASE WHEN i.reported_by = 'team' THEN 1 ELSE 0 END AS DOUBLE) AS value,
    coalesce(i.reported_by = 'team', false) AS is_event,
    false AS is_open,
    CASE
        WHEN i.excluded_reason IS NOT NULL THEN i.excluded_reason
        WHEN i.reported_by IS NULL THEN 'unknown_reporter'
        WHEN i.reported_by = 'monitor' THEN 'monitor'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_incident AS i
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.started_on AND o.valid_to > i.started_on
