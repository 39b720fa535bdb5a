/*
description = "One row per configured team: what it is called and how much it agreed to have in progress."
depends_on = ["staged.stg_team"]
key = ["team_id"]
not_null = ["team_id", "name"]

[columns]
team_id = "the team"
name = "its name"
wip_limit = "the number of work items that it agreed to have in progress at most; null where it agreed on none"
*/
SELECT team_id, name, wip_limit FROM staged.stg_team
