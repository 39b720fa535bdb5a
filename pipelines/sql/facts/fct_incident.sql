/*
description = "One row per incident and service it struck, with the reason where it does not count."
depends_on = ["staged.stg_incident"]
key = ["item_id", "service_id"]
not_null = ["item_id", "started_at", "started_on", "is_out_of_hours", "has_postmortem_page"]

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
has_postmortem_page = "a source names the page of its postmortem"
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
    END AS excluded_reason,
    is_out_of_hours,
    severity,
    rotation,
    reported_by,
    has_postmortem_page
FROM staged.stg_incident
