/*
description = "One row per team and stretch of days for which it agreed on how much to have in progress at most."
depends_on = ["raw.team_limit", "config.team"]
key = ["team_id", "valid_from"]
not_null = ["team_id", "valid_from", "valid_to", "wip_limit"]

[columns]
team_id = "the team"
valid_from = "the first day; of what the configuration states, the first of all"
valid_to = "the first day on which another one holds; the last of all where none does"
wip_limit = "the number of work items"
*/
-- What the team wrote down wins over the configuration, from its first day on.
WITH told AS (
    SELECT id AS team_id, DATE '0001-01-01' AS valid_from, wip_limit FROM config.team
    UNION ALL
    SELECT t.id, l.valid_from, min(l.wip_limit)
    FROM raw.team_limit AS l
    JOIN config.team AS t ON t.id = l.team
    WHERE l.gone_at IS NULL
    GROUP BY t.id, l.valid_from
)

SELECT
    team_id,
    valid_from,
    coalesce(lead(valid_from) OVER (PARTITION BY team_id ORDER BY valid_from), DATE '9999-12-31') AS valid_to,
    wip_limit
FROM told
WHERE wip_limit IS NOT NULL
