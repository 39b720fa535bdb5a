/*
description = "One row per merged pull request and service: the first production deployment that contains it."
depends_on = [
    "facts.fct_pull_request", "facts.fct_deployment", "staged.stg_commit_deployment", "staged.stg_cherry_pick",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "merged_at", "merged_on", "attribution", "is_bot", "is_hotfix"]

[columns]
item_id = "source:id of the pull request"
service_id = "the service; null where neither the repository nor what is changed in it is any service's"
opened_at = "when it was opened"
first_commit_at = "first commit, at most the opening; null where no commit is known"
merged_at = "when it was merged"
merged_on = "local day of the merge"
attribution = "attributed, or why not"
deployment_item_id = "the first successful production deployment that contains it; null where none does"
deployed_at = "when that deployment succeeded"
deployed_on = "local day of deployed_at"
link_method = "containment, or cherry_pick: a copy of its merge commit was deployed first"
confidence = "high; medium for a copy, or where a deployment of unknown content came between"
is_bot = "a bot opened it"
is_hotfix = "a label or its branch says that it mends production"
is_revert = "it undoes another pull request"
source = "the source's name"
repository_id = "the source's id of the repository"
number = "its number in the repository"
reverts_number = "the number of the pull request that it undoes, where that can be told"

[accepted_values]
attribution = [
    "attributed", "not_yet_deployed", "before_baseline", "no_service", "no_deployments", "other_branch",
    "unknown_commit", "unknown_ancestry",
]
*/
WITH change AS (
    SELECT * FROM facts.fct_pull_request WHERE state = 'merged'
),

carrier AS (
    SELECT DISTINCT item_id, source, repository_id, merge_commit_sha AS sha, 'containment' AS link_method
    FROM change
    WHERE merge_commit_sha IS NOT NULL
    UNION ALL
    SELECT item_id, source, repository_id, sha, 'cherry_pick' FROM staged.stg_cherry_pick
),

contained AS (
    SELECT c.item_id, c.link_method, d.service_id, d.deployment_item_id
    FROM carrier AS c
    JOIN staged.stg_commit_deployment AS d
        ON d.repository_source = c.source AND d.repository_id = c.repository_id AND d.sha = c.sha
    QUALIFY row_number() OVER (
        PARTITION BY c.item_id, d.service_id ORDER BY d.deployment_number, c.link_method DESC, c.sha
    ) = 1
),

line AS (
    SELECT
        service_id,
        repository_source,
        repository_id,
        max(CASE WHEN has_known_commit THEN 1 ELSE 0 END) AS known,
        max(CASE WHEN NOT has_known_commit THEN deployed_at END) AS last_unknown_at
    FROM facts.fct_deployment
    WHERE outcome = 'succeeded'
    GROUP BY service_id, repository_source, repository_id
),

attributed AS (
    SELECT
        c.item_id,
        c.service_id,
        CASE
            WHEN c.service_id IS NULL THEN 'no_service'
            WHEN d.is_baseline THEN 'before_baseline'
            WHEN d.item_id IS NOT NULL THEN 'attributed'
            WHEN l.service_id IS NULL THEN 'no_deployments'
            WHEN NOT c.is_merge_commit_known AND NOT c.is_default_branch THEN 'other_branch'
            WHEN NOT c.is_merge_commit_known THEN 'unknown_commit'
            WHEN l.known = 0 OR l.last_unknown_at >= c.merged_at THEN 'unknown_ancestry'
            ELSE 'not_yet_deployed'
        END AS attribution,
        d.item_id AS deployment_item_id,
        d.deployed_at,
        d.deployed_on,
        f.link_method,
        CASE
            WHEN d.item_id IS NULL THEN NULL
            WHEN f.link_method = 'cherry_pick' OR d.unknown_before_at >= c.merged_at THEN 'medium'
            ELSE 'high'
        END AS confidence
    FROM change AS c
    LEFT JOIN contained AS f ON f.item_id = c.item_id AND f.service_id = c.service_id
    LEFT JOIN facts.fct_deployment AS d
        ON d.item_id = f.deployment_item_id AND d.service_id = f.service_id
    LEFT JOIN line AS l
        ON l.service_id = c.service_id
        AND l.repository_source = c.source
        AND l.repository_id = c.repository_id
)

SELECT
    c.item_id,
    c.service_id,
    c.opened_at,
    c.first_commit_at,
    c.merged_at,
    c.merged_on,
    a.attribution,
    a.deployment_item_id,
    a.deployed_at,
    a.deployed_on,
    a.link_method,
    a.confidence,
    c.is_bot,
    c.is_hotfix,
    c.is_revert,
    c.source,
    c.repository_id,
    c.number,
    c.reverts_number
FROM change AS c
JOIN attributed AS a
    ON a.item_id = c.item_id AND a.service_id IS NOT DISTINCT FROM c.service_id
