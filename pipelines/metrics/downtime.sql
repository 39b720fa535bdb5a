/*
title = "Downtime"
question = "For how many hours did at least one incident last?"
formula = "hours in which at least one incident of the service lasted, what overlaps counted once, summed over services"
family = "reliability"
calendar = "incident"
unit = "hours"
direction = "lower_is_better"
kind = "quantity"
about = "system"
item_kind = "service_week"
grains = ["week", "month", "quarter"]
statistics = ["total"]
window = "The local days in which the hours lie."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "An incident lasts until it was mitigated, else resolved; whether nobody or everybody was struck does not matter.",
    "Of several services each adds its own hours, also where one incident struck them all: 2 services down for an hour are 2 hours.",
    "An incident that lasts counts up to now.",
]
not_for = ["comparing people", "availability as promised to users: that is service level attainment"]
references = ["The Site Reliability Workbook, https://sre.google/workbook/implementing-slos/"]
depends_on = ["facts.fct_downtime", "facts.dim_service_owner"]

[example]
words = "Half an hour and three quarters of an hour that overlap are 1 hour; three hours over Sunday midnight are 1 and 2; a quiet week is 0: 1 + 1 + 2 + 0 + 0.5 = 4.5 hours."
statistic = "total"
value = 4.5
columns = ["item_id", "value"]
rows = [
    ["shop:2026-01-01", 1.0],
    ["shop:2026-01-05", 1.0],
    ["shop:2026-01-12", 2.0],
    ["shop:2026-01-19", 0.0],
    ["shop:2026-01-26", 0.5],
]

[reasons]

[columns]
item_kind = "service_week"
item_id = "service:first day of the week, or of its part in one month and with one owner"
service_id = "the service"
team_id = "the team that owned the service on its first day; null where nobody did"
started_at = "beginning of the first day"
ended_at = "end of the last day"
on_date = "first local day"
value = "hours in which at least one incident lasted; 0 where none did"
is_event = "an incident lasted in it"
is_open = "never"
excluded_reason = "always null"
link_method = "always null"
confidence = "always null"
*/
SELECT
    'service_week' AS item_kind,
    d.item_id,
    d.service_id,
    o.team_id,
    d.starts_at AS started_at,
    d.ends_at AS ended_at,
    d.starts_on AS on_date,
    CAST(d.down_seconds / 3600 AS DOUBLE) AS value,
    d.down_seconds > 0 AS is_event,
    false AS is_open,
    CAST(NULL AS VARCHAR) AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_downtime AS d
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id AND o.valid_from <= d.starts_on AND o.valid_to > d.starts_on
