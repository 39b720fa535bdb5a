/*
title = "Durations that would be negative"
question = "How many durations end before they begin, and were counted as 0?"
meaning = "Most have an ordinary reason: a draft was reviewed before it was ready, a branch was rewritten after the opening, a copy was deployed before the merge. Many of them make a median look shorter than it is."
action = "Nothing, while they are few. An incident that was restored before it began has a wrong time in its source: mend it there."
about = "order"
things = ["pull request or incident", "pull requests and incidents"]
counted = "quarter"
severity = "note"
depends_on = ["facts.fct_pull_request", "facts.fct_change", "facts.fct_incident"]

[reasons]
commit_after_opening = "its first commit is dated after its opening: coding time 0"
review_before_ready = "it was reviewed before it was ready: pickup time 0"
merge_after_deployment = "a copy of it was deployed before its merge: time to deploy 0"
restored_before_start = "it was restored before it began: time to restore 0"
*/
WITH pull_request AS (
    SELECT
        p.item_id, p.service_id, p.merged_at,
        CASE
            WHEN c.merged_at > c.deployed_at THEN 'merge_after_deployment'
            WHEN p.first_review_at < p.ready_at THEN 'review_before_ready'
            WHEN p.is_first_commit_after_opening THEN 'commit_after_opening'
        END AS reason,
        CASE
            WHEN c.merged_at > c.deployed_at THEN epoch(c.merged_at) - epoch(c.deployed_at)
            WHEN p.first_review_at < p.ready_at THEN epoch(p.ready_at) - epoch(p.first_review_at)
        END / 3600.0 AS hours
    FROM facts.fct_pull_request AS p
    JOIN facts.fct_change AS c ON c.item_id = p.item_id AND c.service_id IS NOT DISTINCT FROM p.service_id
    WHERE NOT p.is_bot
)

SELECT
    'pull_request' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS label,
    CAST(NULL AS VARCHAR) AS url,
    service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    merged_at AS occurred_at,
    reason,
    CAST(hours AS DOUBLE) AS hours
FROM pull_request
UNION ALL
SELECT
    'incident', item_id, NULL, NULL, service_id, NULL, started_at,
    CASE WHEN restored_at < started_at THEN 'restored_before_start' END,
    CASE WHEN restored_at < started_at THEN (epoch(started_at) - epoch(restored_at)) / 3600.0 END
FROM facts.fct_incident
WHERE excluded_reason IS NULL
