/*
description = "One row per counted deployment that mends another one: the strongest sign of it."
depends_on = ["facts.fct_change", "facts.fct_deployment", "facts.fct_incident", "staged.stg_incident_fix"]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "reworks_by"]
accepted_values = { reworks_by = ["incident", "rollback", "hotfix"] }

[columns]
item_id = "source:id of the deployment"
service_id = "the service that was deployed"
reworks_by = "incident: one that counts names it as its fix; rollback: it goes back; hotfix: it brings one"
*/
WITH sign AS (
    SELECT d.counted_item_id AS item_id, d.service_id, 1 AS strength
    FROM staged.stg_incident_fix AS f
    JOIN facts.fct_incident AS i ON i.item_id = f.item_id AND i.excluded_reason IS NULL
    JOIN facts.fct_deployment AS d ON d.item_id = f.deployment_item_id AND d.service_id = f.service_id
    UNION ALL
    SELECT item_id, service_id, 2 FROM facts.fct_deployment WHERE is_rollback
    UNION ALL
    SELECT deployment_item_id, service_id, 3
    FROM facts.fct_change
    WHERE is_hotfix AND NOT is_bot AND attribution = 'attributed'
)

SELECT
    d.item_id,
    d.service_id,
    CASE min(s.strength) WHEN 1 THEN 'incident' WHEN 2 THEN 'rollback' ELSE 'hotfix' END AS reworks_by
FROM sign AS s
JOIN facts.fct_deployment AS d ON d.item_id = s.item_id AND d.service_id = s.service_id
WHERE d.is_counted
GROUP BY d.item_id, d.service_id
