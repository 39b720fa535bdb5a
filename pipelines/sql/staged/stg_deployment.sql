/*
description = "One row per service and production deployment record that the configuration recognises, whatever became of it."
depends_on = [
    "raw.deployment", "raw.deployment_status", "raw.release", "raw.tag", "raw.workflow_run", "raw.commit",
    "raw.pull_request", "staged.stg_service_repository", "staged.stg_duplicate", "config.service",
    "config.production_environment", "config.run", "config.organisation",
]
key = ["service_id", "item_id"]
not_null = ["deployment_item_id", "attempted_at", "outcome"]
accepted_values = { outcome = ["succeeded", "failed", "unfinished"] }

[columns]
service_id = "the service that was deployed; one record may deploy several"
item_id = "source:id of the record; releases and runs carry their kind, as their ids may be equal"
deployment_item_id = "the record that stands for this one: attempts and regions within ten minutes of the first are one, and so are records of several sources"
native_id = "the source's id of the record"
source = "the source of the record"
repository_source = "the source of the repository that the commit is in"
repository_id = "the repository that the commit is in; null where that cannot be told"
sha = "the deployed commit; null where the source does not say"
url = "the deployment's page, where the source gives it"
attempted_at = "success, else failure, else start"
attempted_on = "local day of attempted_at"
succeeded_at = "first success of the deployment that this record belongs to; null where there was none"
succeeded_on = "local day of succeeded_at"
outcome = "succeeded; failed; or unfinished: waiting, superseded or cancelled"
*/
WITH RECURSIVE setting AS (
    SELECT
        r.as_of,
        o.time_zone,
        (SELECT list(lower(pattern)) FROM config.production_environment) AS production
    FROM config.run AS r
    CROSS JOIN config.organisation AS o
),

service AS (
    SELECT s.id AS service_id, s.deployments_from, s.deployments_match, r.source, r.repository_id
    FROM config.service AS s
    JOIN staged.stg_service_repository AS r ON r.service_id = s.id
),

status AS (
    SELECT
        source,
        deployment_id,
        min(created_at) FILTER (state = 'SUCCESS') AS succeeded_at,
        min(created_at) FILTER (state IN ('FAILURE', 'ERROR')) AS failed_at
    FROM raw.deployment_status
    WHERE gone_at IS NULL
    GROUP BY source, deployment_id
),

-- A status may rename the environment: either name counts.
deployment AS (
    SELECT
        *,
        len(list_filter(names, lambda e: len(list_filter(production, lambda g: lower(e) GLOB g)) > 0)) > 0
            AS is_named_production
    FROM (
        SELECT
            d.*,
            c.production,
            list_filter([d.environment, d.original_environment], lambda e: e IS NOT NULL) AS names
        FROM raw.deployment AS d
        CROSS JOIN setting AS c
        WHERE d.gone_at IS NULL
    )
),

-- The inbox names a service, not a repository: the commit is looked up among the service's own.
known_commit AS (
    SELECT source, repository_id, sha FROM raw.commit WHERE gone_at IS NULL
    UNION
    SELECT source, repository_id, merge_commit_sha
    FROM raw.pull_request
    WHERE gone_at IS NULL AND merged_at IS NOT NULL AND merge_commit_sha IS NOT NULL
),

inbox_commit AS (
    SELECT
        d.source,
        d.id,
        CASE WHEN count(DISTINCT k.repository_id) = 1 THEN min(k.sha) END AS sha,
        CASE
            WHEN count(DISTINCT k.repository_id) = 1 THEN min(k.source)
            WHEN count(DISTINCT s.repository_id) = 1 THEN min(s.source)
        END AS repository_source,
        CASE
            WHEN count(DISTINCT k.repository_id) = 1 THEN min(k.repository_id)
            WHEN count(DISTINCT s.repository_id) = 1 THEN min(s.repository_id)
        END AS repository_id
    FROM deployment AS d
    JOIN service AS s ON s.service_id = d.service AND s.deployments_from = 'inbox'
    LEFT JOIN known_commit AS k
        ON k.source = s.source
        AND k.repository_id = s.repository_id
        AND left(k.sha, 7) = left(lower(d.sha), 7)
        AND starts_with(k.sha, lower(d.sha))
    GROUP BY d.source, d.id
),

