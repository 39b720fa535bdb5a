/*
description = "One row per counted deployment that failed: how that is known, when it failed, when service was restored."
depends_on = [
    "facts.dim_run", "facts.fct_deployment", "facts.fct_change", "facts.fct_incident_deployment",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "failed_by", "failed_at", "failed_on", "is_restoration_known"]
accepted_values = { failed_by = ["incident", "rollback", "hotfix"] }

[columns]
item_id = "source:id of the deployment"
service_id = "the service that was deployed"
failed_by = "the strongest sign: an incident, a rollback, a hotfix"
failed_at = "the first incident's beginning; without an incident the deployment itself"
failed_on = "local day of failed_at"
restored_at = "end of its last incident; without one the rollback, else the hotfix in production; null while it lasts"
is_restoration_known = "false where the hotfix cannot be found among the deployments"
link_method = "how the sign was linked: explicit, rollback, revert, window or hotfix"
confidence = "high, medium or low"
*/
WITH by_incident AS (
    SELECT
        deployment_item_id AS item_id,
        deployment_service_id AS service_id,
        min(started_at) AS failed_at,
        min(started_on) AS failed_on,
        CASE WHEN count(restored_at) = count(*) THEN max(restored_at) END AS restored_at,
        min(CASE link_method WHEN 'explicit' THEN 1 WHEN 'rollback' THEN 2 WHEN 'revert' THEN 3 ELSE 4 END) AS strength
    FROM facts.fct_incident_deployment
    WHERE deployment_item_id IS NOT NULL
    GROUP BY deployment_item_id, deployment_service_id
),

by_rollback AS (
    SELECT previous_counted_item_id AS item_id, service_id, min(deployed_at) AS restored_at
    FROM facts.fct_deployment
    WHERE is_counted AND is_rollback AND previous_counted_item_id IS NOT NULL
    GROUP BY previous_counted_item_id, service_id
),

hotfix AS (
    SELECT item_id, service_id, opened_at, attribution, deployed_at
    FROM facts.fct_change
    WHERE is_hotfix AND NOT is_bot AND service_id IS NOT NULL
),

walk AS (
    SELECT service_id, deployed_at AS happened_at, 0 AS turn, item_id, item_id AS deployment_item_id, deployed_at
    FROM facts.fct_deployment
    WHERE is_counted
    UNION ALL
    SELECT service_id, opened_at, 1, item_id, NULL, NULL FROM hotfix
),

latest AS (
    SELECT
        service_id,
        item_id,
        turn,
        last_value(deployment_item_id IGNORE NULLS) OVER (
            PARTITION BY service_id ORDER BY happened_at, turn, item_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS deployment_item_id,
        last_value(deployed_at IGNORE NULLS) OVER (
            PARTITION BY service_id ORDER BY happened_at, turn, item_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS mended_deployed_at
    FROM walk
),

by_hotfix AS (
    SELECT
        l.deployment_item_id AS item_id,
        h.service_id,
        CASE WHEN count(h.deployed_at) = count(*) THEN max(h.deployed_at) END AS restored_at,
        min(
            CASE WHEN h.attribution IN ('attributed', 'before_baseline', 'not_yet_deployed') THEN 1 ELSE 0 END
        ) = 1 AS is_restoration_known
    FROM hotfix AS h
    JOIN latest AS l ON l.item_id = h.item_id AND l.service_id = h.service_id AND l.turn = 1
    CROSS JOIN facts.dim_run AS r
    WHERE epoch(h.opened_at) - epoch(l.mended_deployed_at) <= r.incident_window_seconds
    GROUP BY l.deployment_item_id, h.service_id
)

SELECT
    d.item_id,
    d.service_id,
    CASE
        WHEN i.item_id IS NOT NULL THEN 'incident'
        WHEN b.item_id IS NOT NULL THEN 'rollback'
        ELSE 'hotfix'
    END AS failed_by,
    coalesce(i.failed_at, d.deployed_at) AS failed_at,
    coalesce(i.failed_on, d.deployed_on) AS failed_on,
    CASE
        WHEN i.item_id IS NOT NULL THEN i.restored_at
        WHEN b.item_id IS NOT NULL THEN b.restored_at
        ELSE h.restored_at
    END AS restored_at,
    i.item_id IS NOT NULL OR b.item_id IS NOT NULL OR h.is_restoration_known AS is_restoration_known,
    CASE
        WHEN i.strength = 1 THEN 'explicit'
        WHEN i.strength = 2 THEN 'rollback'
        WHEN i.strength = 3 THEN 'revert'
        WHEN i.strength = 4 THEN 'window'
        WHEN b.item_id IS NOT NULL THEN 'rollback'
        ELSE 'hotfix'
    END AS link_method,
    CASE
        WHEN i.strength = 1 OR b.item_id IS NOT NULL THEN 'high'
        WHEN i.strength IN (2, 3) THEN 'medium'
        WHEN i.strength = 4 THEN 'low'
        ELSE 'medium'
    END AS confidence
FROM facts.fct_deployment AS d
LEFT JOIN by_incident AS i ON i.item_id = d.item_id AND i.service_id = d.service_id
LEFT JOIN by_rollback AS b ON b.item_id = d.item_id AND b.service_id = d.service_id
LEFT JOIN by_hotfix AS h ON h.item_id = d.item_id AND h.service_id = d.service_id
WHERE d.is_counted AND (i.item_id IS NOT NULL OR b.item_id IS NOT NULL OR h.item_id IS NOT NULL)
