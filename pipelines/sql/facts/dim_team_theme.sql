/*
description = "One row per team and quarter for which a theme holds: its own, else its department's, else the organisation's."
depends_on = ["staged.stg_team_theme"]
key = ["team_id", "valid_from"]
not_null = ["team_id", "valid_from", "valid_to", "is_marked"]

[columns]
team_id = "the team"
valid_from = "first day of the fiscal quarter"
valid_to = "first day of the next one"
is_marked = "somebody said by what work for it is known"
*/
SELECT team_id, valid_from, valid_to, is_marked FROM staged.stg_team_theme
