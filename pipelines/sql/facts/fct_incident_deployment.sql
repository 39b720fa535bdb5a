/*
description = "One row per incident that counts and service it struck: the counted deployment it belongs to, if any."
depends_on = [
    "facts.dim_run", "facts.fct_incident", "facts.fct_deployment", "facts.fct_change",
    "staged.stg_incident_reference", "staged.stg_deployment", "staged.stg_commit_deployment",
    "staged.stg_pull_request_name",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "started_at"]
accepted_values = { link_method = ["explicit", "rollback", "revert", "window"], confidence = ["high", "medium", "low"] }

[columns]
item_id = "source:id of the incident"
service_id = "the service it struck"
started_at = "when it began"
started_on = "local day of its beginning"
restored_at = "when it was mitigated, else resolved; null while it lasts"
deployment_item_id = "the counted deployment that it belongs to; null where none could be found"
deployment_service_id = "the service of that deployment; another one only where the incident names it"
link_method = "explicit: named by the incident; rollback or revert of it during the incident; window: the latest before it"
confidence = "high for explicit, medium for rollback and revert, low for window"
*/
WITH incident AS (
    SELECT item_id, service_id, started_at, started_on, restored_at
    FROM facts.fct_incident
    WHERE excluded_reason IS NULL
),

counted AS (
    SELECT item_id, service_id, deployed_at, is_rollback, previous_counted_item_id
    FROM facts.fct_deployment
    WHERE is_counted
),

-- Every deployment that a reference may mean; a change means the deployment that brought it.
meant AS (
    SELECT r.item_id, r.is_field, d.service_id, d.deployment_item_id
    FROM staged.stg_incident_reference AS r
    JOIN staged.stg_deployment AS d ON lower(d.url) = r.reference
    WHERE r.kind = 'deployment'
    UNION ALL
    SELECT r.item_id, r.is_field, d.service_id, d.deployment_item_id
    FROM staged.stg_incident_reference AS r
    JOIN staged.stg_deployment AS d ON lower(d.native_id) = r.reference
    WHERE r.kind = 'deployment' AND r.is_field
    UNION ALL
    SELECT r.item_id, r.is_field, d.service_id, d.deployment_item_id
    FROM staged.stg_incident_reference AS r
    JOIN staged.stg_deployment AS d
        ON substr(d.sha, 1, 7) = substr(r.reference, 1, 7) AND d.sha LIKE r.reference || '%'
    WHERE r.kind = 'commit'
    UNION ALL
    SELECT r.item_id, r.is_field, d.service_id, d.deployment_item_id
    FROM staged.stg_incident_reference AS r
    JOIN staged.stg_commit_deployment AS d
        ON substr(d.sha, 1, 7) = substr(r.reference, 1, 7) AND d.sha LIKE r.reference || '%'
    WHERE r.kind = 'commit'
    UNION ALL
    SELECT r.item_id, r.is_field, c.service_id, c.deployment_item_id
    FROM staged.stg_incident_reference AS r
    JOIN staged.stg_pull_request_name AS p ON p.reference = r.reference AND (r.is_field OR NOT p.is_for_fields)
    JOIN facts.fct_change AS c ON c.item_id = p.item_id
    WHERE r.kind = 'pull_request' AND c.deployment_item_id IS NOT NULL
),

-- What a text merely mentions may be the remedy: only what was there when it began can be meant.
explicit AS (
    SELECT
        i.item_id,
        i.service_id,
        t.item_id AS deployment_item_id,
        t.service_id AS deployment_service_id
    FROM incident AS i
    JOIN meant AS m ON m.item_id = i.item_id
    JOIN facts.fct_deployment AS d ON d.item_id = m.deployment_item_id AND d.service_id = m.service_id
    JOIN counted AS t ON t.item_id = d.counted_item_id AND t.service_id = d.service_id
    WHERE m.is_field OR t.deployed_at <= i.started_at
    QUALIFY row_number() OVER (
        PARTITION BY i.item_id, i.service_id
        ORDER BY
            CASE WHEN m.is_field THEN 0 ELSE 1 END,
            CASE WHEN t.service_id = i.service_id THEN 0 ELSE 1 END,
            t.deployed_at DESC,
            t.item_id,
            t.service_id
    ) = 1
),