record AS (
    SELECT
        s.service_id, d.source || ':' || d.id AS item_id, d.id AS native_id, d.source,
        d.source AS repository_source, d.repository_id, d.sha, d.environment AS place, d.url, d.created_at,
        t.succeeded_at, t.failed_at
    FROM service AS s
    JOIN deployment AS d ON d.source = s.source AND d.repository_id = s.repository_id
    LEFT JOIN status AS t ON t.source = d.source AND t.deployment_id = d.id
    WHERE
        -- A service's own expression says what production is; without one the organisation's names do.
        s.deployments_from = 'deployments'
        AND CASE
            WHEN s.deployments_match = '' THEN d.is_named_production
            ELSE len(list_filter(d.names, lambda e: regexp_matches(e, s.deployments_match))) > 0
        END
    UNION ALL
    SELECT
        s.id, d.source || ':' || d.id, d.id, d.source,
        i.repository_source, i.repository_id, coalesce(i.sha, lower(d.sha)), d.environment, d.url, d.created_at,
        CASE WHEN upper(d.state) IN ('SUCCESS', 'SUCCEEDED') THEN coalesce(d.finished_at, d.created_at) END,
        CASE WHEN upper(d.state) IN ('FAILURE', 'FAILED', 'ERROR') THEN coalesce(d.finished_at, d.created_at) END
    FROM config.service AS s
    JOIN deployment AS d ON d.service = s.id
    LEFT JOIN inbox_commit AS i ON i.source = d.source AND i.id = d.id
    WHERE
        s.deployments_from = 'inbox'
        AND CASE
            WHEN s.deployments_match = '' THEN d.is_named_production
            ELSE len(list_filter(d.names, lambda e: regexp_matches(e, s.deployments_match))) > 0
        END
    UNION ALL
    SELECT
        s.service_id, r.source || ':release/' || r.id, r.id, r.source,
        r.source, r.repository_id, r.sha, NULL, NULL, r.published_at, r.published_at, NULL
    FROM service AS s
    JOIN raw.release AS r ON r.source = s.source AND r.repository_id = s.repository_id
    WHERE
        s.deployments_from = 'releases'
        AND r.gone_at IS NULL
        AND r.published_at IS NOT NULL
        AND NOT r.is_draft
        AND NOT r.is_prerelease
        AND regexp_matches(r.tag, s.deployments_match)
    UNION ALL
    SELECT
        s.service_id, t.source || ':' || t.id, t.id, t.source,
        t.source, t.repository_id, t.sha, NULL, NULL, t.tagged_at, t.tagged_at, NULL
    FROM service AS s
    JOIN raw.tag AS t ON t.source = s.source AND t.repository_id = s.repository_id
    WHERE
        s.deployments_from = 'tags'
        AND t.gone_at IS NULL
        AND t.tagged_at IS NOT NULL
        AND regexp_matches(t.name, s.deployments_match)
    UNION ALL
    SELECT
        s.service_id, w.source || ':run/' || w.id, w.id, w.source,
        w.source, w.repository_id, w.head_sha, w.workflow, w.url, coalesce(w.started_at, w.created_at),
        CASE WHEN w.conclusion = 'success' THEN coalesce(w.updated_at, w.started_at, w.created_at) END,
        CASE
            WHEN w.conclusion IN ('failure', 'timed_out', 'startup_failure')
                THEN coalesce(w.updated_at, w.started_at, w.created_at)
        END
    FROM service AS s
    JOIN raw.workflow_run AS w ON w.source = s.source AND w.repository_id = s.repository_id
    WHERE
        s.deployments_from = 'workflow_runs'
        AND w.gone_at IS NULL
        -- Runs for a pull request build what is not merged yet.
        AND coalesce(w.event, '') NOT IN ('pull_request', 'pull_request_target')
        AND regexp_matches(coalesce(w.workflow, ''), s.deployments_match)
),

-- Nothing that happened after the moment of the run is seen; the null commit means "deleted".
seen AS (
    SELECT
        r.* REPLACE (
            CASE WHEN r.succeeded_at <= c.as_of THEN r.succeeded_at END AS succeeded_at,
            CASE WHEN r.failed_at <= c.as_of THEN r.failed_at END AS failed_at
        ),
        coalesce(d.group_item_id, r.item_id) AS told_item_id,
        coalesce(d.place, 1) AS told_place
    FROM record AS r
    CROSS JOIN setting AS c
    LEFT JOIN staged.stg_duplicate AS d ON d.item_kind = 'deployment' AND d.item_id = r.item_id
    WHERE r.created_at <= c.as_of AND NOT regexp_full_match(coalesce(r.sha, ''), '0+')
),

