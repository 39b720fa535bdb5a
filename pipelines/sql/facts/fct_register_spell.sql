/*
description = "One row per entry of a register, stretch of days on which it was overdue or was not, and team whose it was."
depends_on = ["staged.stg_register_spell", "facts.dim_service_owner"]
key = ["item_id", "team_id", "starts_on"]
not_null = ["item_id", "register", "starts_on", "starts_at", "has_due_date", "is_overdue"]

[columns]
item_id = "source:id of the entry"
register = "the register, in lower case"
service_id = "the service that it is about; null where it names none"
team_id = "the team that it names, else the team that owned the service in these days; null where there is neither"
starts_on = "first local day"
starts_at = "the instant at which that begins"
ends_at = "the instant at which the day after the last one begins; null where that is not known yet"
has_due_date = "somebody said by when it is to be reviewed"
is_overdue = "its due date is past"
*/
SELECT
    e.item_id,
    e.register,
    e.service_id,
    coalesce(e.team_id, o.team_id) AS team_id,
    greatest(e.starts_on, coalesce(o.valid_from, e.starts_on)) AS starts_on,
    greatest(e.starts_at, coalesce(o.valid_from_at, e.starts_at)) AS starts_at,
    least(coalesce(e.ends_at, o.valid_to_at), coalesce(o.valid_to_at, e.ends_at)) AS ends_at,
    e.has_due_date,
    e.is_overdue
FROM staged.stg_register_spell AS e
LEFT JOIN facts.dim_service_owner AS o
    ON e.team_id IS NULL
    AND o.service_id = e.service_id
    AND (e.ends_at IS NULL OR o.valid_from_at IS NULL OR o.valid_from_at < e.ends_at)
    AND (o.valid_to_at IS NULL OR o.valid_to_at > e.starts_at)
