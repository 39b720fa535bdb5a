/*
description = "One row per finished work item and owning team for whose theme it was."
depends_on = ["staged.stg_theme_work"]
key = ["item_id", "team_id"]
not_null = ["item_id", "team_id"]

[columns]
item_id = "source:id of the work item"
team_id = "the team that owned its service on the day of its finish, whose theme it was for"
*/
SELECT item_id, team_id FROM staged.stg_theme_work
