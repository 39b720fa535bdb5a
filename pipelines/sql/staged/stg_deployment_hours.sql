/*
description = "One row per successful production deployment of a service for which hours were agreed: whether it kept to them."
depends_on = ["staged.stg_deployment", "config.service_agreed_hours"]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "is_outside"]

[columns]
item_id = "source:id of the deployment"
service_id = "the service that was deployed"
is_outside = "it succeeded on a day or at a time for which nothing was agreed, by the clock on the wall"
*/
SELECT
    d.item_id,
    d.service_id,
    NOT bool_or(
        isodow(d.succeeded_at AT TIME ZONE h.time_zone) = h.weekday
        AND CAST(d.succeeded_at AT TIME ZONE h.time_zone AS TIME) >= h.begins
        AND coalesce(CAST(d.succeeded_at AT TIME ZONE h.time_zone AS TIME) < h.ends, true)
    ) AS is_outside
FROM staged.stg_deployment AS d
JOIN config.service_agreed_hours AS h ON h.service = d.service_id
WHERE d.item_id = d.deployment_item_id AND d.succeeded_at IS NOT NULL
GROUP BY d.item_id, d.service_id
