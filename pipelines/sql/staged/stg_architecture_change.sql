/*
description = "One row per pull request that a label says changes the architecture."
depends_on = ["raw.pull_request", "config.architecture_label"]
key = ["item_id"]
not_null = ["item_id"]

[columns]
item_id = "source:id of the pull request"
*/
WITH wanted AS (
    SELECT list(lower(label)) AS labels FROM config.architecture_label
)

SELECT p.source || ':' || p.id AS item_id
FROM raw.pull_request AS p
CROSS JOIN wanted AS w
WHERE p.gone_at IS NULL AND list_has_any(list_transform(p.labels, lambda l: lower(l)), w.labels)
