/*
description = "One row per flag that a work item bore and service of the item; one without a service where it is nobody's."
depends_on = ["facts.fct_work_item", "staged.stg_blocker"]
key = ["item_id", "service_id"]
not_null = ["item_id", "work_item_id", "blocked_at", "blocked_on", "is_in_progress"]

[columns]
item_id = "source:id of the work item and the moment at which the flag was set"
service_id = "the service; null where the project is no service's"
work_item_id = "source:id of the work item"
blocked_at = "the first moment at which the item was both flagged and in progress; that of the flag where it never was"
blocked_on = "local day of that"
cleared_at = "when the flag was taken away or said something else, or the item was finished with it; null while it lasts"
is_in_progress = "the item was in progress under this flag at all"
blocker = "what the flag says; null where only its being set is known"
*/
SELECT
    b.item_id,
    i.service_id,
    b.work_item_id,
    b.blocked_at,
    b.blocked_on,
    b.cleared_at,
    b.is_in_progress,
    b.blocker
FROM staged.stg_blocker AS b
JOIN facts.fct_work_item AS i ON i.item_id = b.work_item_id
