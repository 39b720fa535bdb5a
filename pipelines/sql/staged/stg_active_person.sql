/*
description = "One row per person, service, owner and stretch of days in which the person is known to have worked on it."
depends_on = [
    "raw.pull_request", "raw.review", "config.organisation", "staged.stg_membership", "staged.stg_person_account",
    "staged.stg_pull_request", "staged.stg_pull_request_service", "staged.stg_service_owner",
]
key = ["person_key", "service_id", "team_id", "first_on"]
not_null = ["person_key", "service_id", "first_on", "end_on"]

[columns]
person_key = "stands for the person; never leaves the staged layer"
service_id = "the service"
team_id = "the team that owned it on those days; null where nobody did"
first_on = "first local day"
end_on = "the day after the last one; 9999-12-31 for ever"
*/
WITH act AS (
    SELECT p.item_id, r.source, r.author_id AS account_id, p.opened_at AS at
    FROM staged.stg_pull_request AS p
    JOIN raw.pull_request AS r ON r.source = p.source AND r.id = p.pull_request_id
    UNION ALL
    SELECT p.item_id, r.source, unnest([r.author_id, r.merged_by_id]), p.merged_at
    FROM staged.stg_pull_request AS p
    JOIN raw.pull_request AS r ON r.source = p.source AND r.id = p.pull_request_id
    WHERE p.merged_at IS NOT NULL
    UNION ALL
    SELECT p.item_id, v.source, v.author_id, v.submitted_at
    FROM staged.stg_pull_request AS p
    JOIN raw.review AS v ON v.source = p.source AND v.pull_request_id = p.pull_request_id
    WHERE v.gone_at IS NULL AND v.state <> 'PENDING'
),

-- Of bots no person is known, nor of accounts that were deleted.
day AS (
    SELECT DISTINCT a.person_key, s.service_id, CAST(t.at AT TIME ZONE o.time_zone AS DATE) AS on_date
    FROM act AS t
    JOIN staged.stg_person_account AS a ON a.source = t.source AND a.account_id = t.account_id
    JOIN staged.stg_pull_request_service AS s ON s.item_id = t.item_id
    CROSS JOIN config.organisation AS o
    WHERE t.at IS NOT NULL
)

SELECT d.person_key, d.service_id, o.team_id, d.on_date AS first_on, CAST(d.on_date + 1 AS DATE) AS end_on
FROM day AS d
LEFT JOIN staged.stg_service_owner AS o
    ON o.service_id = d.service_id AND o.valid_from <= d.on_date AND o.valid_to > d.on_date
UNION ALL
-- Where no pull request tells who works on a service, it may be anyone of the team that owns it.
SELECT DISTINCT
    m.person_key,
    o.service_id,
    o.team_id,
    greatest(o.valid_from, m.valid_from),
    least(o.valid_to, m.valid_to)
FROM staged.stg_service_owner AS o
JOIN staged.stg_membership AS m
    ON m.team_id = o.team_id AND m.valid_from < o.valid_to AND m.valid_to > o.valid_from
WHERE o.service_id NOT IN (SELECT service_id FROM staged.stg_pull_request_service)
