/*
description = "One row per exercise, planned or held."
depends_on = ["raw.exercise", "staged.stg_team_word", "staged.stg_run", "config.service"]
key = ["item_id"]
not_null = ["item_id", "kind"]

[columns]
item_id = "source:id of the exercise"
kind = "the organisation's own word, in lower case"
service_id = "the configured service that it was about; null where it names none"
team_id = "the configured team that it names; null where it names none"
planned_on = "for when it was planned; null where nothing tells it"
held_on = "when it was held; null where it was not, or not yet"
url = "its page"
*/
SELECT
    e.source || ':' || e.id AS item_id,
    lower(trim(e.kind)) AS kind,
    s.id AS service_id,
    w.team_id,
    e.planned_on,
    CASE WHEN e.held_on <= r.as_of_on THEN e.held_on END AS held_on,
    e.url
FROM raw.exercise AS e
CROSS JOIN staged.stg_run AS r
LEFT JOIN config.service AS s ON s.id = lower(e.service)
LEFT JOIN staged.stg_team_word AS w ON w.source = e.source AND w.word = e.team
WHERE e.gone_at IS NULL
