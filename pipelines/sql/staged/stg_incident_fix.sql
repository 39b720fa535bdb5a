/*
description = "One row per incident and deployment record that its source names as the fix."
depends_on = ["raw.incident", "staged.stg_deployment", "staged.stg_incident"]
key = ["item_id", "service_id", "deployment_item_id"]
not_null = ["item_id", "service_id", "deployment_item_id"]

[columns]
item_id = "source:id of the incident; of a duplicate, the record that stands for it"
service_id = "the service that was deployed"
deployment_item_id = "source:id of the deployment, the record that stands for it"
*/
WITH named AS (
    SELECT source || ':' || id AS item_id, rtrim(lower(fixed_by_deployment), '/') AS reference
    FROM raw.incident
    WHERE gone_at IS NULL AND fixed_by_deployment <> ''
),

counted AS (
    SELECT item_id, min(coalesce(merged_item_id, item_id)) AS standing_item_id
    FROM staged.stg_incident
    GROUP BY item_id
)

SELECT DISTINCT c.standing_item_id AS item_id, d.service_id, d.deployment_item_id
FROM named AS n
JOIN counted AS c ON c.item_id = n.item_id
JOIN staged.stg_deployment AS d ON n.reference IN (lower(d.url), lower(d.native_id))
