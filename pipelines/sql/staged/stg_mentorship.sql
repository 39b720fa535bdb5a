/*
description = "One row per pair of a mentorship rotation that has begun; who they are is not known."
depends_on = ["raw.mentorship", "staged.stg_run"]
key = ["item_id"]
not_null = ["item_id", "started_on", "state"]
accepted_values = { state = ["active", "completed", "broken_off"] }

[columns]
item_id = "source:id of the pair"
started_on = "its first day"
ended_on = "its last day; null while it goes on"
state = "active, completed or broken_off"
*/
-- A pair whose last day is to come goes on.
SELECT
    m.source || ':' || m.id AS item_id,
    m.started_on,
    CASE WHEN m.ended_on <= r.as_of_on THEN m.ended_on END AS ended_on,
    CASE WHEN m.ended_on <= r.as_of_on THEN m.state ELSE 'active' END AS state
FROM raw.mentorship AS m
CROSS JOIN staged.stg_run AS r
WHERE m.gone_at IS NULL AND m.started_on <= r.as_of_on
