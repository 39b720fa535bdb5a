/*
description = "One row per pull request and service it belongs to: the services of its repository, or of the parts that it changes."
depends_on = [
    "raw.pull_request", "staged.stg_pull_request", "staged.stg_service_repository", "config.service_path",
    "config.service_label",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "service_id", "belongs_by"]
accepted_values = { belongs_by = ["repository", "path", "label", "unknown_files"] }

[columns]
item_id = "source:id of the pull request"
service_id = "the service"
default_branch = "the repository's branch that is deployed from as a rule; null where it is not known"
belongs_by = "the whole repository is the service's; a changed file or a label is; or nobody asked which files it changes"

[incremental]
by = ["item_id"]
inputs = { "staged.stg_pull_request" = ["item_id"], "raw.pull_request" = ["source || ':' || id"] }
*/
WITH candidate AS (
    SELECT p.item_id, p.source, p.pull_request_id, r.service_id, r.default_branch, r.is_parted
    FROM staged.stg_pull_request AS p
    JOIN staged.stg_service_repository AS r ON r.source = p.source AND r.repository_id = p.repository_id
),

parted AS (
    SELECT DISTINCT item_id, source, pull_request_id FROM candidate WHERE is_parted
),

changed AS (
    SELECT p.item_id, string_split(unnest(r.paths), '/') AS steps
    FROM parted AS p
    JOIN raw.pull_request AS r ON r.source = p.source AND r.id = p.pull_request_id
),

-- A file is in each of its folders: so few services are found without comparing every file with each.
folder AS (
    SELECT DISTINCT
        item_id,
        unnest(list_transform(generate_series(1, len(steps)), lambda n: array_to_string(steps[1:n], '/'))) AS path
    FROM changed
),

by_path AS (
    SELECT DISTINCT f.item_id, p.service FROM folder AS f JOIN config.service_path AS p ON p.path = f.path
),

labelled AS (
    SELECT p.item_id, lower(unnest(r.labels)) AS label
    FROM parted AS p
    JOIN raw.pull_request AS r ON r.source = p.source AND r.id = p.pull_request_id
),

by_label AS (
    SELECT DISTINCT l.item_id, s.service FROM labelled AS l JOIN config.service_label AS s ON lower(s.label) = l.label
),

unknown AS (
    SELECT p.item_id
    FROM parted AS p
    JOIN raw.pull_request AS r ON r.source = p.source AND r.id = p.pull_request_id
    WHERE r.paths IS NULL
),

told AS (
    SELECT
        c.item_id,
        c.service_id,
        c.default_branch,
        CASE
            WHEN NOT c.is_parted THEN 'repository'
            WHEN f.item_id IS NOT NULL THEN 'path'
            WHEN l.item_id IS NOT NULL THEN 'label'
            WHEN u.item_id IS NOT NULL AND w.service IS NOT NULL THEN 'unknown_files'
        END AS belongs_by
    FROM candidate AS c
    LEFT JOIN by_path AS f ON f.item_id = c.item_id AND f.service = c.service_id
    LEFT JOIN by_label AS l ON l.item_id = c.item_id AND l.service = c.service_id
    LEFT JOIN unknown AS u ON u.item_id = c.item_id
    LEFT JOIN (SELECT DISTINCT service FROM config.service_path) AS w ON w.service = c.service_id
)

SELECT item_id, service_id, default_branch, belongs_by FROM told WHERE belongs_by IS NOT NULL
