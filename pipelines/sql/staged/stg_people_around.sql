/*
description = "One row per scope and stretch of days with the same number of people who worked in it in the four weeks up to each of them."
depends_on = ["staged.stg_scope_person"]
key = ["scope", "valid_from"]
not_null = ["scope", "valid_from", "people"]

[columns]
scope = "organisation, department:id, team:id or service:id"
valid_from = "first local day"
people = "people who worked in it on that day or one of the 27 before; until the next stretch begins"
*/
WITH around AS (
    SELECT
        scope,
        person_key,
        first_on,
        CASE WHEN end_on < DATE '9999-01-01' THEN CAST(end_on + 27 AS DATE) ELSE end_on END AS end_on
    FROM staged.stg_scope_person
    WHERE part_of IS NULL
),

-- Of stretches that overlap only the first begins and the last ends.
parted AS (
    SELECT
        *,
        max(end_on) OVER (
            PARTITION BY scope, person_key ORDER BY first_on, end_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached
    FROM around
),

change AS (
    SELECT scope, first_on AS on_date, 1 AS step FROM parted WHERE reached IS NULL OR reached < first_on
    UNION ALL
    SELECT scope, reached, -1 FROM parted WHERE reached < first_on
    UNION ALL
    SELECT scope, max(end_on), -1 FROM around GROUP BY scope, person_key
)

SELECT
    scope,
    on_date AS valid_from,
    CAST(sum(sum(step)) OVER (PARTITION BY scope ORDER BY on_date) AS BIGINT) AS people
FROM change
GROUP BY scope, on_date
