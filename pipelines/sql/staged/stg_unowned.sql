/*
description = "One row per thing that is nobody's, or of which it is not clear whose: what to add to the configuration. No people."
depends_on = [
    "raw.repository", "raw.project", "raw.issue", "raw.incident", "raw.coverage_report",
    "raw.debt_reading", "raw.service_level_objective", "raw.code_owner", "raw.catalog_owner", "raw.source_service_team",
    "config.team", "config.service", "config.source", "config.service_indicator",
    "config.service_repository", "staged.stg_run", "staged.stg_service", "staged.stg_service_project",
    "staged.stg_service_repository", "staged.stg_service_owner", "staged.stg_service_claim", "staged.stg_incident",
    "staged.stg_catalog_service", "staged.stg_team_alias", "staged.stg_pull_request",
    "staged.stg_pull_request_service", "staged.stg_membership", "staged.stg_person_account",
]
key = ["kind", "source", "name", "why"]
not_null = ["kind", "name", "why", "items"]
accepted_values = { kind = ["repository", "project", "incident_service", "catalogue_service", "indicator", "service", "team", "team_elsewhere", "members", "accounts", "pull_requests"] }

[columns]
kind = "what is nobody's"
source = "the source that tells of it; null where the configuration does"
name = "what it is called; of people only the team or the source, and how many"
why = "what is missing, in words"
items = "how many there are of it: incidents, pull requests, people; 1 where it is one thing"
*/
WITH today AS (
    SELECT as_of_on AS today FROM staged.stg_run
),

living AS (
    SELECT s.service_id
    FROM staged.stg_service AS s
    CROSS JOIN today AS t
    WHERE coalesce(s.active_from, t.today) <= t.today AND coalesce(s.retired_at, DATE '9999-12-31') > t.today
),

named_indicator AS (
    SELECT source, lower(indicator) AS name FROM config.service_indicator
    UNION
    SELECT NULL, id FROM config.service
    UNION
    SELECT NULL, lower(name) FROM config.service
    UNION
    SELECT NULL, lower(repository) FROM config.service_repository
),

component AS (
    SELECT source, component AS name FROM raw.coverage_report WHERE gone_at IS NULL
    UNION
    SELECT source, component FROM raw.debt_reading WHERE gone_at IS NULL
    UNION
    SELECT source, coalesce(service, name) FROM raw.service_level_objective WHERE gone_at IS NULL
),

-- Only teams that something of ours is said to belong to: an organisation has many others.
named_team AS (
    SELECT DISTINCT c.source, unnest(c.teams) AS name
    FROM raw.code_owner AS c
    JOIN staged.stg_service_repository AS r ON r.source = c.source AND r.repository_id = c.repository_id
    WHERE c.valid_to IS NULL
    UNION
    SELECT o.source, o.team
    FROM (
        SELECT source, service_id, team FROM raw.catalog_owner WHERE gone_at IS NULL
        UNION
        SELECT source, service_id, team FROM raw.source_service_team WHERE valid_to IS NULL
    ) AS o
    JOIN staged.stg_catalog_service AS c
        ON c.source = o.source AND c.catalog_service_id = o.service_id AND c.service_id IS NOT NULL
),

ambiguous AS (
    SELECT c.service_id, string_agg(DISTINCT c.team_id, ', ' ORDER BY c.team_id) AS teams
    FROM staged.stg_service_claim AS c
    JOIN today AS t ON c.valid_from <= t.today AND c.valid_to > t.today
    GROUP BY c.service_id
    HAVING count(DISTINCT c.team_id) > 1
),

