/*
title = "Work that is no team's"
question = "How many merged changes, work items and incidents belong to no service, or to one that had no team?"
meaning = "It is in no team's numbers, and where it has no service in no number at all."
action = "See which things are nobody's, and give them a service and a team, with the days from which on."
about = "ownership"
things = ["merged change, work item or incident", "merged changes, work items and incidents"]
counted = "quarter"
severity = "warning"
depends_on = [
    "facts.fct_change", "facts.fct_work_item", "facts.fct_incident", "facts.dim_service_owner", "facts.dim_run",
]

[reasons]
no_service = "it belongs to no service"
no_team = "its service had no team then"
*/
WITH work AS (
    SELECT 'pull_request' AS item_kind, item_id, service_id, merged_at AS occurred_at FROM facts.fct_change
    UNION ALL
    SELECT 'issue', i.item_id, i.service_id, coalesce(i.finished_at, r.as_of)
    FROM facts.fct_work_item AS i
    CROSS JOIN facts.dim_run AS r
    WHERE i.means <> 'ignored'
    UNION ALL
    SELECT 'incident', item_id, service_id, started_at
    FROM facts.fct_incident
    WHERE excluded_reason IS NULL OR excluded_reason = 'no_service'
)

SELECT
    w.item_kind,
    w.item_id,
    CAST(NULL AS VARCHAR) AS label,
    CAST(NULL AS VARCHAR) AS url,
    w.service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    w.occurred_at,
    CASE WHEN w.service_id IS NULL THEN 'no_service' WHEN o.team_id IS NULL THEN 'no_team' END AS reason,
    CAST(NULL AS DOUBLE) AS hours
FROM work AS w
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = w.service_id
    AND (o.valid_from_at IS NULL OR o.valid_from_at <= w.occurred_at)
    AND (o.valid_to_at IS NULL OR o.valid_to_at > w.occurred_at)
