/*
title = "Clocks that disagree"
question = "Which records show that two clocks do not tell the same time?"
meaning = "A commit bears the time of the computer that it was made on, a merge that of the server; an incident and the deployment that it names come from two systems. Up to five minutes are let pass."
action = "Set the clock of the computer or build server, or the time zone in which a script writes. An incident may also name the wrong deployment."
about = "order"
things = ["merged change or incident", "merged changes and incidents"]
counted = "quarter"
severity = "warning"
depends_on = [
    "facts.fct_change", "facts.fct_incident_deployment", "facts.fct_deployment", "raw.pull_request_commit",
]

[reasons]
commit_after_merge = "a commit in it is dated after its merge"
deployed_after_start = "the deployment that it names came after it began"
*/
WITH last_commit AS (
    SELECT source || ':' || pull_request_id AS item_id, max(committed_at) AS committed_at
    FROM raw.pull_request_commit
    WHERE gone_at IS NULL
    GROUP BY source, pull_request_id
),

looked_at AS (
    SELECT
        'pull_request' AS item_kind, c.item_id, c.service_id, c.merged_at AS occurred_at,
        'commit_after_merge' AS reason, epoch(l.committed_at) - epoch(c.merged_at) AS seconds
    FROM facts.fct_change AS c
    JOIN last_commit AS l ON l.item_id = c.item_id
    UNION ALL
    SELECT
        'incident', i.item_id, i.service_id, i.started_at, 'deployed_after_start',
        epoch(d.deployed_at) - epoch(i.started_at)
    FROM facts.fct_incident_deployment AS i
    JOIN facts.fct_deployment AS d
        ON d.item_id = i.deployment_item_id AND d.service_id = i.deployment_service_id
    WHERE i.link_method = 'explicit'
)

SELECT
    item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS label,
    CAST(NULL AS VARCHAR) AS url,
    service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    occurred_at,
    CASE WHEN seconds > 300 THEN reason END AS reason,
    CAST(CASE WHEN seconds > 300 THEN seconds / 3600.0 END AS DOUBLE) AS hours
FROM looked_at
