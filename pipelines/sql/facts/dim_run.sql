/*
description = "One row per run: the moment that every calculation calls now, and the rules in whole seconds."
depends_on = ["staged.stg_run"]
key = ["as_of"]
not_null = ["as_of", "as_of_on", "incident_window_seconds"]

[columns]
as_of = "now"
as_of_on = "the local day of now"
incident_window_seconds = "how long after a deployment an incident is still laid at its door"
*/
SELECT as_of, as_of_on, incident_window_seconds FROM staged.stg_run
