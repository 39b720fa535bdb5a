/*
description = "One row per product, cohort and later period that a source tells of: how many of the cohort were there again."
depends_on = ["raw.retention_count", "staged.stg_run"]
key = ["item_id"]
not_null = ["item_id", "product", "grain", "cohort_on", "period_number", "starts_on", "ends_on", "users", "retained"]
accepted_values = { grain = ["day", "week", "month"], excluded_reason = ["finer_grain", "not_over", "small_cohort"] }

[columns]
item_id = "source:id of the count"
product = "the product's name"
grain = "how long a period is"
cohort_on = "first day of the period in which the cohort was first seen"
period_number = "how many periods later; 1 is the first after the cohort's own"
starts_on = "first day of the period"
ends_on = "the day after the period's last one"
users = "of the cohort, in all"
retained = "of them, those seen in this period"
retained_or_later = "of them, those seen in this period or a later one; null where the source does not count so"
excluded_reason = "told of in longer periods too, not over yet, or of fewer than 20 users; null where it counts"
*/
WITH cell AS (
    SELECT
        c.source || ':' || c.id AS item_id,
        c.source,
        c.product,
        c.grain,
        CASE c.grain WHEN 'month' THEN 3 WHEN 'week' THEN 2 ELSE 1 END AS length,
        c.cohort_start AS cohort_on,
        c.period_number,
        CASE c.grain
            WHEN 'month' THEN to_months(CAST(c.period_number AS INTEGER))
            WHEN 'week' THEN to_days(CAST(7 * c.period_number AS INTEGER))
            ELSE to_days(CAST(c.period_number AS INTEGER))
        END AS later,
        CASE c.grain WHEN 'month' THEN to_months(1) WHEN 'week' THEN to_days(7) ELSE to_days(1) END AS one,
        c.users,
        c.retained,
        c.retained_or_later
    FROM raw.retention_count AS c
    -- No product is a century old: a greater number is a slip, and would be no date.
    WHERE c.gone_at IS NULL AND c.period_number BETWEEN 1 AND 36500 AND c.users > 0
),

dated AS (
    SELECT *, CAST(cohort_on + later AS DATE) AS starts_on, CAST(cohort_on + later + one AS DATE) AS ends_on FROM cell
)

SELECT
    d.item_id,
    d.product,
    d.grain,
    d.cohort_on,
    d.period_number,
    d.starts_on,
    d.ends_on,
    d.users,
    d.retained,
    d.retained_or_later,
    CASE
        WHEN d.length < max(d.length) OVER (PARTITION BY d.source, d.product) THEN 'finer_grain'
        WHEN d.ends_on > r.as_of_on THEN 'not_over'
        WHEN d.users < 20 THEN 'small_cohort'
    END AS excluded_reason
FROM dated AS d
CROSS JOIN staged.stg_run AS r
WHERE d.starts_on <= r.as_of_on
