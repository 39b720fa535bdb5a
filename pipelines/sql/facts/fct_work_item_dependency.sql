/*
description = "One row per work item: whether its links say that it needed an item of another team, and how long that held it up."
depends_on = ["staged.stg_work_item_dependency"]
key = ["item_id"]
not_null = ["item_id", "tells_links", "is_of_other_team", "has_unknown_team", "held_up_seconds"]

[columns]
item_id = "source:id of the work item"
tells_links = "some item of its project has such a link, in either direction"
is_of_other_team = "it is linked as blocked by, or depending on, an item whose owner is another team than its own, on the day of its finish, or now"
has_unknown_team = "it is linked so to an item of which nobody is known to be the owner"
held_up_seconds = "time flagged as blocked and in progress while such an item of another team was not finished, up to now"
*/
SELECT item_id, tells_links, is_of_other_team, has_unknown_team, held_up_seconds
FROM staged.stg_work_item_dependency