-- Several records of one deployment tell what the first of them tells, completed by the others.
told AS (
    SELECT
        * REPLACE (
            first_value(created_at) OVER one AS created_at,
            first_value(succeeded_at IGNORE NULLS) OVER one AS succeeded_at,
            first_value(failed_at IGNORE NULLS) OVER one AS failed_at,
            first_value(sha IGNORE NULLS) OVER one AS sha,
            first_value(place IGNORE NULLS) OVER one AS place,
            first_value(repository_id IGNORE NULLS) OVER one AS repository_id,
            first_value(CASE WHEN repository_id IS NOT NULL THEN repository_source END IGNORE NULLS) OVER one
                AS repository_source
        )
    FROM seen
    WINDOW one AS (
        PARTITION BY service_id, told_item_id ORDER BY told_place, item_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
),

attempt AS (
    SELECT *, coalesce(succeeded_at, failed_at, created_at) AS attempted_at FROM told
),

-- How many successes of other commits came before, and whether the record before is too long ago.
ordered AS (
    SELECT
        *,
        count(*) FILTER (succeeded_at IS NOT NULL) OVER any_commit
        - count(*) FILTER (succeeded_at IS NOT NULL) OVER same_commit AS others,
        coalesce(
            epoch(attempted_at) - epoch(lag(attempted_at) OVER same_commit) > 600, false
        ) AS is_apart
    FROM attempt
    WINDOW
        any_commit AS (
            PARTITION BY service_id, repository_source, repository_id ORDER BY attempted_at, item_id
        ),
        same_commit AS (
            PARTITION BY service_id, repository_source, repository_id, coalesce(sha, told_item_id)
            ORDER BY attempted_at, item_id
        )
),

chained AS (
    SELECT
        *,
        count(*) FILTER (is_apart) OVER (
            PARTITION BY service_id, repository_source, repository_id, coalesce(sha, told_item_id)
            ORDER BY attempted_at, item_id
        ) AS chain
    FROM ordered
),

numbered AS (
    SELECT
        *,
        dense_rank() OVER (
            ORDER BY service_id, repository_source, repository_id, coalesce(sha, told_item_id), chain
        ) AS line,
        row_number() OVER (
            PARTITION BY service_id, repository_source, repository_id, coalesce(sha, told_item_id), chain
            ORDER BY attempted_at, item_id
        ) AS number
    FROM chained
),

-- The latest record of the commit in the same place after which another commit succeeded: this one
-- brings it back. In another place it is the next region, whatever was deployed elsewhere meanwhile.
placed AS (
    SELECT
        *,
        max(number) OVER (
            PARTITION BY line, lower(place)
            ORDER BY others
            RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS left_number
    FROM numbered
),

-- For each record the first later one that brings the commit back after it.
brought_back AS (
    SELECT
        line,
        number,
        min(returns) OVER (
            PARTITION BY line ORDER BY number RANGE BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
        ) AS first_return
    FROM (
        SELECT line, number, NULL AS returns FROM placed
        UNION ALL
        SELECT line, left_number, number FROM placed WHERE left_number IS NOT NULL
    )
    QUALIFY returns IS NULL
),

-- Ten minutes count from the first record of a deployment; what is later, or a return, opens the next.
-- Each record knows which that would be, so that a commit deployed a thousand times is gone through once.
follower AS (
    SELECT
        p.line,
        p.number,
        least(
            max(p.number) OVER (
                PARTITION BY p.line ORDER BY epoch(p.attempted_at)
                RANGE BETWEEN UNBOUNDED PRECEDING AND 600 FOLLOWING
            ) + 1,
            r.first_return
        ) AS next_number
    FROM placed AS p
    JOIN brought_back AS r ON r.line = p.line AND r.number = p.number
    QUALIFY next_number <= count(*) OVER (PARTITION BY p.line)
),

opening AS (
    SELECT line, number FROM placed WHERE number = 1
    UNION ALL
    SELECT f.line, f.next_number
    FROM opening AS o
    JOIN follower AS f ON f.line = o.line AND f.number = o.number
),

clustered AS (
    SELECT p.*, count(o.number) OVER (PARTITION BY p.line ORDER BY p.number) AS cluster
    FROM placed AS p
    LEFT JOIN opening AS o ON o.line = p.line AND o.number = p.number
)

SELECT
    g.service_id,
    g.item_id,
    first_value(g.item_id) OVER (one ORDER BY g.succeeded_at IS NULL, g.attempted_at, g.told_place, g.item_id)
        AS deployment_item_id,
    g.native_id,
    g.source,
    g.repository_source,
    g.repository_id,
    g.sha,
    g.url,
    g.attempted_at,
    CAST(g.attempted_at AT TIME ZONE c.time_zone AS DATE) AS attempted_on,
    min(g.succeeded_at) OVER one AS succeeded_at,
    CAST(min(g.succeeded_at) OVER one AT TIME ZONE c.time_zone AS DATE) AS succeeded_on,
    CASE
        WHEN min(g.succeeded_at) OVER one IS NOT NULL THEN 'succeeded'
        WHEN min(g.failed_at) OVER one IS NOT NULL THEN 'failed'
        ELSE 'unfinished'
    END AS outcome
FROM clustered AS g
CROSS JOIN setting AS c
WINDOW one AS (PARTITION BY g.line, g.cluster)
