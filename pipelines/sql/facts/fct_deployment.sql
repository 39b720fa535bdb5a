/*
description = "One row per service and production deployment: attempts and regions within ten minutes of the first are one."
depends_on = ["staged.stg_deployment", "staged.stg_deployment_lineage"]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "outcome", "attempted_at", "is_counted", "is_redeploy", "is_rollback"]
accepted_values = { outcome = ["succeeded", "failed", "unfinished"] }

[columns]
item_id = "source:id of the deployment"
service_id = "the service that was deployed"
repository_source = "the source of the repository that the commit is in"
repository_id = "the repository that the commit is in; null where that cannot be told"
sha = "the deployed commit; null where the source does not say"
outcome = "succeeded, failed, or unfinished: waiting, superseded or cancelled"
attempted_at = "success, else failure, else start"
attempted_on = "local day of attempted_at"
deployed_at = "first success; null where there was none"
deployed_on = "local day of deployed_at"
deployment_number = "1, 2, 3, … among the service's successful deployments from this repository that have a commit"
is_baseline = "what it contains counts as deployed before the history began"
has_known_commit = "the commit's ancestors are known"
is_redeploy = "the commit of the previous successful deployment again"
is_rollback = "an earlier commit, or an ancestor of the previous one"
is_counted = "succeeded and no redeploy"
counted_item_id = "the counted deployment that it is or repeats; null where it never succeeded"
previous_counted_item_id = "the counted deployment before it from the same repository"
unknown_before_at = "latest earlier deployment from the same repository whose ancestors are not known"
*/
WITH deployment AS (
    SELECT
        d.item_id,
        d.service_id,
        d.repository_source,
        d.repository_id,
        d.sha,
        d.outcome,
        d.attempted_at,
        d.attempted_on,
        d.succeeded_at AS deployed_at,
        d.succeeded_on AS deployed_on,
        l.deployment_number,
        coalesce(l.is_baseline, false) AS is_baseline,
        coalesce(l.has_known_commit, false) AS has_known_commit,
        coalesce(l.lineage_kind = 'redeploy', false) AS is_redeploy,
        coalesce(l.lineage_kind = 'rollback', false) AS is_rollback,
        d.outcome = 'succeeded' AND coalesce(l.lineage_kind <> 'redeploy', true) AS is_counted
    FROM staged.stg_deployment AS d
    LEFT JOIN staged.stg_deployment_lineage AS l
        ON l.service_id = d.service_id AND l.item_id = d.item_id
    WHERE d.item_id = d.deployment_item_id
)

SELECT
    item_id,
    service_id,
    repository_source,
    repository_id,
    sha,
    outcome,
    attempted_at,
    attempted_on,
    deployed_at,
    deployed_on,
    deployment_number,
    is_baseline,
    has_known_commit,
    is_redeploy,
    is_rollback,
    is_counted,
    CASE
        WHEN outcome = 'succeeded' THEN
            last_value(CASE WHEN is_counted THEN item_id END IGNORE NULLS) OVER (
                PARTITION BY service_id, repository_source, repository_id
                ORDER BY deployed_at, item_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            )
    END AS counted_item_id,
    last_value(CASE WHEN is_counted THEN item_id END IGNORE NULLS) OVER (
        PARTITION BY service_id, repository_source, repository_id
        ORDER BY deployed_at, item_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS previous_counted_item_id,
    max(CASE WHEN NOT has_known_commit THEN deployed_at END) OVER (
        PARTITION BY service_id, repository_source, repository_id
        ORDER BY deployed_at, item_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS unknown_before_at
FROM deployment
