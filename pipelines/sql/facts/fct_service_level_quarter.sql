/*
description = "One row per service level objective, service and local day with readings: the quarter up to that day."
depends_on = ["staged.stg_service_level_quarter", "facts.fct_service_level_day"]
key = ["item_id", "service_id", "on_date"]
not_null = ["item_id", "label", "on_date", "starts_at", "good", "total"]

[columns]
item_id = "source:id of the objective"
service_id = "the service; null where it is nobody's"
label = "what people call the objective"
on_date = "local day"
starts_at = "the instant at which the day begins"
ends_at = "when the next day with readings or the next fiscal quarter begins, at most as many days later as the objective's window has; null while that is to come"
good = "good events of the fiscal quarter up to the end of that day"
total = "all events of the same"
allowed = "events of the same that were allowed to be bad, each day by what was promised then; null where a day has no promise"
*/
SELECT d.item_id, d.service_id, d.label, d.on_date, d.starts_at, q.ends_at, q.good, q.total, q.allowed
FROM facts.fct_service_level_day AS d
JOIN staged.stg_service_level_quarter AS q ON q.item_id = d.item_id AND q.on_date = d.on_date
