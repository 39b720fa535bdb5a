/*
description = "One row per experiment, planned, begun or concluded."
depends_on = ["staged.stg_experiment"]
key = ["item_id"]
not_null = ["item_id"]
accepted_values = { outcome = ["adopted", "stopped", "inconclusive"] }

[columns]
item_id = "source:id of the experiment"
service_id = "the service that it was about; null where it names none"
team_id = "the team that it names; null where it names none"
started_on = "when it began; null where it has not"
concluded_on = "when it was decided what follows from it; null while it runs"
outcome = "what was decided; null while it runs, or where nobody said"
*/
SELECT item_id, service_id, team_id, started_on, concluded_on, outcome FROM staged.stg_experiment
