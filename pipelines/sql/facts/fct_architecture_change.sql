/*
description = "One row per pull request that a label says changes the architecture."
depends_on = ["staged.stg_architecture_change"]
key = ["item_id"]
not_null = ["item_id"]

[columns]
item_id = "source:id of the pull request"
*/
SELECT item_id FROM staged.stg_architecture_change
