/*
description = "One row per living service, where any source tells of runbooks: whether it has one that is alive."
depends_on = ["staged.stg_runbook", "staged.stg_service", "staged.stg_run"]
key = ["service_id"]
not_null = ["service_id", "state"]
accepted_values = { state = ["living", "broken_link", "old", "sections_missing", "none"] }

[columns]
service_id = "the service"
state = "living, or what its best runbook lacks: its links lead nowhere, it is old, a section is missing; none where it has no runbook"
*/
WITH judged AS (
    SELECT
        service_id,
        min(
            CASE
                WHEN NOT has_all_sections THEN 4
                WHEN NOT is_recent THEN 3
                WHEN has_broken_link THEN 2
                ELSE 1
            END
        ) AS place
    FROM staged.stg_runbook
    GROUP BY service_id
)

SELECT
    s.service_id,
    CASE j.place
        WHEN 1 THEN 'living'
        WHEN 2 THEN 'broken_link'
        WHEN 3 THEN 'old'
        WHEN 4 THEN 'sections_missing'
        ELSE 'none'
    END AS state
FROM staged.stg_service AS s
CROSS JOIN staged.stg_run AS r
LEFT JOIN judged AS j ON j.service_id = s.service_id
WHERE
    EXISTS (SELECT 1 FROM staged.stg_runbook AS k)
    AND coalesce(s.active_from <= r.last_day_on, true)
    AND coalesce(s.retired_at > r.last_day_on, true)
