/*
description = "One row per product, cohort and later period that has begun: how many of the cohort were there again; no numbers of what is left out."
depends_on = ["staged.stg_retention_cell"]
key = ["item_id"]
not_null = ["item_id", "starts_on", "age"]
accepted_values = { excluded_reason = ["finer_grain", "not_over", "small_cohort"] }

[columns]
item_id = "source:id of the count"
starts_on = "first day of the period"
age = "how many periods after the cohort's own, such as month 3"
users = "of the cohort, in all; null where it is left out"
retained = "of them, those seen in this period; null where it is left out"
retained_or_later = "of them, those seen in this period or a later one; null where it is left out or the source does not count so"
excluded_reason = "told of in longer periods too, not over yet, or of fewer than 20 users; null where it counts"
*/
SELECT
    item_id,
    starts_on,
    grain || ' ' || CAST(period_number AS VARCHAR) AS age,
    CASE WHEN excluded_reason IS NULL THEN users END AS users,
    CASE WHEN excluded_reason IS NULL THEN retained END AS retained,
    CASE WHEN excluded_reason IS NULL THEN retained_or_later END AS retained_or_later,
    excluded_reason
FROM staged.stg_retention_cell
