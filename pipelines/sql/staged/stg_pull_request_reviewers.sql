/*
description = "One row per pull request that people other than its author reviewed before the merge: where they come from, not who they are."
depends_on = [
    "raw.pull_request", "raw.review", "staged.stg_account", "staged.stg_membership", "staged.stg_person_account",
    "staged.stg_pull_request", "staged.stg_pull_request_service", "staged.stg_service_owner", "config.organisation",
]
key = ["item_id"]
not_null = ["item_id", "is_across", "has_unknown_team"]

[columns]
item_id = "source:id of the pull request"
is_across = "somebody reviewed it of whose teams none owned any of its services on the day of the review"
has_unknown_team = "somebody reviewed it of whom no team on that day is known"
*/
WITH review AS (
    SELECT DISTINCT
        p.item_id,
        r.source,
        r.author_id,
        CAST(r.submitted_at AT TIME ZONE o.time_zone AS DATE) AS reviewed_on
    FROM raw.review AS r
    JOIN raw.pull_request AS w ON w.source = r.source AND w.id = r.pull_request_id
    JOIN staged.stg_pull_request AS p ON p.source = r.source AND p.pull_request_id = r.pull_request_id
    LEFT JOIN staged.stg_account AS a ON a.source = r.source AND a.account_id = r.author_id
    CROSS JOIN config.organisation AS o
    WHERE
        r.gone_at IS NULL
        AND r.state <> 'PENDING'
        AND r.submitted_at <= p.merged_at
        AND r.author_id IS DISTINCT FROM w.author_id
        AND NOT coalesce(a.is_bot, false)
),

-- Who is in several teams is of the owner's if one of them is.
reviewer AS (
    SELECT
        r.item_id, r.author_id, r.reviewed_on,
        count(m.team_id) > 0 AS is_known,
        count(o.team_id) > 0 AS is_of_owner
    FROM review AS r
    LEFT JOIN staged.stg_person_account AS p ON p.source = r.source AND p.account_id = r.author_id
    LEFT JOIN staged.stg_membership AS m
        ON m.person_key = p.person_key AND m.valid_from <= r.reviewed_on AND m.valid_to > r.reviewed_on
    LEFT JOIN staged.stg_pull_request_service AS s ON s.item_id = r.item_id
    LEFT JOIN staged.stg_service_owner AS o
        ON o.service_id = s.service_id
        AND o.team_id = m.team_id
        AND o.valid_from <= r.reviewed_on
        AND o.valid_to > r.reviewed_on
    GROUP BY r.item_id, r.author_id, r.reviewed_on
)

SELECT item_id, bool_or(is_known AND NOT is_of_owner) AS is_across, NOT bool_and(is_known) AS has_unknown_team
FROM reviewer
GROUP BY item_id
