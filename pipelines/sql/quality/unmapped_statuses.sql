/*
title = "Statuses without a meaning"
question = "Which statuses has nobody said the meaning of?"
meaning = "Neither [[status]] nor the source's own category says whether work in such a status is waiting, active or done."
action = "Add each of them to [[status]] with what it means, then run `outcomes build`."
about = "ownership"
things = ["status", "statuses"]
counted = "now"
severity = "warning"
depends_on = ["staged.stg_status", "staged.stg_work_item_step", "staged.stg_work_item", "staged.stg_service_project"]

[reasons]
unknown = "nothing says what it means"
*/
WITH used AS (
    SELECT DISTINCT t.source, t.status_name, i.container_id
    FROM staged.stg_work_item_step AS t
    JOIN staged.stg_work_item AS i ON i.source = t.source AND i.issue_id = t.issue_id
),

used_by AS (
    SELECT DISTINCT u.source, u.status_name, p.service_id
    FROM used AS u
    JOIN staged.stg_service_project AS p ON p.source = u.source AND p.project_key = u.container_id
)

SELECT
    'status' AS item_kind,
    s.source || ':' || coalesce(s.status_id, '') || ':' || coalesce(s.status_name, '') AS item_id,
    coalesce(s.status_name, s.status_id) AS label,
    CAST(NULL AS VARCHAR) AS url,
    u.service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS occurred_at,
    CASE WHEN s.means = 'unknown' THEN 'unknown' END AS reason,
    CAST(NULL AS DOUBLE) AS hours
FROM staged.stg_status AS s
LEFT JOIN used_by AS u ON u.source = s.source AND u.status_name = s.status_name
