/*
description = "One row per deployment, commit or pull request that an incident names, in a field of its own or in its text."
depends_on = ["raw.incident", "raw.issue", "staged.stg_incident"]
key = ["item_id", "kind", "reference", "is_field"]
not_null = ["kind", "reference", "is_field"]
accepted_values = { kind = ["deployment", "commit", "pull_request"] }

[columns]
item_id = "source:id of the incident; of a duplicate, the record that stands for it"
kind = "what is named"
reference = "a deployment's or pull request's id or address in lower case, or at least seven digits of a commit"
is_field = "a field says that it is the cause; false where it merely stands in title or notes"
*/
WITH text AS (
    SELECT source || ':' || id AS item_id, lower(concat_ws(' ', title, description)) AS words
    FROM raw.incident
    WHERE gone_at IS NULL
    UNION ALL
    SELECT i.source || ':' || i.id, lower(i.title)
    FROM raw.issue AS i
    WHERE i.gone_at IS NULL AND i.source || ':' || i.id IN (SELECT item_id FROM staged.stg_incident)
),

address AS (
    SELECT item_id, rtrim(unnest(regexp_extract_all(words, 'https?://[^\s<>"''()\[\]]+')), '.,;:!?/') AS url
    FROM text
),

named AS (
    SELECT item_id, 'deployment' AS kind, url AS reference, false AS is_field FROM address
    UNION ALL
    SELECT item_id, 'pull_request', regexp_extract(url, '^.*/pull/[0-9]+'), false FROM address
    UNION ALL
    SELECT item_id, 'commit', unnest(regexp_extract_all(words, '\b[0-9a-f]{7,40}\b')), false FROM text
    UNION ALL
    SELECT source || ':' || id, 'deployment', rtrim(lower(caused_by_deployment), '/'), true
    FROM raw.incident
    WHERE gone_at IS NULL
    UNION ALL
    SELECT source || ':' || id, 'commit', lower(caused_by_sha), true FROM raw.incident WHERE gone_at IS NULL
    UNION ALL
    SELECT source || ':' || id, 'pull_request', rtrim(lower(caused_by_pull_request), '/'), true
    FROM raw.incident
    WHERE gone_at IS NULL
)

SELECT DISTINCT coalesce(i.merged_item_id, n.item_id) AS item_id, n.kind, n.reference, n.is_field
FROM named AS n
LEFT JOIN (
    SELECT DISTINCT item_id, merged_item_id FROM staged.stg_incident WHERE merged_item_id IS NOT NULL
) AS i ON i.item_id = n.item_id
WHERE n.reference <> '' AND (n.kind <> 'commit' OR length(n.reference) >= 7)
