/*
description = "One row per project: since when its items have ever been seen to wait, and to be flagged as blocked."
depends_on = ["staged.stg_work_item", "staged.stg_work_item_time", "staged.stg_work_item_flag"]
key = ["source", "project_key"]

[columns]
source = "the source's name"
project_key = "the project's key"
waits_from = "when one of its items first entered a status that means waiting; null where none ever did"
flags_from = "when one of its items was first flagged as blocked; null where none ever was"
*/
WITH flag AS (
    SELECT source, issue_id, min(raised_at) AS raised_at
    FROM staged.stg_work_item_flag
    GROUP BY source, issue_id
)

SELECT
    i.source,
    i.container_id AS project_key,
    min(t.first_waiting_at) AS waits_from,
    min(f.raised_at) AS flags_from
FROM staged.stg_work_item AS i
LEFT JOIN staged.stg_work_item_time AS t ON t.source = i.source AND t.issue_id = i.issue_id
LEFT JOIN flag AS f ON f.source = i.source AND f.issue_id = i.issue_id
GROUP BY i.source, i.container_id
