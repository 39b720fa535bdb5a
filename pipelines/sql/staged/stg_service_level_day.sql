/*
description = "One row per service level objective and local day with readings: what was counted, and what was promised then."
depends_on = [
    "raw.service_level_objective", "raw.service_level_reading", "staged.stg_objective_service", "config.source",
    "config.run", "config.organisation",
]
key = ["item_id", "on_date"]
not_null = ["item_id", "source", "on_date", "starts_at", "good", "total", "window_days"]

[columns]
item_id = "source:id of the objective where it is defined"
source = "the source that measured it"
on_date = "the local day in which the middle of each reading lies"
starts_at = "the instant at which the day begins"
ends_at = "when the next day with readings begins, at most as many days later as the window has; null while that is to come"
good = "events that were good enough"
total = "all events"
target_ratio = "the share that was to be good on that day; before the first that is known, the first; null where none is known"
window_days = "over how many days it is promised; 30 where nobody said"
*/
WITH measured AS (
    SELECT
        s.item_id,
        r.source,
        CAST((r.period_start + (r.period_end - r.period_start) / 2) AT TIME ZONE o.time_zone AS DATE) AS on_date,
        sum(r.good) AS good,
        sum(r.total) AS total
    FROM raw.service_level_reading AS r
    JOIN (SELECT DISTINCT source, objective_id, item_id FROM staged.stg_objective_service) AS s
        ON s.source = r.source AND s.objective_id = r.objective_id
    CROSS JOIN config.run AS n
    CROSS JOIN config.organisation AS o
    WHERE r.gone_at IS NULL AND r.period_end <= n.as_of
    GROUP BY ALL
),

-- Of two sources that measure the same day, the one that stands first in the configuration is believed.
day AS (
    SELECT m.*
    FROM measured AS m
    LEFT JOIN config.source AS k ON k.name = m.source
    WHERE m.total > 0
    QUALIFY row_number() OVER (PARTITION BY m.item_id, m.on_date ORDER BY k.position NULLS LAST, m.source) = 1
),

promised AS (
    SELECT d.item_id, d.on_date, b.target_ratio, coalesce(b.window_days, 30) AS window_days
    FROM day AS d
    LEFT JOIN raw.service_level_objective AS b
        ON b.source || ':' || b.id = d.item_id
        AND b.gone_at IS NULL
        AND (b.valid_to IS NULL OR b.valid_to > d.on_date)
    QUALIFY row_number() OVER (PARTITION BY d.item_id, d.on_date ORDER BY b.valid_from) = 1
),

spell AS (
    SELECT
        d.*, p.target_ratio, p.window_days,
        least(
            coalesce(lead(d.on_date) OVER (PARTITION BY d.item_id ORDER BY d.on_date), DATE '9999-12-31'),
            d.on_date + CAST(p.window_days AS INTEGER)
        ) AS ends_on
    FROM day AS d
    JOIN promised AS p ON p.item_id = d.item_id AND p.on_date = d.on_date
)

SELECT
    s.item_id,
    s.source,
    s.on_date,
    CAST(s.on_date AS TIMESTAMP) AT TIME ZONE o.time_zone AS starts_at,
    CASE
        WHEN CAST(s.ends_on AS TIMESTAMP) AT TIME ZONE o.time_zone <= r.as_of
            THEN CAST(s.ends_on AS TIMESTAMP) AT TIME ZONE o.time_zone
    END AS ends_at,
    s.good,
    s.total,
    s.target_ratio,
    s.window_days
FROM spell AS s
CROSS JOIN config.run AS r
CROSS JOIN config.organisation AS o
