/*
description = "One row per action that a team or its leaders agreed on."
depends_on = ["raw.agreed_action", "staged.stg_team_word", "staged.stg_run"]
key = ["item_id"]
not_null = ["item_id", "state", "has_reason"]
accepted_values = { state = ["open", "done", "dropped"] }

[columns]
item_id = "source:id of the action"
team_id = "the configured team that it names; null where it names none, or is of more than one"
state = "where it stands"
due_on = "by when; null where nobody said"
closed_on = "when it was done or dropped; null while it is open, or where nobody said"
has_reason = "somebody said why it was dropped"
url = "the ticket's page"
*/
-- What is closed on a day to come is still open.
SELECT
    a.source || ':' || a.id AS item_id,
    w.team_id,
    CASE WHEN a.closed_on > r.as_of_on THEN 'open' ELSE a.state END AS state,
    a.due_on,
    CASE WHEN a.closed_on <= r.as_of_on THEN a.closed_on END AS closed_on,
    a.reason IS NOT NULL AS has_reason,
    a.url
FROM raw.agreed_action AS a
CROSS JOIN staged.stg_run AS r
LEFT JOIN staged.stg_team_word AS w ON w.source = a.source AND w.word = a.team
WHERE a.gone_at IS NULL
