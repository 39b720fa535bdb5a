/*
description = "One row per incident that counts and service it struck, where it is known what it was attributed to."
depends_on = ["facts.fct_incident", "staged.stg_incident_attribution"]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "is_repeated"]

[columns]
item_id = "source:id of the incident"
service_id = "the service it struck"
is_repeated = "an incident of the service that began within the 90 days before shares a tag with it"
*/
WITH tagged AS (
    SELECT i.item_id, i.service_id, epoch(i.started_at) AS started, t.tag
    FROM facts.fct_incident AS i
    JOIN staged.stg_incident_attribution AS t ON t.item_id = i.item_id
    WHERE i.excluded_reason IS NULL
),

-- 90 days are 7,776,000 seconds. What began in the same second began together and not before.
looked_back AS (
    SELECT
        item_id,
        service_id,
        count(*) OVER (
            PARTITION BY service_id, tag ORDER BY started RANGE BETWEEN 7776000 PRECEDING AND 1 PRECEDING
        ) AS earlier
    FROM tagged
)

SELECT item_id, service_id, max(earlier) > 0 AS is_repeated FROM looked_back GROUP BY item_id, service_id