found AS (
    SELECT 'repository' AS kind, r.source, r.name, 'belongs to no service' AS why, 1 AS items
    FROM raw.repository AS r
    ANTI JOIN staged.stg_service_repository AS s ON s.source = r.source AND s.repository_id = r.id
    WHERE r.gone_at IS NULL
    UNION ALL
    SELECT 'project', p.source, p.key, 'belongs to no service', 1
    FROM (
        SELECT source, key FROM raw.project WHERE gone_at IS NULL AND NOT is_archived
        UNION
        SELECT i.source, i.container_id
        FROM raw.issue AS i
        JOIN config.source AS k ON k.name = i.source AND k.kind = 'jira'
        WHERE i.gone_at IS NULL
    ) AS p
    ANTI JOIN staged.stg_service_project AS s ON s.source = p.source AND s.project_key = p.key
    UNION ALL
    SELECT
        'incident_service', r.source, coalesce(r.service_name, r.service_id, 'no service'),
        'no service names it under incident_services', count(DISTINCT r.id)
    FROM raw.incident AS r
    JOIN staged.stg_incident AS i ON i.item_id = r.source || ':' || r.id AND i.service_id IS NULL
    GROUP BY r.source, coalesce(r.service_name, r.service_id, 'no service')
    UNION ALL
    SELECT 'catalogue_service', source, coalesce(name, catalog_service_id), 'is no configured service', count(*)
    FROM staged.stg_catalog_service
    WHERE service_id IS NULL AND retired_at IS NULL
    GROUP BY source, coalesce(name, catalog_service_id)
    UNION ALL
    SELECT 'indicator', c.source, c.name, 'no service names it under indicators', 1
    FROM component AS c
    ANTI JOIN named_indicator AS n ON n.name = lower(c.name) AND coalesce(n.source, c.source) = c.source
    WHERE c.name IS NOT NULL
    UNION ALL
    SELECT
        'service', NULL, o.service_id,
        CASE
            WHEN a.service_id IS NOT NULL AND c.service_id IS NULL THEN 'owner is not clear: ' || a.teams
            ELSE 'has no owner today'
        END,
        1
    FROM staged.stg_service_owner AS o
    JOIN today AS t ON o.valid_from <= t.today AND o.valid_to > t.today
    JOIN living AS l ON l.service_id = o.service_id
    LEFT JOIN ambiguous AS a ON a.service_id = o.service_id
    LEFT JOIN (
        SELECT DISTINCT service_id FROM staged.stg_service_claim WHERE origin IN ('configuration', 'catalogue')
    ) AS c ON c.service_id = o.service_id
    WHERE o.team_id IS NULL
    UNION ALL
    SELECT 'service', NULL, o.service_id, 'had no owner from ' || o.valid_from || ' to ' || o.valid_to, 1
    FROM staged.stg_service_owner AS o
    JOIN today AS t ON o.valid_to <= t.today AND o.valid_from > DATE '0001-01-01'
    WHERE o.team_id IS NULL
    UNION ALL
    SELECT 'team', NULL, t.id, 'owns no service today', 1
    FROM config.team AS t
    ANTI JOIN (
        SELECT o.team_id
        FROM staged.stg_service_owner AS o
        JOIN today AS d ON o.valid_from <= d.today AND o.valid_to > d.today
        JOIN living AS l ON l.service_id = o.service_id
    ) AS o ON o.team_id = t.id
    UNION ALL
    SELECT 'team_elsewhere', n.source, n.name, 'is named as an owner and is no configured team', 1
    FROM named_team AS n
    ANTI JOIN staged.stg_team_alias AS a ON a.source = n.source AND a.name = lower(n.name)
    UNION ALL
    SELECT 'members', NULL, team_id, 'no source knows these members by the names in the configuration', count(DISTINCT person_key)
    FROM staged.stg_membership
    WHERE origin = 'configuration' AND NOT is_known
    GROUP BY team_id
    UNION ALL
    SELECT
        'accounts', source, source,
        CASE doubt
            WHEN 'listed_for_several' THEN 'the list gives these accounts to several people'
            WHEN 'shared_address' THEN 'these accounts share an address with another one here'
            WHEN 'address_of_several' THEN 'the address of these accounts is the one of several people'
            ELSE 'the login of these accounts is the one of several people'
        END,
        count(*)
    FROM staged.stg_person_account
    WHERE doubt IS NOT NULL
    GROUP BY source, doubt
    UNION ALL
    SELECT 'pull_requests', p.source, h.name, 'nobody asked which files these change: read the source again with --full', count(DISTINCT p.item_id)
    FROM staged.stg_pull_request_service AS s
    JOIN staged.stg_pull_request AS p ON p.item_id = s.item_id
    JOIN raw.repository AS h ON h.source = p.source AND h.id = p.repository_id
    WHERE s.belongs_by = 'unknown_files'
    GROUP BY p.source, h.name
)

SELECT DISTINCT kind, source, name, why, items FROM found
