/*
description = "One row per work item of which its tracker tells what a week of its delay costs."
depends_on = ["raw.issue", "staged.stg_work_item"]
key = ["item_id"]
not_null = ["item_id", "cost_of_delay"]

[columns]
item_id = "source:id of the item"
cost_of_delay = "what the organisation's own field says, taken as an amount a week; its unit is the organisation's"
*/
SELECT i.item_id, r.cost_of_delay
FROM staged.stg_work_item AS i
JOIN raw.issue AS r ON r.source = i.source AND r.id = i.issue_id
WHERE isfinite(r.cost_of_delay) AND r.cost_of_delay >= 0
