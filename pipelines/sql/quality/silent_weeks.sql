/*
title = "Gaps in a source's history"
question = "In which weeks did a source tell nothing at all that tells something nearly every week?"
meaning = "Half of the weeks since its first record have at least eight of these records, and this whole week has none. It may be a holiday; or a token, a webhook or a script that did not work."
action = "Compare with the source. Read what is missing with `outcomes run --source NAME --full`, or bring the inbox's files."
about = "history"
things = ["week of a source", "weeks of a source"]
counted = "quarter"
severity = "warning"
depends_on = [
    "facts.fct_pull_request", "facts.fct_work_item", "facts.dim_day", "facts.dim_run", "staged.stg_incident",
    "staged.stg_deployment",
]

[reasons]
no_pull_requests = "no pull request was opened"
no_issues = "no work item was created"
no_incidents = "no incident began"
no_deployments = "nothing was deployed"
*/
WITH record AS (
    SELECT source, 'pull_requests' AS records, service_id, item_id, opened_at AS told_at FROM facts.fct_pull_request
    UNION ALL
    SELECT source, 'issues', service_id, item_id, created_at FROM facts.fct_work_item
    UNION ALL
    SELECT source, 'incidents', service_id, item_id, started_at FROM staged.stg_incident
    UNION ALL
    SELECT source, 'deployments', service_id, item_id, attempted_at FROM staged.stg_deployment
),

week AS (
    SELECT d.week_start, min(d.starts_at) AS starts_at, max(d.ends_at) AS ends_at
    FROM facts.dim_day AS d
    CROSS JOIN facts.dim_run AS r
    GROUP BY d.week_start, r.as_of
    HAVING count(*) = 7 AND max(d.ends_at) <= r.as_of
),

started AS (
    SELECT source, records, min(told_at) AS first_at FROM record GROUP BY source, records
),

counted AS (
    SELECT
        s.source, s.records, w.week_start, w.starts_at,
        count(DISTINCT r.item_id) AS n
    FROM started AS s
    JOIN week AS w ON w.starts_at >= s.first_at
    LEFT JOIN record AS r
        ON r.source = s.source AND r.records = s.records AND r.told_at >= w.starts_at AND r.told_at < w.ends_at
    GROUP BY s.source, s.records, w.week_start, w.starts_at
),

usual AS (
    SELECT source, records, quantile_cont(n, 0.5) AS median FROM counted GROUP BY source, records
),

served AS (
    SELECT DISTINCT source, records, service_id FROM record
)

SELECT
    'source_week' AS item_kind,
    c.source || ':' || c.records || ':' || CAST(c.week_start AS VARCHAR) AS item_id,
    c.source || ', ' || replace(c.records, '_', ' ') || ', week from ' || CAST(c.week_start AS VARCHAR) AS label,
    CAST(NULL AS VARCHAR) AS url,
    s.service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    c.starts_at AS occurred_at,
    CASE WHEN c.n = 0 AND u.median >= 8 THEN 'no_' || c.records END AS reason,
    CAST(NULL AS DOUBLE) AS hours
FROM counted AS c
JOIN usual AS u ON u.source = c.source AND u.records = c.records
JOIN served AS s ON s.source = c.source AND s.records = c.records
