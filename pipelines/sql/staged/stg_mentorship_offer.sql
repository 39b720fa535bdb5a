/*
description = "One row per quarter and person who could have been offered a place in a mentorship, without who it is; else one for the quarter that says that it is not told."
depends_on = ["raw.mentorship_offer", "staged.stg_run", "config.organisation"]
key = ["item_id"]
not_null = ["item_id", "on_date", "is_offered"]
accepted_values = { excluded_reason = ["quarter_not_over", "too_few"] }

[columns]
item_id = "the quarter's first day, and a rank in it: nothing of the person enters it"
on_date = "last day of the quarter, at most the last local day that has begun"
is_offered = "as many are as were offered a place"
excluded_reason = "why the quarter is not told; null where it is"
*/
-- Several lists may tell of a quarter, each of others.
WITH quarter AS (
    SELECT
        CAST(
            make_date(CAST(m.quarter[1:4] AS INTEGER), o.quarter_start_month, 1)
            + to_months(3 * (CAST(m.quarter[7:7] AS INTEGER) - 1)) AS DATE
        ) AS starts_on,
        CAST(sum(m.eligible) AS BIGINT) AS eligible,
        CAST(sum(m.offered) AS BIGINT) AS offered
    FROM raw.mentorship_offer AS m
    CROSS JOIN config.organisation AS o
    WHERE m.gone_at IS NULL
    GROUP BY starts_on
),

-- One or two who were offered a place, or were not, could be found; which of it it was is not told either.
judged AS (
    SELECT
        q.*,
        least(CAST(q.starts_on + INTERVAL 3 MONTH - INTERVAL 1 DAY AS DATE), r.last_day_on) AS on_date,
        CASE
            WHEN q.starts_on + INTERVAL 3 MONTH > r.as_of_on THEN 'quarter_not_over'
            WHEN q.eligible < 5 OR q.offered IN (1, 2) OR q.eligible - q.offered IN (1, 2) THEN 'too_few'
        END AS excluded_reason
    FROM quarter AS q
    CROSS JOIN staged.stg_run AS r
    WHERE q.starts_on <= r.last_day_on
)

SELECT starts_on || ':0' AS item_id, on_date, false AS is_offered, excluded_reason
FROM judged
WHERE excluded_reason IS NOT NULL
UNION ALL
SELECT starts_on || ':' || place, on_date, place <= offered, NULL
FROM (SELECT *, unnest(generate_series(1, eligible)) AS place FROM judged WHERE excluded_reason IS NULL)
