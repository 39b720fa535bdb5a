/*
description = "One row per service whose incidents a source tells of and week, cut where a month, an owner or the calendar begins or ends."
depends_on = ["staged.stg_service_calendar", "staged.stg_service_owner", "config.run", "config.organisation"]
key = ["service_id", "starts_on"]
not_null = ["service_id", "starts_on", "ends_on", "starts_at", "ends_at"]

[columns]
service_id = "the service"
starts_on = "first local day: a Monday, the first of a month, an owner's or the calendar's first day"
ends_on = "the day after the last one"
starts_at = "the instant at which starts_on begins"
ends_at = "the instant at which ends_on begins"
*/
WITH day AS (
    SELECT
        c.service_id,
        CAST(
            unnest(
                generate_series(
                    c.starts_on,
                    least(
                        CAST(r.as_of AT TIME ZONE o.time_zone AS DATE),
                        coalesce(c.ends_on - 1, DATE '9999-12-30')
                    ),
                    INTERVAL 1 DAY
                )
            ) AS DATE
        ) AS on_date,
        o.time_zone
    FROM staged.stg_service_calendar AS c
    CROSS JOIN config.run AS r
    CROSS JOIN config.organisation AS o
    WHERE c.metric_family = 'incident'
),

part AS (
    SELECT d.service_id, min(d.on_date) AS starts_on, max(d.on_date) + 1 AS ends_on, min(d.time_zone) AS time_zone
    FROM day AS d
    LEFT JOIN staged.stg_service_owner AS o
        ON o.service_id = d.service_id AND o.valid_from <= d.on_date AND o.valid_to > d.on_date
    GROUP BY d.service_id, date_trunc('week', d.on_date), date_trunc('month', d.on_date), o.valid_from
)

SELECT
    service_id,
    starts_on,
    ends_on,
    CAST(starts_on AS TIMESTAMP) AT TIME ZONE time_zone AS starts_at,
    CAST(ends_on AS TIMESTAMP) AT TIME ZONE time_zone AS ends_at
FROM part
