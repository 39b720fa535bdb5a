/*
title = "Changes tied to a deployment"
question = "Of how many merged changes is it known whether and when they reached production?"
meaning = "Where the deployment that contains a change cannot be told, the change counts in no lead time. Changes that wait for their deployment are known to wait, and are fine."
action = "Let deployments tell their commit, and let the history of the default branch be read. Where a service deploys in another way, say so under its deployments."
about = "join"
things = ["merged change", "merged changes"]
counted = "quarter"
severity = "warning"
has_floor = true
depends_on = ["facts.fct_change"]

[reasons]
no_deployments = "its service has no deployment from this repository"
unknown_commit = "the commit that the merge left is not in the known history"
unknown_ancestry = "what a later deployment contains is not known"
*/
SELECT
    'pull_request' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS label,
    CAST(NULL AS VARCHAR) AS url,
    service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    merged_at AS occurred_at,
    CASE WHEN attribution IN ('no_deployments', 'unknown_commit', 'unknown_ancestry') THEN attribution END AS reason,
    CAST(NULL AS DOUBLE) AS hours
FROM facts.fct_change
WHERE NOT is_bot AND attribution NOT IN ('before_baseline', 'no_service', 'other_branch')
