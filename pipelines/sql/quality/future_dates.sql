/*
title = "Dates in the future"
question = "Which records are dated later than now?"
meaning = "They are left out of every number until their time has come. A run as of an earlier moment finds all that came after it."
action = "Mend the time in the source or in the inbox file. A wrong year or time zone is the usual slip."
about = "order"
things = ["record", "records"]
counted = "now"
severity = "warning"
depends_on = [
    "raw.pull_request", "raw.issue", "raw.incident", "raw.deployment", "config.service", "config.run",
]

[reasons]
later_than_now = "it is dated later than now"
*/
WITH record AS (
    SELECT 'pull_request' AS item_kind, source, id, url, NULL AS service_id, created_at AS occurred_at
    FROM raw.pull_request
    WHERE gone_at IS NULL
    UNION ALL
    SELECT 'issue', source, id, url, NULL, created_at FROM raw.issue WHERE gone_at IS NULL
    UNION ALL
    SELECT 'incident', source, id, url, NULL, started_at FROM raw.incident WHERE gone_at IS NULL
    UNION ALL
    SELECT 'deployment', d.source, d.id, d.url, s.id, d.created_at
    FROM raw.deployment AS d
    LEFT JOIN config.service AS s ON s.id = d.service
    WHERE d.gone_at IS NULL
)

SELECT
    r.item_kind,
    r.source || ':' || r.id AS item_id,
    CAST(NULL AS VARCHAR) AS label,
    r.url,
    r.service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    r.occurred_at,
    CASE WHEN r.occurred_at > n.as_of THEN 'later_than_now' END AS reason,
    CAST(CASE WHEN r.occurred_at > n.as_of THEN (epoch(r.occurred_at) - epoch(n.as_of)) / 3600.0 END AS DOUBLE) AS hours
FROM record AS r
CROSS JOIN config.run AS n
