/*
description = "One row per count of customers' answers about a service in a stretch of days; no numbers of what is left out."
depends_on = ["staged.stg_satisfaction"]
key = ["item_id"]
not_null = ["item_id", "on_date"]
accepted_values = { excluded_reason = ["not_over", "overlaps", "few_answers"] }

[columns]
item_id = "source:id of the count"
service_id = "the configured service; null where it names none of them"
on_date = "the day in the middle of the stretch"
answers = "how many customers answered; null where it is left out"
satisfied = "of them, how many are satisfied; null where it is left out"
excluded_reason = "not over yet, told of in a longer stretch too, or of fewer than six answers; null where it counts"
*/
SELECT
    item_id,
    service_id,
    on_date,
    CASE WHEN excluded_reason IS NULL THEN answers END AS answers,
    CASE WHEN excluded_reason IS NULL THEN satisfied END AS satisfied,
    excluded_reason
FROM staged.stg_satisfaction
