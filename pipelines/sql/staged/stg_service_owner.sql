/*
description = "One row per service and stretch of days with one owner, or with none: together they cover all days."
depends_on = ["config.service", "config.service_owner", "config.organisation"]
key = ["service_id", "team_id", "valid_from"]
not_null = ["service_id", "valid_from", "valid_to"]

[columns]
service_id = "the service"
team_id = "the team that owns it in these days; null where nobody does"
valid_from = "first day, in the organisation's time zone; 0001-01-01 for always"
valid_to = "the day after the last one; 9999-12-31 for ever"
valid_from_at = "the instant at which valid_from begins; null for always"
valid_to_at = "the instant at which valid_to begins; null for ever"
*/
WITH owned AS (
    SELECT
        service AS service_id,
        team AS team_id,
        coalesce(valid_from, DATE '0001-01-01') AS valid_from,
        coalesce(valid_to, DATE '9999-12-31') AS valid_to
    FROM config.service_owner
),

-- The row at the end of time makes the gap after the last owner, and the only gap where there is none.
covered AS (
    SELECT
        service_id,
        valid_from,
        coalesce(
            max(valid_to) OVER (
                PARTITION BY service_id
                ORDER BY valid_from, valid_to
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            DATE '0001-01-01'
        ) AS covered_to
    FROM (
        SELECT service_id, valid_from, valid_to FROM owned
        UNION ALL
        SELECT id, DATE '9999-12-31', DATE '9999-12-31' FROM config.service
    )
),

stretch AS (
    SELECT service_id, team_id, valid_from, valid_to FROM owned
    UNION ALL
    SELECT service_id, NULL, covered_to, valid_from FROM covered WHERE covered_to < valid_from
)

SELECT
    s.service_id,
    s.team_id,
    s.valid_from,
    s.valid_to,
    CASE
        WHEN s.valid_from > DATE '0001-01-01' THEN CAST(s.valid_from AS TIMESTAMP) AT TIME ZONE o.time_zone
    END AS valid_from_at,
    CASE
        WHEN s.valid_to < DATE '9999-12-31' THEN CAST(s.valid_to AS TIMESTAMP) AT TIME ZONE o.time_zone
    END AS valid_to_at
FROM stretch AS s
CROSS JOIN config.organisation AS o
