/*
title = "Impossible orders"
question = "Which records say that something ended before it began?"
meaning = "A source, an import or a script has written a wrong time. Durations that rest on it are wrong too."
action = "Mend the record in its source. After an import, ask whoever ran it which time zone it wrote."
about = "order"
things = ["record", "records"]
counted = "quarter"
severity = "warning"
depends_on = [
    "staged.stg_pull_request", "staged.stg_work_item", "staged.stg_work_item_step", "staged.stg_incident",
    "staged.stg_incident_record", "staged.stg_deployment", "raw.deployment", "raw.deployment_status",
    "facts.fct_pull_request", "facts.fct_work_item",
]

[reasons]
closed_before_opening = "it was merged or closed before it was opened"
moved_before_creation = "it changed its status before it was created"
finished_before_creation = "it was finished before it was created"
resolved_before_mitigation = "it was resolved before it was mitigated"
ended_before_start = "it ended before it began"
*/
WITH moved AS (
    SELECT source, issue_id, epoch(entered_at) - epoch(left_at) AS seconds
    FROM staged.stg_work_item_step
    WHERE step = 0 AND left_at < entered_at
),

ended AS (
    SELECT source || ':' || deployment_id AS item_id, min(created_at) AS ended_at
    FROM raw.deployment_status
    WHERE gone_at IS NULL AND state IN ('SUCCESS', 'FAILURE', 'ERROR')
    GROUP BY source, deployment_id
),

deployment AS (
    SELECT
        s.item_id, s.service_id, s.url, s.sha, s.native_id, s.attempted_at,
        epoch(d.created_at) - epoch(coalesce(e.ended_at, d.finished_at)) AS seconds
    FROM staged.stg_deployment AS s
    JOIN raw.deployment AS d ON s.item_id = d.source || ':' || d.id
    LEFT JOIN ended AS e ON e.item_id = s.item_id
),

looked_at AS (
    SELECT
        'pull_request' AS item_kind, p.item_id, p.label, p.url, f.service_id,
        coalesce(p.merged_at, p.closed_at, p.opened_at) AS occurred_at,
        'closed_before_opening' AS reason,
        epoch(p.opened_at) - epoch(coalesce(p.merged_at, p.closed_at)) AS seconds
    FROM staged.stg_pull_request AS p
    JOIN facts.fct_pull_request AS f ON f.item_id = p.item_id
    UNION ALL
    SELECT
        'issue', i.item_id, i.label, i.url, f.service_id, coalesce(i.finished_at, i.created_at),
        CASE WHEN m.seconds IS NULL THEN 'finished_before_creation' ELSE 'moved_before_creation' END,
        coalesce(m.seconds, epoch(i.created_at) - epoch(i.finished_at))
    FROM staged.stg_work_item AS i
    JOIN facts.fct_work_item AS f ON f.item_id = i.item_id
    LEFT JOIN moved AS m ON m.source = i.source AND m.issue_id = i.issue_id
    UNION ALL
    SELECT
        'incident', r.item_id, r.label, r.url, i.service_id, r.started_at, 'resolved_before_mitigation',
        epoch(r.mitigated_at) - epoch(r.resolved_at)
    FROM staged.stg_incident_record AS r
    JOIN staged.stg_incident AS i ON i.item_id = r.item_id
    UNION ALL
    SELECT
        'deployment', item_id, 'deployment ' || coalesce(substr(sha, 1, 7), native_id), url, service_id,
        attempted_at, 'ended_before_start', seconds
    FROM deployment
)

SELECT
    item_kind,
    item_id,
    label,
    url,
    service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    occurred_at,
    CASE WHEN seconds > 0 THEN reason END AS reason,
    CAST(CASE WHEN seconds > 0 THEN seconds / 3600.0 END AS DOUBLE) AS hours
FROM looked_at
