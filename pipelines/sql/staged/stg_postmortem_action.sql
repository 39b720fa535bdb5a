/*
description = "One row per action that a postmortem asks for and service that it is about."
depends_on = [
    "raw.postmortem_action", "staged.stg_postmortem", "staged.stg_incident", "config.run", "config.organisation",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "source", "state"]

[columns]
item_id = "source:id of the action"
source = "the source's name"
native_id = "the source's id"
service_id = "the service that the postmortem names, else those that its incident struck; null where neither is known"
state = "open, done, dropped, or the source's own word, in lower case"
due_on = "by when; null where nobody said"
closed_on = "when it was done or dropped; null while it is open, or where nobody said"
url = "the ticket's page"
*/
WITH about AS (
    SELECT p.source, p.native_id, coalesce(p.service_id, i.service_id) AS service_id
    FROM staged.stg_postmortem AS p
    LEFT JOIN staged.stg_incident AS i ON i.item_id = p.incident_item_id AND p.service_id IS NULL
)

SELECT
    a.source || ':' || a.id AS item_id,
    a.source,
    a.id AS native_id,
    b.service_id,
    coalesce(lower(a.state), CASE WHEN a.closed_on IS NULL THEN 'open' ELSE 'done' END) AS state,
    a.due_on,
    CASE WHEN a.closed_on <= CAST(r.as_of AT TIME ZONE o.time_zone AS DATE) THEN a.closed_on END AS closed_on,
    a.url
FROM raw.postmortem_action AS a
CROSS JOIN config.run AS r
CROSS JOIN config.organisation AS o
LEFT JOIN about AS b ON b.source = a.source AND b.native_id = a.postmortem_id
WHERE a.gone_at IS NULL
