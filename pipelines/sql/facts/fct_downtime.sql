/*
description = "One row per service and week, cut where a month or an owner begins: how long at least one incident that counts lasted."
depends_on = ["facts.dim_run", "facts.fct_incident", "staged.stg_service_week"]
key = ["service_id", "starts_on"]
not_null = ["item_id", "service_id", "starts_on", "starts_at", "ends_at", "down_seconds"]

[columns]
item_id = "service:first day"
service_id = "the service"
starts_on = "first local day"
starts_at = "the instant at which it begins"
ends_at = "the instant at which it ends"
down_seconds = "seconds in which at least one incident lasted; what overlaps counts once"
*/
WITH span AS (
    SELECT
        i.service_id,
        i.started_at,
        coalesce(i.restored_at, r.as_of) AS ended_at
    FROM facts.fct_incident AS i
    CROSS JOIN facts.dim_run AS r
    WHERE i.excluded_reason IS NULL AND coalesce(i.restored_at, r.as_of) > i.started_at
),

-- A span begins another outage where everything before it has ended.
marked AS (
    SELECT
        *,
        max(ended_at) OVER (
            PARTITION BY service_id ORDER BY started_at, ended_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached_at
    FROM span
),

numbered AS (
    SELECT
        service_id,
        started_at,
        ended_at,
        sum(CASE WHEN reached_at >= started_at THEN 0 ELSE 1 END) OVER (
            PARTITION BY service_id ORDER BY started_at, ended_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS outage
    FROM marked
),

outage AS (
    SELECT
        service_id,
        min(started_at) AS started_at,
        max(ended_at) AS ended_at
    FROM numbered
    GROUP BY service_id, outage
)

SELECT
    w.service_id || ':' || CAST(w.starts_on AS VARCHAR) AS item_id,
    w.service_id,
    w.starts_on,
    w.starts_at,
    w.ends_at,
    sum(
        CASE
            WHEN u.service_id IS NULL THEN 0
            ELSE epoch(least(u.ended_at, w.ends_at)) - epoch(greatest(u.started_at, w.starts_at))
        END
    ) AS down_seconds
FROM staged.stg_service_week AS w
LEFT JOIN outage AS u ON u.service_id = w.service_id AND u.started_at < w.ends_at AND u.ended_at > w.starts_at
GROUP BY w.service_id, w.starts_on, w.starts_at, w.ends_at
