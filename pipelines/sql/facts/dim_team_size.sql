/*
description = "One row per team that names its members and stretch of days with the same number of them."
depends_on = ["staged.stg_team_size"]
key = ["team_id", "valid_from"]
not_null = ["team_id", "valid_from", "valid_to", "members"]

[columns]
team_id = "the team"
valid_from = "first local day; 0001-01-01 for always"
valid_to = "the local day after the last one; 9999-12-31 for ever"
members = "how many people"
*/
SELECT team_id, valid_from, valid_to, members FROM staged.stg_team_size
