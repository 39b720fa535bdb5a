/*
description = "One row per pull request that names a known work item, in its title, its branch or its merge commit's first line."
depends_on = ["raw.project", "raw.pull_request", "staged.stg_pull_request", "staged.stg_work_item"]
key = ["item_id"]
not_null = ["item_id"]

[columns]
item_id = "source:id of the pull request"
*/
WITH text AS (
    SELECT p.item_id, upper(concat_ws(' ', r.title, r.head_ref, r.merge_commit_headline)) AS words
    FROM staged.stg_pull_request AS p
    JOIN raw.pull_request AS r ON r.source = p.source AND r.id = p.pull_request_id
),

-- A key may hold an underscore, and a branch may join its words by it.
named AS (
    SELECT
        item_id,
        unnest(
            regexp_extract_all(words, '([A-Z][A-Z0-9]*-[0-9]+)(?:[^A-Z0-9]|$)', 1)
            || regexp_extract_all(words, '([A-Z][A-Z0-9_]*-[0-9]+)(?:[^A-Z0-9]|$)', 1)
        ) AS name
    FROM text
),

-- A project whose key was changed kept the numbers of its items.
known AS (
    SELECT upper(label) AS name FROM staged.stg_work_item
    UNION
    SELECT upper(e.earlier_key) || '-' || split_part(i.label, '-', -1)
    FROM (
        SELECT source, key, unnest(earlier_keys) AS earlier_key FROM raw.project WHERE gone_at IS NULL
    ) AS e
    JOIN staged.stg_work_item AS i ON i.source = e.source AND i.container_id = e.key
)

SELECT DISTINCT n.item_id
FROM named AS n
JOIN known AS k ON k.name = n.name
