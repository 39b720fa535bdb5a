/*
description = "One row per incident and service it struck, with the reason where it does not count."
depends_on = ["staged.stg_incident", "staged.stg_postmortem"]
key = ["item_id", "service_id"]
not_null = ["item_id", "started_at", "started_on", "is_out_of_hours", "has_postmortem"]

[accepted_values]
excluded_reason = ["no_service", "test", "duplicate", "unconfirmed", "not_production"]
reported_by = ["monitor", "team", "user", "other"]

[columns]
item_id = "source:id of the incident"
service_id = "the service; null where it is nobody's"
started_at = "when it began"
started_on = "local day of its beginning"
restored_at = "when it was mitigated, else resolved; null while it lasts"
excluded_reason = "why it does not count; null where it does"
is_out_of_hours = "it began on a Saturday or Sunday, or before 8:00 or from 18:00 on, local time"
severity = "the source's word; null where it has none"
rotation = "whose turn it was to answer: a group or policy, never a person; null where nobody said"
reported_by = "who noticed it: monitor, team, user or other; null where nobody says so"
has_postmortem = "a postmortem of it is published"
*/
SELECT
    i.item_id,
    i.service_id,
    i.started_at,
    i.started_on,
    i.restored_at,
    CASE
        WHEN i.is_duplicate THEN 'duplicate'
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.is_test THEN 'test'
        WHEN i.is_unconfirmed THEN 'unconfirmed'
        WHEN NOT i.is_production THEN 'not_production'
    END AS excluded_reason,
    i.is_out_of_hours,
    i.severity,
    i.rotation,
    i.reported_by,
    i.has_postmortem_page OR p.incident_item_id IS NOT NULL AS has_postmortem
FROM staged.stg_incident AS i
LEFT JOIN (
    SELECT DISTINCT incident_item_id FROM staged.stg_postmortem WHERE published_on IS NOT NULL
) AS p ON p.incident_item_id = i.item_id
