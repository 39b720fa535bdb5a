/*
description = "One row per run: the moment that every calculation calls now, and the rules in whole seconds."
depends_on = ["staged.stg_run"]
key = ["as_of"]
not_null = ["as_of", "as_of_on", "last_day_on", "incident_window_seconds"]

[columns]
as_of = "now"
as_of_on = "the local day of now"
last_day_on = "the last local day that has begun: the day before, where now is midnight"
incident_window_seconds = "how long after a deployment an incident is still laid at its door"
*/
SELECT as_of, as_of_on, last_day_on, incident_window_seconds FROM staged.stg_run
