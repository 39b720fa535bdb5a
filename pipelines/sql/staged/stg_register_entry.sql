/*
description = "One row per thing that is to be reviewed from time to time and is still in force, as its register has it now."
depends_on = ["raw.register_entry", "staged.stg_team_word", "staged.stg_run", "config.service"]
key = ["item_id"]
not_null = ["item_id", "register"]

[columns]
item_id = "source:id of the entry"
register = "the register, in lower case"
service_id = "the configured service that it is about; null where it names none"
team_id = "the configured team that it names; null where it names none"
last_reviewed_on = "when it was last reviewed; null where it never was"
due_on = "by when the next review is due; null where nobody said"
url = "its page"
*/
SELECT
    e.source || ':' || e.id AS item_id,
    lower(trim(e.register)) AS register,
    s.id AS service_id,
    w.team_id,
    e.last_reviewed_on,
    e.due_on,
    e.url
FROM raw.register_entry AS e
CROSS JOIN staged.stg_run AS r
LEFT JOIN config.service AS s ON s.id = lower(e.service)
LEFT JOIN staged.stg_team_word AS w ON w.source = e.source AND w.word = e.team
WHERE e.gone_at IS NULL AND coalesce(e.retired_on > r.last_day_on, true)
