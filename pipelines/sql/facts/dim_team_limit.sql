/*
description = "One row per team and stretch of days for which it agreed on how much to have in progress at most."
depends_on = ["staged.stg_team_limit"]
key = ["team_id", "valid_from"]
not_null = ["team_id", "valid_from", "valid_to", "wip_limit"]

[columns]
team_id = "the team"
valid_from = "the first day; of what the configuration states, the first of all"
valid_to = "the first day on which another one holds; the last of all where none does"
wip_limit = "the number of work items"
*/
SELECT team_id, valid_from, valid_to, wip_limit FROM staged.stg_team_limit
