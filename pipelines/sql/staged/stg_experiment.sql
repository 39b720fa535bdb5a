/*
description = "One row per experiment, planned, begun or concluded."
depends_on = ["raw.experiment", "staged.stg_team_word", "staged.stg_run", "config.service"]
key = ["item_id"]
not_null = ["item_id"]
accepted_values = { outcome = ["adopted", "stopped", "inconclusive"] }

[columns]
item_id = "source:id of the experiment"
service_id = "the configured service that it was about; null where it names none"
team_id = "the configured team that it names; null where it names none"
started_on = "when it began; null where it has not"
concluded_on = "when it was decided what follows from it; null while it runs"
outcome = "what was decided; null while it runs, or where nobody said"
url = "its page"
*/
-- Nothing that is dated after today has happened.
SELECT
    e.source || ':' || e.id AS item_id,
    s.id AS service_id,
    w.team_id,
    CASE WHEN e.started_on <= r.as_of_on THEN e.started_on END AS started_on,
    CASE WHEN e.concluded_on <= r.as_of_on THEN e.concluded_on END AS concluded_on,
    CASE WHEN e.concluded_on <= r.as_of_on THEN e.outcome END AS outcome,
    e.url
FROM raw.experiment AS e
CROSS JOIN staged.stg_run AS r
LEFT JOIN config.service AS s ON s.id = lower(e.service)
LEFT JOIN staged.stg_team_word AS w ON w.source = e.source AND w.word = e.team
WHERE e.gone_at IS NULL
