/*
description = "One row per service level objective, service and local day with readings, with the days before it that its window holds."
depends_on = ["staged.stg_objective_service", "staged.stg_service_level_day"]
key = ["item_id", "service_id", "on_date"]
not_null = ["item_id", "label", "on_date", "starts_at", "good", "total", "window_good", "window_total", "week_good", "week_total"]

[columns]
item_id = "source:id of the objective"
service_id = "the service; null where it is nobody's"
label = "what people call the objective"
on_date = "local day"
starts_at = "the instant at which the day begins"
ends_at = "when the next day with readings begins, at most as many days later as the window has; null while that is to come"
good = "events of the day that were good enough"
total = "all events of the day"
target_ratio = "the share that was to be good on that day; null where none is known"
window_days = "over how many days it is promised"
window_good = "good events of the window that ends with this day"
window_total = "all events of that window"
window_allowed = "events of that window that were allowed to be bad, each day by what was promised then; null where a day has no promise"
week_good = "good events of the seven days that end with this day"
week_total = "all events of those seven days"
week_allowed = "events of those seven days that were allowed to be bad; null where a day has no promise"
*/
WITH day AS (
    SELECT *, (1 - target_ratio) * total AS allowed FROM staged.stg_service_level_day
),

-- Each day beside those before it that its window or its week holds.
paired AS (
    SELECT
        d.item_id,
        d.on_date,
        e.good,
        e.total,
        e.allowed,
        epoch(d.on_date) - epoch(e.on_date) < 86400 * d.window_days AS is_in_window,
        epoch(d.on_date) - epoch(e.on_date) < 86400 * 7 AS is_in_week
    FROM day AS d
    JOIN day AS e
        ON e.item_id = d.item_id
        AND e.on_date <= d.on_date
        AND epoch(d.on_date) - epoch(e.on_date) < 86400 * greatest(d.window_days, 7)
),

summed AS (
    SELECT
        item_id,
        on_date,
        sum(CASE WHEN is_in_window THEN good ELSE 0 END) AS window_good,
        sum(CASE WHEN is_in_window THEN total ELSE 0 END) AS window_total,
        CASE
            WHEN count(CASE WHEN is_in_window AND allowed IS NULL THEN 1 END) = 0
                THEN sum(CASE WHEN is_in_window THEN allowed ELSE 0 END)
        END AS window_allowed,
        sum(CASE WHEN is_in_week THEN good ELSE 0 END) AS week_good,
        sum(CASE WHEN is_in_week THEN total ELSE 0 END) AS week_total,
        CASE
            WHEN count(CASE WHEN is_in_week AND allowed IS NULL THEN 1 END) = 0
                THEN sum(CASE WHEN is_in_week THEN allowed ELSE 0 END)
        END AS week_allowed
    FROM paired
    GROUP BY item_id, on_date
)

SELECT
    d.item_id,
    s.service_id,
    s.label,
    d.on_date,
    d.starts_at,
    d.ends_at,
    d.good,
    d.total,
    d.target_ratio,
    d.window_days,
    m.window_good,
    m.window_total,
    m.window_allowed,
    m.week_good,
    m.week_total,
    m.week_allowed
FROM day AS d
JOIN summed AS m ON m.item_id = d.item_id AND m.on_date = d.on_date
JOIN (
    SELECT DISTINCT item_id, service_id, label FROM staged.stg_objective_service
) AS s ON s.item_id = d.item_id
