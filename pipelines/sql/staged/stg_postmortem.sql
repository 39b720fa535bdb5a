/*
description = "One row per postmortem: the incident and the service that it is about."
depends_on = ["raw.postmortem", "staged.stg_incident", "staged.stg_incident_record", "config.service", "config.run", "config.organisation"]
key = ["item_id"]
not_null = ["item_id", "source"]

[columns]
item_id = "source:id of the postmortem"
source = "the source's name"
native_id = "the source's id"
incident_item_id = "the incident, the record that stands for it; null where none is named or known, or several are meant"
service_id = "the configured service that it names; null where it names none"
published_on = "local day from which all could read it; null while it is a draft"
*/
-- An incident is known by its id, with or without its source, an issue by its key too, and both by their page.
WITH incident AS (
    SELECT r.item_id, coalesce(i.merged_item_id, r.item_id) AS standing_item_id, r.native_id, r.key, r.url
    FROM staged.stg_incident_record AS r
    JOIN (SELECT DISTINCT item_id, merged_item_id FROM staged.stg_incident) AS i ON i.item_id = r.item_id
),

name AS (
    SELECT
        standing_item_id,
        unnest([lower(item_id), lower(native_id), lower(key), split_part(key, '/', -1), rtrim(lower(url), '/')]) AS name
    FROM incident
),

meant AS (
    SELECT name, min(standing_item_id) AS incident_item_id
    FROM name
    GROUP BY name
    HAVING count(DISTINCT standing_item_id) = 1
)

SELECT
    p.source || ':' || p.id AS item_id,
    p.source,
    p.id AS native_id,
    m.incident_item_id,
    s.id AS service_id,
    CASE
        WHEN p.published_at <= r.as_of THEN CAST(p.published_at AT TIME ZONE o.time_zone AS DATE)
    END AS published_on
FROM raw.postmortem AS p
CROSS JOIN config.run AS r
CROSS JOIN config.organisation AS o
LEFT JOIN meant AS m ON m.name = rtrim(lower(trim(p.incident)), '/')
LEFT JOIN config.service AS s ON s.id = lower(trim(p.service))
WHERE p.gone_at IS NULL
