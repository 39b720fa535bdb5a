/*
title = "Incidents with a postmortem"
question = "Of what share of incidents was written down what was learned?"
formula = "incidents with a published postmortem ÷ incidents that ended at least 14 days ago; by severity where the source names one"
family = "reliability"
calendar = "postmortem"
unit = "ratio"
direction = "higher_is_better"
kind = "ratio"
item_kind = "incident"
grains = ["month", "quarter"]
statistics = ["ratio"]
window = "The day on which the incident began."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "All incidents are in it, also small ones that need no postmortem: read those by themselves that are grave enough, by severity.",
    "A postmortem belongs to the incident whose id, key or page it names; one that names none is not seen.",
    "It begins with the first incident that is known to have one; a late postmortem counts as one in time.",
]
not_for = ["comparing people", "judging how good a postmortem is"]
references = ["Site Reliability Engineering, https://sre.google/sre-book/postmortem-culture/"]
depends_on = ["facts.fct_incident", "facts.fct_postmortem", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "A drill and one that is too young are left out; 1 of 3 has a postmortem: 33 %."
statistic = "ratio"
value = 0.3333333333333333
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["pd:1", true, ""],
    ["pd:2", false, ""],
    ["pd:3", false, ""],
    ["pd:4", false, "test"],
    ["pd:5", false, "too_young"],
]

[reasons]
no_service = "an incident of no configured service"
test = "a drill"
duplicate = "merged into another incident"
unconfirmed = "its source took it back, or has yet to accept it"
not_production = "of another environment than production"
too_young = "it lasts, or ended less than 14 days ago"

[columns]
item_kind = "incident"
item_id = "source:id of the incident"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it began"
ended_at = "when service was restored; null while it is not"
on_date = "local day on which it began"
value = "1 where a postmortem is published, else 0"
is_event = "a postmortem is published"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "its severity in the source's word; null where nobody said"
*/
SELECT
    'incident' AS item_kind,
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.restored_at AS ended_at,
    i.started_on AS on_date,
    CAST(CASE WHEN p.item_id IS NOT NULL THEN 1 ELSE 0 END AS DOUBLE) AS value,
    p.item_id IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN i.excluded_reason IS NOT NULL THEN i.excluded_reason
        WHEN i.restored_at IS NULL OR epoch(r.as_of) - epoch(i.restored_at) < 14 * 86400 THEN 'too_young'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    i.severity AS category
FROM facts.fct_incident AS i
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.fct_postmortem AS p ON p.item_id = i.item_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.started_on AND o.valid_to > i.started_on
