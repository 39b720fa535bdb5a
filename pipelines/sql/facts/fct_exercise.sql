/*
description = "One row per exercise, planned or held."
depends_on = ["staged.stg_exercise"]
key = ["item_id"]
not_null = ["item_id", "kind"]

[columns]
item_id = "source:id of the exercise"
kind = "the organisation's own word, in lower case"
service_id = "the service that it was about; null where it names none"
team_id = "the team that it names; null where it names none"
planned_on = "for when it was planned; null where nothing tells it"
held_on = "when it was held; null where it was not, or not yet"
*/
SELECT item_id, kind, service_id, team_id, planned_on, held_on FROM staged.stg_exercise
