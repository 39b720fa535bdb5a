/*
title = "Incidents tied to a deployment"
question = "Of how many incidents is a deployment known that they belong to?"
meaning = "An incident without a deployment counts against none. Many have nothing to do with one, so that a low share is no fault by itself, and there is no floor."
action = "Name the deployment, commit or pull request in the incident. Look at `incident_window_hours` where most begin later than that after a deployment."
about = "join"
things = ["incident", "incidents"]
counted = "quarter"
severity = "note"
depends_on = ["facts.fct_incident_deployment"]

[reasons]
no_deployment = "it names no deployment, and none came within the window before it"
*/
SELECT
    'incident' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS label,
    CAST(NULL AS VARCHAR) AS url,
    service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    started_at AS occurred_at,
    CASE WHEN deployment_item_id IS NULL THEN 'no_deployment' END AS reason,
    CAST(NULL AS DOUBLE) AS hours
FROM facts.fct_incident_deployment
