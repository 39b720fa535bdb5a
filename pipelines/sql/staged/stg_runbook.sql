/*
description = "One row per runbook of a configured service, as it is now."
depends_on = ["raw.runbook", "staged.stg_run", "config.service"]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "has_all_sections", "is_recent", "has_broken_link"]

[columns]
item_id = "source:id of the runbook"
service_id = "the service"
has_all_sections = "it has the three sections: patterns, anti-patterns and upgrade paths"
is_recent = "it was changed within the last 180 days"
has_broken_link = "a link of it is known to lead nowhere"
*/
SELECT
    b.source || ':' || b.id AS item_id,
    s.id AS service_id,
    b.has_patterns AND b.has_anti_patterns AND b.has_upgrade_paths AS has_all_sections,
    coalesce(r.last_day_on - b.changed_on <= 180, false) AS is_recent,
    coalesce(b.broken_link_count > 0, false) AS has_broken_link
FROM raw.runbook AS b
JOIN config.service AS s ON s.id = lower(b.service) OR lower(s.name) = lower(b.service)
CROSS JOIN staged.stg_run AS r
WHERE b.gone_at IS NULL
