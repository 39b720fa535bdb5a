/*
description = "One row per service level objective that is defined or measured and service whose it is."
depends_on = [
    "raw.service_level_objective", "raw.service_level_reading", "config.service", "config.service_indicator",
    "config.service_repository",
]
key = ["source", "objective_id", "service_id"]
not_null = ["source", "objective_id", "item_id", "label"]

[columns]
source = "the source that tells of the objective, or of its readings"
objective_id = "the objective's id there"
item_id = "source:id of the objective where it is defined; one that is only measured elsewhere is the same one"
service_id = "the configured service; null where it is nobody's"
label = "what people call it"
url = "its page"
*/
WITH defined AS (
    SELECT source, id, service, name, url
    FROM raw.service_level_objective
    WHERE gone_at IS NULL
    QUALIFY row_number() OVER (PARTITION BY source, id ORDER BY valid_from DESC) = 1
),

told AS (
    SELECT source, id AS objective_id FROM defined
    UNION
    SELECT source, objective_id FROM raw.service_level_reading WHERE gone_at IS NULL
),

-- What one source measures another one may define: by its id, where only one other does.
elsewhere AS (
    SELECT t.source, t.objective_id, min(d.source) AS defined_by
    FROM told AS t
    JOIN defined AS d ON d.id = t.objective_id
    WHERE NOT EXISTS (SELECT 1 FROM defined AS o WHERE o.source = t.source AND o.id = t.objective_id)
    GROUP BY t.source, t.objective_id
    HAVING count(*) = 1
),

objective AS (
    SELECT
        t.source, t.objective_id, coalesce(e.defined_by, t.source) || ':' || t.objective_id AS item_id,
        d.source AS defined_by, d.service, d.name, d.url
    FROM told AS t
    LEFT JOIN elsewhere AS e ON e.source = t.source AND e.objective_id = t.objective_id
    LEFT JOIN defined AS d ON d.source = coalesce(e.defined_by, t.source) AND d.id = t.objective_id
),

name AS (
    SELECT item_id, source, coalesce(defined_by, source) AS named_in, unnest([objective_id, name, service]) AS name
    FROM objective
),

owned AS (
    SELECT n.item_id, i.service AS service_id
    FROM name AS n
    JOIN config.service_indicator AS i
        ON lower(i.indicator) = lower(n.name) AND coalesce(i.source, n.named_in) IN (n.named_in, n.source)
    UNION
    SELECT o.item_id, s.id
    FROM objective AS o
    JOIN config.service AS s ON lower(o.service) IN (s.id, lower(s.name))
    UNION
    SELECT o.item_id, r.service
    FROM objective AS o
    JOIN config.service_repository AS r ON lower(r.repository) = lower(o.service)
)

SELECT
    o.source,
    o.objective_id,
    o.item_id,
    w.service_id,
    coalesce(o.name, o.objective_id) AS label,
    o.url
FROM objective AS o
LEFT JOIN owned AS w ON w.item_id = o.item_id
