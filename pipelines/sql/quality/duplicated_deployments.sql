/*
title = "Deployments told twice"
question = "How many records of deployments are another record's deployment once more?"
meaning = "Retries, regions and a second source that tells of the same deployment are one deployment, and counted as one."
action = "Nothing, while it is what the pipeline does. Where nearly every deployment is told twice, read it from one source alone."
about = "order"
things = ["record of a deployment", "records of deployments"]
counted = "quarter"
severity = "note"
depends_on = ["staged.stg_deployment", "staged.stg_duplicate"]

[reasons]
told_elsewhere = "another source tells of the same deployment"
within_ten_minutes = "the same commit was deployed less than ten minutes before"
*/
SELECT
    'deployment' AS item_kind,
    s.item_id,
    'deployment ' || coalesce(substr(s.sha, 1, 7), s.native_id) AS label,
    s.url,
    s.service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    s.attempted_at AS occurred_at,
    CASE
        WHEN s.item_id = s.deployment_item_id THEN NULL
        WHEN d.item_id IS NOT NULL THEN 'told_elsewhere'
        ELSE 'within_ten_minutes'
    END AS reason,
    CAST(NULL AS DOUBLE) AS hours
FROM staged.stg_deployment AS s
LEFT JOIN staged.stg_duplicate AS d ON d.item_kind = 'deployment' AND d.item_id = s.item_id
