/*
description = "One row per pull request that names a known work item."
depends_on = ["staged.stg_pull_request_work"]
key = ["item_id"]
not_null = ["item_id"]

[columns]
item_id = "source:id of the pull request"
*/
SELECT item_id FROM staged.stg_pull_request_work
