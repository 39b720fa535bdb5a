/*
description = "One row per work item of which a type or label says that users reported it."
depends_on = ["raw.issue", "staged.stg_work_item", "config.user_reported"]
key = ["item_id"]
not_null = ["item_id", "source", "container_id", "created_on"]

[columns]
item_id = "source:id of the work item"
source = "the source's name"
container_id = "the project it is in now"
created_on = "local day of its creation"
*/
WITH setting AS (
    SELECT coalesce(list(lower(name)), []) AS names FROM config.user_reported
)

SELECT i.item_id, i.source, i.container_id, i.created_on
FROM staged.stg_work_item AS i
JOIN raw.issue AS r ON r.source = i.source AND r.id = i.issue_id
CROSS JOIN setting AS c
WHERE
    list_contains(c.names, lower(r.type))
    OR list_has_any(list_transform(r.labels, lambda l: lower(l)), c.names)
