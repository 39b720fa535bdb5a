/*
description = "One row per thing that is to be reviewed from time to time and stretch of days with the same entry, as far as its register told."
depends_on = ["raw.register_entry", "staged.stg_team_word", "staged.stg_run", "config.service"]
key = ["item_id", "starts_on"]
not_null = ["item_id", "register", "starts_on"]

[columns]
item_id = "source:id of the entry"
register = "the register, in lower case"
service_id = "the configured service that it is about; null where it names none"
team_id = "the configured team that it names; null where it names none"
last_reviewed_on = "when it was last reviewed; null where it never was"
due_on = "by when the next review is due; null where nobody said"
url = "its page"
starts_on = "the day on which it was first told so, at most the last local day that has begun"
ends_on = "the day on which it was told otherwise or was retired; null where it is in force"
*/
WITH told AS (
    SELECT
        e.*,
        least(e.valid_from, r.last_day_on) AS starts_on,
        -- What the register itself withdrew has no other end than that.
        least(coalesce(e.valid_to, CAST(e.gone_at AS DATE)), e.retired_on) AS ends_on,
        r.last_day_on
    FROM raw.register_entry AS e
    CROSS JOIN staged.stg_run AS r
)

SELECT
    e.source || ':' || e.id AS item_id,
    lower(trim(e.register)) AS register,
    s.id AS service_id,
    w.team_id,
    e.last_reviewed_on,
    e.due_on,
    e.url,
    e.starts_on,
    CASE WHEN e.ends_on <= e.last_day_on THEN e.ends_on END AS ends_on
FROM told AS e
LEFT JOIN config.service AS s ON s.id = lower(e.service)
LEFT JOIN staged.stg_team_word AS w ON w.source = e.source AND w.word = e.team
WHERE coalesce(e.starts_on < e.ends_on, true)
