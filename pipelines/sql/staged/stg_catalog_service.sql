/*
description = "One row per service that a catalogue tells of, and the configured service that it is."
depends_on = [
    "raw.catalog_service", "raw.catalog_owner", "raw.source_service_team", "config.service", "config.service_repository",
    "config.source",
]
key = ["source", "catalog_service_id"]
not_null = ["source", "catalog_service_id"]

[columns]
source = "the catalogue's name as a source"
catalog_service_id = "what the catalogue calls the service"
name = "its name there; null where the catalogue only tells who owns it"
lifecycle = "the catalogue's word, such as production; null where it says none"
active_from = "first day of its life; null where nobody said"
retired_at = "the day it was retired; null while it lives"
position = "where the catalogue stands among the configured sources"
service_id = "the configured service of that id or name, else the only one from its repositories; null where there is none"
*/
WITH told AS (
    SELECT source, id, name, lifecycle, active_from, retired_at, repositories
    FROM raw.catalog_service
    WHERE gone_at IS NULL
    UNION ALL
    SELECT DISTINCT o.source, o.service_id, NULL, NULL, NULL, NULL, []
    FROM (
        SELECT source, service_id FROM raw.catalog_owner WHERE gone_at IS NULL
        UNION
        SELECT source, service_id FROM raw.source_service_team
    ) AS o
    ANTI JOIN (SELECT source, id FROM raw.catalog_service WHERE gone_at IS NULL) AS s
        ON s.source = o.source AND s.id = o.service_id
),

-- An id such as component:default/checkout ends in the name that people use.
by_name AS (
    SELECT
        t.source, t.id,
        min(s.id) FILTER (s.id = lower(t.id)) AS same_id,
        min(s.id) FILTER (s.id = lower(t.name) OR s.id = lower(regexp_extract(t.id, '[^/:]*$'))) AS same_ending,
        CASE WHEN count(DISTINCT s.id) = 1 THEN min(s.id) END AS same_name
    FROM told AS t
    JOIN config.service AS s
        ON s.id IN (lower(t.id), lower(t.name), lower(regexp_extract(t.id, '[^/:]*$')))
        OR lower(s.name) = lower(t.name)
    GROUP BY t.source, t.id
),

made_from AS (
    SELECT source, id, lower(regexp_replace(repository, '^[a-z][a-z0-9_-]*:', '')) AS repository
    FROM (SELECT source, id, unnest(repositories) AS repository FROM told)
),

-- A repository tells which service is meant where it is one service's, here and there.
by_repository AS (
    SELECT m.source, m.id, CASE WHEN count(DISTINCT r.service) = 1 THEN min(r.service) END AS service
    FROM made_from AS m
    JOIN config.service_repository AS r ON lower(r.repository) = m.repository
    JOIN (
        SELECT source, repository FROM made_from GROUP BY source, repository HAVING count(DISTINCT id) = 1
    ) AS alone ON alone.source = m.source AND alone.repository = m.repository
    GROUP BY m.source, m.id
)

SELECT
    t.source,
    t.id AS catalog_service_id,
    t.name,
    t.lifecycle,
    t.active_from,
    t.retired_at,
    k.position,
    coalesce(n.same_id, n.same_ending, n.same_name, r.service) AS service_id
FROM told AS t
JOIN config.source AS k ON k.name = t.source
LEFT JOIN by_name AS n ON n.source = t.source AND n.id = t.id
LEFT JOIN by_repository AS r ON r.source = t.source AND r.id = t.id
