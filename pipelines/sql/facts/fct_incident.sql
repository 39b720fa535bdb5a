/*
description = "One row per incident and service it struck, with the reason where it does not count."
depends_on = ["staged.stg_incident"]
key = ["item_id", "service_id"]
not_null = ["item_id", "started_at", "started_on"]
accepted_values = { excluded_reason = ["no_service", "test", "duplicate", "unconfirmed", "not_production"] }

[columns]
item_id = "source:id of the incident"
service_id = "the service; null where it is nobody's"
started_at = "when it began"
started_on = "local day of its beginning"
restored_at = "when it was mitigated, else resolved; null while it lasts"
excluded_reason = "why it does not count; null where it does"
*/
SELECT
    item_id,
    service_id,
    started_at,
    started_on,
    restored_at,
    CASE
        WHEN is_duplicate THEN 'duplicate'
        WHEN service_id IS NULL THEN 'no_service'
        WHEN is_test THEN 'test'
        WHEN is_unconfirmed THEN 'unconfirmed'
        WHEN NOT is_production THEN 'not_production'
    END AS excluded_reason
FROM staged.stg_incident
