/*
description = "One row per configured team: what it is called."
depends_on = ["staged.stg_team"]
key = ["team_id"]
not_null = ["team_id", "name"]

[columns]
team_id = "the team"
name = "its name"
*/
SELECT team_id, name FROM staged.stg_team