reverted AS (
    SELECT r.service_id, r.opened_at, c.deployment_item_id
    FROM facts.fct_change AS r
    JOIN facts.fct_change AS c
        ON c.service_id = r.service_id
        AND c.source = r.source
        AND c.repository_id = r.repository_id
        AND c.number = r.reverts_number
),

-- Undone while the incident lasted: by going back, or by reverting the change that it brought.
undone AS (
    SELECT
        i.item_id,
        i.service_id,
        b.previous_counted_item_id AS deployment_item_id,
        b.deployed_at AS undone_at,
        'rollback' AS link_method
    FROM incident AS i
    JOIN counted AS b ON b.service_id = i.service_id
    WHERE b.is_rollback AND b.deployed_at >= i.started_at AND (i.restored_at IS NULL OR b.deployed_at <= i.restored_at)
    UNION ALL
    SELECT i.item_id, i.service_id, r.deployment_item_id, r.opened_at, 'revert'
    FROM incident AS i
    JOIN reverted AS r ON r.service_id = i.service_id
    WHERE r.opened_at >= i.started_at AND (i.restored_at IS NULL OR r.opened_at <= i.restored_at)
),

undoing AS (
    SELECT u.item_id, u.service_id, t.item_id AS deployment_item_id, u.link_method
    FROM undone AS u
    JOIN incident AS i ON i.item_id = u.item_id AND i.service_id = u.service_id
    JOIN facts.fct_deployment AS d ON d.item_id = u.deployment_item_id AND d.service_id = u.service_id
    JOIN counted AS t ON t.item_id = d.counted_item_id AND t.service_id = d.service_id
    WHERE t.deployed_at <= i.started_at
    QUALIFY row_number() OVER (
        PARTITION BY u.item_id, u.service_id ORDER BY u.undone_at, u.link_method DESC, t.item_id
    ) = 1
),

-- One walk through deployments and incidents together; at the same instant the deployment came first.
walk AS (
    SELECT service_id, deployed_at AS happened_at, 0 AS turn, item_id, item_id AS deployment_item_id, deployed_at
    FROM counted
    UNION ALL
    SELECT service_id, started_at, 1, item_id, NULL, NULL FROM incident
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
        ) AS deployed_at
    FROM walk
),

-- Both ends of the window belong to it.
in_window AS (
    SELECT i.item_id, i.service_id, l.deployment_item_id
    FROM incident AS i
    JOIN latest AS l ON l.item_id = i.item_id AND l.service_id = i.service_id AND l.turn = 1
    CROSS JOIN facts.dim_run AS r
    WHERE epoch(i.started_at) - epoch(l.deployed_at) <= r.incident_window_seconds
)

SELECT
    i.item_id,
    i.service_id,
    i.started_at,
    i.started_on,
    i.restored_at,
    coalesce(e.deployment_item_id, u.deployment_item_id, w.deployment_item_id) AS deployment_item_id,
    CASE
        WHEN e.item_id IS NOT NULL THEN e.deployment_service_id
        WHEN u.item_id IS NOT NULL OR w.item_id IS NOT NULL THEN i.service_id
    END AS deployment_service_id,
    CASE
        WHEN e.item_id IS NOT NULL THEN 'explicit'
        WHEN u.item_id IS NOT NULL THEN u.link_method
        WHEN w.item_id IS NOT NULL THEN 'window'
    END AS link_method,
    CASE
        WHEN e.item_id IS NOT NULL THEN 'high'
        WHEN u.item_id IS NOT NULL THEN 'medium'
        WHEN w.item_id IS NOT NULL THEN 'low'
    END AS confidence
FROM incident AS i
LEFT JOIN explicit AS e ON e.item_id = i.item_id AND e.service_id = i.service_id
LEFT JOIN undoing AS u ON u.item_id = i.item_id AND u.service_id = i.service_id
LEFT JOIN in_window AS w ON w.item_id = i.item_id AND w.service_id = i.service_id
