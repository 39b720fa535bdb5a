/*
description = "One row per team that names its members and stretch of days with the same number of them."
depends_on = ["staged.stg_membership"]
key = ["team_id", "valid_from"]
not_null = ["team_id", "valid_from", "valid_to", "members"]

[columns]
team_id = "the team"
valid_from = "first local day; 0001-01-01 for always"
valid_to = "the local day after the last one; 9999-12-31 for ever"
members = "how many people; who they are stays behind"
*/
WITH change AS (
    SELECT team_id, valid_from AS on_date, 1 AS step FROM staged.stg_membership
    UNION ALL
    SELECT team_id, valid_to, -1 FROM staged.stg_membership
),

changed AS (
    SELECT team_id, on_date, sum(step) AS step FROM change GROUP BY team_id, on_date
)

SELECT
    team_id,
    on_date AS valid_from,
    coalesce(lead(on_date) OVER (PARTITION BY team_id ORDER BY on_date), DATE '9999-12-31') AS valid_to,
    CAST(sum(step) OVER (PARTITION BY team_id ORDER BY on_date) AS BIGINT) AS members
FROM changed
WHERE on_date < DATE '9999-12-31'
