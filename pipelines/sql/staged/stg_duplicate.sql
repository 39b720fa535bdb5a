/*
description = "One row per record of an incident or deployment that another record tells of too: which one stands for all."
depends_on = [
    "staged.stg_incident_record", "raw.deployment", "raw.former_name", "config.source", "config.run",
]
key = ["item_kind", "item_id"]
not_null = ["item_kind", "item_id", "group_item_id", "place"]
accepted_values = { item_kind = ["incident", "deployment"] }

[columns]
item_kind = "incident or deployment"
item_id = "source:id of the record"
group_item_id = "the record that stands for all: of the source that stands first in the configuration, not merged into another"
place = "1 for the record that stands for all, then 2, 3, … in the order in which the others complete it; more than 1 throughout where the one that stands for all is not known"
*/
WITH RECURSIVE record AS (
    SELECT
        'incident' AS kind, item_id, source, position, started_at, merged_into, dedupe_group,
        lower(native_id) AS native_id, lower(key) AS key, rtrim(lower(url), '/') AS url
    FROM staged.stg_incident_record
    UNION ALL
    SELECT
        'deployment', d.source || ':' || d.id, d.source, k.position, d.created_at, NULL,
        nullif(rtrim(lower(trim(d.dedupe_group)), '/'), ''), lower(d.id), NULL, rtrim(lower(d.url), '/')
    FROM raw.deployment AS d
    JOIN config.run AS r ON d.created_at <= r.as_of
    LEFT JOIN config.source AS k ON k.name = d.source
    WHERE d.gone_at IS NULL
),

reference AS (
    SELECT kind, item_id, source, dedupe_group FROM record WHERE dedupe_group IS NOT NULL
),

-- What a record may be called by others. An issue that was moved is still called by its former key.
name AS (
    SELECT r.kind, r.item_id, r.source, unnest([lower(r.item_id), r.native_id, r.key, r.url]) AS name
    FROM record AS r
    UNION
    SELECT r.kind, r.item_id, r.source, lower(f.name)
    FROM record AS r
    JOIN raw.former_name AS f ON f.kind = 'issue' AND f.source = r.source AND lower(f.id) = r.native_id
    WHERE r.kind = 'incident'
),

-- A name that several records of other sources have tells of none of them.
meant AS (
    SELECT r.kind, r.item_id, min(n.item_id) AS other
    FROM reference AS r
    JOIN name AS n ON n.kind = r.kind AND n.name = r.dedupe_group AND n.source <> r.source
    GROUP BY r.kind, r.item_id
    HAVING count(DISTINCT n.item_id) = 1
),

-- Who names the same thing is joined by its name, whether or not it is known itself.
pair AS (
    SELECT kind || ' ' || item_id AS one, kind || ' ' || other AS other FROM meant
    UNION
    SELECT kind || ' ' || item_id, kind || ' named ' || dedupe_group FROM reference
    UNION
    SELECT kind || ' ' || item_id, kind || ' ' || merged_into
    FROM record
    WHERE merged_into IS NOT NULL AND merged_into <> item_id
),

edge AS (
    SELECT one, other FROM pair
    UNION
    SELECT other, one FROM pair
),

-- Everything that hangs together gets the least name in it: each takes over the name of a neighbour,
-- hands it to what it was named after, and takes over the name of that; few rounds reach far.
component(node, name) USING KEY (node) AS (
    SELECT one, one FROM edge GROUP BY one
    UNION
    (
        SELECT found.node, min(found.name)
        FROM (
            SELECT e.other AS node, a.name
            FROM recurring.component AS a
            JOIN edge AS e ON e.one = a.node
            UNION ALL
            SELECT b.name, a.name
            FROM recurring.component AS a
            JOIN edge AS e ON e.one = a.node
            JOIN recurring.component AS b ON b.node = e.other
            UNION ALL
            SELECT a.node, b.name
            FROM recurring.component AS a
            JOIN recurring.component AS b ON b.node = a.name
        ) AS found
        JOIN recurring.component AS k ON k.node = found.node
        WHERE found.name < k.name AND EXISTS (SELECT 1 FROM component)
        GROUP BY found.node
    )
),

-- Where everything was merged into an incident that is not known, that one stands for all.
member AS (
    SELECT
        r.kind, r.item_id, r.merged_into, r.position, r.started_at, c.name AS component,
        bool_and(r.merged_into IS NOT NULL) OVER one AS is_merged_away,
        min(r.merged_into) FILTER (known.item_id IS NULL) OVER one AS unknown_item_id
    FROM record AS r
    JOIN component AS c ON c.node = r.kind || ' ' || r.item_id
    LEFT JOIN record AS known ON known.kind = r.kind AND known.item_id = r.merged_into
    WINDOW one AS (PARTITION BY c.name)
),

placed AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY component ORDER BY merged_into IS NOT NULL, position NULLS LAST, started_at, item_id
        ) AS place,
        count(*) OVER (PARTITION BY component) AS records
    FROM member
)

SELECT
    kind AS item_kind,
    item_id,
    CASE
        WHEN is_merged_away AND unknown_item_id IS NOT NULL THEN unknown_item_id
        ELSE first_value(item_id) OVER (PARTITION BY component ORDER BY place)
    END AS group_item_id,
    CASE WHEN is_merged_away AND unknown_item_id IS NOT NULL THEN place + 1 ELSE place END AS place
FROM placed
WHERE records > 1 OR merged_into IS NOT NULL
