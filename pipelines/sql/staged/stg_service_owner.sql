/*
description = "One row per service and stretch of days with one owner, or with none: together they cover all days."
depends_on = ["config.service", "config.organisation", "staged.stg_service_claim"]
key = ["service_id", "team_id", "valid_from"]
not_null = ["service_id", "valid_from", "valid_to", "is_assumed"]
accepted_values = { origin = ["configuration", "catalogue", "codeowners", "permission"] }

[columns]
service_id = "the service"
team_id = "the team that owns it in these days; null where nobody does, or where it is not clear who"
valid_from = "first day, in the organisation's time zone; 0001-01-01 for always"
valid_to = "the day after the last one; 9999-12-31 for ever"
valid_from_at = "the instant at which valid_from begins; null for always"
valid_to_at = "the instant at which valid_to begins; null for ever"
origin = "the place that tells so; null where nobody owns it"
is_assumed = "before anything was known: the owner that was seen first"
*/
-- What people wrote down counts for all days of a service, also for those on which it names nobody;
-- the configuration before a catalogue.
WITH written AS (
    SELECT service_id, origin, team_id, valid_from, valid_to, is_written
    FROM staged.stg_service_claim
    WHERE origin IN ('configuration', 'catalogue')
    QUALIFY origin = max(origin) OVER (PARTITION BY service_id)
),

seen AS (
    SELECT c.*
    FROM staged.stg_service_claim AS c
    ANTI JOIN written AS w ON w.service_id = c.service_id
),

boundary AS (
    SELECT DISTINCT service_id, unnest([valid_from, valid_to]) AS day FROM seen
),

between_boundaries AS (
    SELECT *, lead(day) OVER (PARTITION BY service_id ORDER BY day) AS next_day FROM boundary
),

-- A place that names several teams does not tell which of them it is.
told AS (
    SELECT
        b.service_id, b.day AS valid_from, s.origin,
        CASE WHEN count(DISTINCT s.team_id) = 1 THEN min(s.team_id) END AS team_id
    FROM between_boundaries AS b
    JOIN seen AS s ON s.service_id = b.service_id AND s.valid_from <= b.day AND s.valid_to > b.day
    GROUP BY b.service_id, b.day, s.origin
),

-- By their names the places stand in the order in which they are believed.
decided AS (
    SELECT
        b.service_id, b.day AS valid_from, b.next_day AS valid_to,
        min_by(t.team_id, t.origin) FILTER (t.team_id IS NOT NULL) AS team_id,
        min(t.origin) FILTER (t.team_id IS NOT NULL) AS origin
    FROM between_boundaries AS b
    LEFT JOIN told AS t ON t.service_id = b.service_id AND t.valid_from = b.day
    WHERE b.next_day IS NOT NULL
    GROUP BY b.service_id, b.day, b.next_day
),

-- Days with the same owner by the same place are one stretch, however often something else changed.
islands AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY service_id ORDER BY valid_from)
        - row_number() OVER (PARTITION BY service_id, team_id, origin ORDER BY valid_from) AS island
    FROM decided
),

known AS (
    SELECT service_id, origin, team_id, valid_from, valid_to, is_written FROM written
    UNION ALL
    SELECT service_id, origin, team_id, min(valid_from), max(valid_to), false
    FROM islands
    WHERE team_id IS NOT NULL
    GROUP BY service_id, origin, team_id, island
),

first_seen AS (
    SELECT service_id, origin, team_id, valid_from
    FROM known
    WHERE NOT is_written
    QUALIFY valid_from = min(valid_from) OVER (PARTITION BY service_id)
),

owned AS (
    SELECT service_id, origin, team_id, valid_from, valid_to, false AS is_assumed FROM known
    UNION ALL
    SELECT f.service_id, f.origin, f.team_id, DATE '0001-01-01', f.valid_from, true
    FROM first_seen AS f
    ANTI JOIN known AS k ON k.service_id = f.service_id AND k.valid_from < f.valid_from
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
    SELECT service_id, team_id, valid_from, valid_to, origin, is_assumed FROM owned
    UNION ALL
    SELECT service_id, NULL, covered_to, valid_from, NULL, false FROM covered WHERE covered_to < valid_from
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
    END AS valid_to_at,
    s.origin,
    s.is_assumed
FROM stretch AS s
CROSS JOIN config.organisation AS o
