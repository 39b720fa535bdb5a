/*
description = "One row per change with a deployment and service: the moments between its stages, each at most the next."
depends_on = ["facts.fct_change", "facts.fct_pull_request"]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "ready_at", "reviewed_at", "merged_at", "deployed_at", "deployed_on"]

[columns]
item_id = "source:id of the pull request"
service_id = "the service"
coded_at = "first commit, at most the deployment; null where no commit is known"
ready_at = "first ready for review; the merge where it never was"
reviewed_at = "first review by another person, at least ready_at; the merge where there was none"
merged_at = "the merge, at most the deployment: a copy may have been deployed before"
deployed_at = "the first successful production deployment that contains it"
deployed_on = "local day of deployed_at"
is_reviewed = "another person reviewed it"

[incremental]
by = ["item_id"]
inputs = { "facts.fct_change" = ["item_id"], "facts.fct_pull_request" = ["item_id"] }
*/
SELECT
    c.item_id,
    c.service_id,
    CASE WHEN c.first_commit_at > c.deployed_at THEN c.deployed_at ELSE c.first_commit_at END AS coded_at,
    least(coalesce(p.ready_at, c.merged_at), c.merged_at, c.deployed_at) AS ready_at,
    least(
        greatest(coalesce(p.first_review_at, c.merged_at), coalesce(p.ready_at, c.merged_at)),
        c.merged_at,
        c.deployed_at
    ) AS reviewed_at,
    least(c.merged_at, c.deployed_at) AS merged_at,
    c.deployed_at,
    c.deployed_on,
    p.first_review_at IS NOT NULL AS is_reviewed
FROM facts.fct_change AS c
JOIN facts.fct_pull_request AS p ON p.item_id = c.item_id AND p.service_id = c.service_id
WHERE c.attribution = 'attributed'
