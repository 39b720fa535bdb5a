/*
description = "One row per run: the moment that every calculation calls now, and the rules in whole seconds."
depends_on = ["config.run", "config.rule", "config.organisation"]
key = ["as_of"]
not_null = ["as_of", "as_of_on", "last_day_on", "incident_window_seconds"]

[columns]
as_of = "now"
as_of_on = "the local day of now"
last_day_on = "the last local day that has begun: the day before, where now is midnight"
incident_window_seconds = "how long after a deployment an incident is still laid at its door"
*/
SELECT
    r.as_of,
    CAST(r.as_of AT TIME ZONE o.time_zone AS DATE) AS as_of_on,
    CAST((r.as_of - INTERVAL 1 MICROSECOND) AT TIME ZONE o.time_zone AS DATE) AS last_day_on,
    CAST(round(u.incident_window_hours * 3600) AS BIGINT) AS incident_window_seconds
FROM config.run AS r
CROSS JOIN config.rule AS u
CROSS JOIN config.organisation AS o
