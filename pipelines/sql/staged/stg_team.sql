/*
description = "One row per configured team: what it is called."
depends_on = ["config.team"]
key = ["team_id"]
not_null = ["team_id", "name"]

[columns]
team_id = "the team"
name = "its name"
*/
SELECT id AS team_id, name FROM config.team
