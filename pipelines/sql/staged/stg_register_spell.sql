/*
description = "One row per entry of a register and stretch of days on which it was overdue, or was not."
depends_on = ["staged.stg_register_entry", "staged.stg_run", "config.organisation"]
key = ["item_id", "starts_on"]
not_null = ["item_id", "register", "starts_on", "starts_at", "has_due_date", "is_overdue"]

[columns]
item_id = "source:id of the entry"
register = "the register, in lower case"
service_id = "the configured service that it is about; null where it names none"
team_id = "the configured team that it names; null where it names none"
starts_on = "first local day"
starts_at = "the instant at which that begins"
ends_at = "the instant at which the day after the last one begins; null where that is to come"
has_due_date = "somebody said by when it is to be reviewed"
is_overdue = "its due date is past"
*/
WITH part AS (
    SELECT item_id, register, service_id, team_id, due_on, starts_on, least(ends_on, due_on + 1) AS ends_on, false AS is_overdue
    FROM staged.stg_register_entry
    UNION ALL
    SELECT item_id, register, service_id, team_id, due_on, greatest(starts_on, due_on + 1), ends_on, true
    FROM staged.stg_register_entry
    WHERE due_on IS NOT NULL
)

SELECT
    p.item_id,
    p.register,
    p.service_id,
    p.team_id,
    p.starts_on,
    CAST(p.starts_on AS TIMESTAMP) AT TIME ZONE o.time_zone AS starts_at,
    CASE WHEN p.ends_on <= r.last_day_on THEN CAST(p.ends_on AS TIMESTAMP) AT TIME ZONE o.time_zone END AS ends_at,
    p.due_on IS NOT NULL AS has_due_date,
    p.is_overdue
FROM part AS p
CROSS JOIN staged.stg_run AS r
CROSS JOIN config.organisation AS o
WHERE p.starts_on <= r.last_day_on AND coalesce(p.starts_on < p.ends_on, true)
