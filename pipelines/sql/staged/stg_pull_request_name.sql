/*
description = "One row per pull request and text that names it. A repository that was renamed is still called by its former names."
depends_on = ["staged.stg_pull_request", "raw.former_name", "staged.stg_repository"]
key = ["item_id", "reference", "is_for_fields"]
not_null = ["item_id", "reference", "is_for_fields"]

[columns]
item_id = "source:id of the pull request"
reference = "its address, owner/repository#number, or its id; in lower case"
is_for_fields = "means it in a field of its own alone: in running text it may mean something else"

[incremental]
by = ["item_id"]
inputs = { "staged.stg_pull_request" = ["item_id"] }

[[incremental.references]]
table = "staged.stg_repository"
key = ["source", "repository_id"]
input = "staged.stg_pull_request"
names = ["source", "repository_id"]
*/
WITH former AS (
    SELECT source, id AS repository_id, lower(name) AS name FROM raw.former_name WHERE kind = 'repository'
),

named AS (
    SELECT item_id, lower(url) AS reference, false AS is_for_fields FROM staged.stg_pull_request
    UNION
    SELECT p.item_id, replace(lower(p.url), '/' || lower(h.name) || '/', '/' || f.name || '/'), false
    FROM staged.stg_pull_request AS p
    JOIN former AS f ON f.source = p.source AND f.repository_id = p.repository_id
    JOIN staged.stg_repository AS h ON h.source = p.source AND h.repository_id = p.repository_id
    UNION
    SELECT item_id, reference, true FROM staged.stg_pull_request
    UNION
    SELECT p.item_id, f.name || '#' || p.number, true
    FROM staged.stg_pull_request AS p
    JOIN former AS f ON f.source = p.source AND f.repository_id = p.repository_id
    UNION
    SELECT item_id, lower(pull_request_id), true FROM staged.stg_pull_request
)

SELECT item_id, reference, is_for_fields FROM named WHERE reference IS NOT NULL
