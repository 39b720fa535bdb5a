/*
description = "One row per service, place that tells of its owner, team and unbroken stretch of days: what is told, before it is decided."
depends_on = [
    "config.service_owner", "config.service_path", "raw.catalog_owner", "raw.source_service_team",
    "raw.code_owner", "raw.source_team", "raw.source_team_repository", "staged.stg_catalog_service",
    "staged.stg_service_repository", "staged.stg_team_alias",
]
key = ["service_id", "origin", "team_id", "valid_from"]
not_null = ["service_id", "origin", "team_id", "valid_from", "valid_to", "is_written"]
accepted_values = { origin = ["configuration", "catalogue", "codeowners", "permission"] }

[columns]
service_id = "the service"
origin = "[[service]] owners; a catalogue or file of owners; the last CODEOWNERS line that covers all of the service; the strongest permission on its repositories"
team_id = "the team that is told to own it"
valid_from = "first day; 0001-01-01 for always"
valid_to = "the day after the last one; 9999-12-31 for ever"
is_written = "somebody wrote down since when; else it was seen so, and since when is not known of the first one"
*/
WITH catalogue AS (
    SELECT c.service_id, c.position, o.source, a.team_id, o.valid_from, o.valid_to, true AS is_written
    FROM raw.catalog_owner AS o
    JOIN staged.stg_catalog_service AS c ON c.source = o.source AND c.catalog_service_id = o.service_id
    JOIN staged.stg_team_alias AS a ON a.source = o.source AND a.name = lower(o.team)
    WHERE o.gone_at IS NULL AND c.service_id IS NOT NULL
    UNION ALL
    SELECT c.service_id, c.position, o.source, a.team_id, o.valid_from, o.valid_to, false
    FROM raw.source_service_team AS o
    JOIN staged.stg_catalog_service AS c ON c.source = o.source AND c.catalog_service_id = o.service_id
    JOIN staged.stg_team_alias AS a ON a.source = o.source AND a.name = lower(o.team)
    WHERE c.service_id IS NOT NULL
),

part AS (
    SELECT r.service_id, r.source, r.repository_id, coalesce(p.path, '') AS path
    FROM staged.stg_service_repository AS r
    LEFT JOIN config.service_path AS p ON p.service = r.service_id AND r.is_parted
),

-- The folder that a line is about; null where it is about some of the files in one.
line AS (
    SELECT
        source, repository_id, position, teams, valid_from, valid_to,
        CASE
            WHEN pattern IN ('*', '**', '/', '/**', '**/*', '/**/*') THEN ''
            WHEN NOT regexp_matches(regexp_replace(pattern, '/\*\*$', ''), '[*?\[!]')
                THEN trim(regexp_replace(pattern, '/\*\*$', ''), '/')
        END AS folder
    FROM raw.code_owner
),

grant_ AS (
    SELECT
        g.source, g.repository_id, a.team_id, g.valid_from, g.valid_to,
        CASE lower(g.permission) WHEN 'admin' THEN 3 WHEN 'maintain' THEN 2 WHEN 'write' THEN 1 WHEN 'push' THEN 1 END
            AS strength
    FROM raw.source_team_repository AS g
    JOIN (
        SELECT source, id, arg_max(key, valid_from) AS key FROM raw.source_team GROUP BY source, id
    ) AS t ON t.source = g.source AND t.id = g.team_id
    JOIN staged.stg_team_alias AS a ON a.source = g.source AND a.name = lower(t.key)
),

-- Of two lines that cover a part the later one counts, of two permissions the stronger one.
seen AS (
    SELECT
        p.service_id, 'codeowners' AS origin, p.source, p.repository_id, p.path, l.position AS strength,
        a.team_id, l.valid_from, coalesce(l.valid_to, DATE '9999-12-31') AS valid_to
    FROM part AS p
    JOIN line AS l
        ON l.source = p.source
        AND l.repository_id = p.repository_id
        AND (l.folder = '' OR p.path = l.folder OR starts_with(p.path, l.folder || '/'))
    LEFT JOIN (SELECT source, repository_id, position, valid_from, unnest(teams) AS team FROM line) AS t
        ON t.source = l.source
        AND t.repository_id = l.repository_id
        AND t.position = l.position
        AND t.valid_from = l.valid_from
    LEFT JOIN staged.stg_team_alias AS a ON a.source = l.source AND a.name = lower(t.team)
    UNION ALL
    SELECT DISTINCT
        p.service_id, 'permission', p.source, p.repository_id, '', g.strength, g.team_id, g.valid_from,
        coalesce(g.valid_to, DATE '9999-12-31')
    FROM part AS p
    JOIN grant_ AS g ON g.source = p.source AND g.repository_id = p.repository_id AND g.strength IS NOT NULL
),

boundary AS (
    SELECT DISTINCT service_id, origin, source, repository_id, path, unnest([valid_from, valid_to]) AS day
    FROM seen
),

between_boundaries AS (
    SELECT
        *,
        lead(day) OVER (PARTITION BY service_id, origin, source, repository_id, path ORDER BY day) AS next_day
    FROM boundary
),

strongest AS (
    SELECT b.service_id, b.origin, s.team_id, b.day AS valid_from, b.next_day AS valid_to
    FROM between_boundaries AS b
    JOIN seen AS s
        ON s.service_id = b.service_id
        AND s.origin = b.origin
        AND s.source = b.source
        AND s.repository_id = b.repository_id
        AND s.path = b.path
        AND s.valid_from <= b.day
        AND s.valid_to > b.day
    WHERE b.next_day IS NOT NULL
    QUALIFY s.strength = max(s.strength) OVER (
        PARTITION BY b.service_id, b.origin, b.source, b.repository_id, b.path, b.day
    )
),

claim AS (
    SELECT service AS service_id, 'configuration' AS origin, team AS team_id, valid_from, valid_to, true AS is_written
    FROM config.service_owner
    UNION ALL
    -- Where two catalogues tell of a service, the one that stands first in the configuration counts.
    SELECT service_id, 'catalogue', team_id, valid_from, valid_to, is_written
    FROM catalogue
    QUALIFY position = min(position) OVER (PARTITION BY service_id)
    UNION ALL
    SELECT service_id, origin, team_id, valid_from, valid_to, false FROM strongest WHERE team_id IS NOT NULL
),

-- Stretches that touch or overlap are one.
parted AS (
    SELECT
        service_id, origin, team_id, is_written,
        coalesce(valid_from, DATE '0001-01-01') AS valid_from,
        coalesce(valid_to, DATE '9999-12-31') AS valid_to,
        coalesce(
            coalesce(valid_from, DATE '0001-01-01') > max(coalesce(valid_to, DATE '9999-12-31')) OVER (
                PARTITION BY service_id, origin, team_id
                ORDER BY coalesce(valid_from, DATE '0001-01-01'), valid_to
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ),
            false
        ) AS is_apart
    FROM claim
),

numbered AS (
    SELECT
        *,
        count(*) FILTER (is_apart) OVER (
            PARTITION BY service_id, origin, team_id ORDER BY valid_from, valid_to
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS stretch
    FROM parted
)

SELECT
    service_id,
    origin,
    team_id,
    min(valid_from) AS valid_from,
    max(valid_to) AS valid_to,
    arg_min(is_written, valid_from) AS is_written
FROM numbered
GROUP BY service_id, origin, team_id, stretch
