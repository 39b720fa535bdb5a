/*
description = "One row per incident and tag that it, or its postmortem, was attributed to."
depends_on = ["raw.incident", "raw.postmortem", "staged.stg_incident", "staged.stg_postmortem"]
key = ["item_id", "tag"]
not_null = ["item_id", "tag"]

[columns]
item_id = "source:id of the incident; of a duplicate, the record that stands for it"
tag = "what it was attributed to, in lower case"
*/
WITH told AS (
    SELECT source || ':' || id AS item_id, unnest(causes) AS tag FROM raw.incident WHERE gone_at IS NULL
    UNION ALL
    SELECT m.incident_item_id, unnest(p.causes)
    FROM raw.postmortem AS p
    JOIN staged.stg_postmortem AS m ON m.item_id = p.source || ':' || p.id
    WHERE p.gone_at IS NULL
),

standing AS (
    SELECT DISTINCT item_id, coalesce(merged_item_id, item_id) AS standing_item_id FROM staged.stg_incident
)

SELECT DISTINCT s.standing_item_id AS item_id, lower(trim(t.tag)) AS tag
FROM told AS t
JOIN standing AS s ON s.item_id = t.item_id
WHERE trim(t.tag) <> ''
