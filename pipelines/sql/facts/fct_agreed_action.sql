/*
description = "One row per action that a team or its leaders agreed on."
depends_on = ["staged.stg_agreed_action"]
key = ["item_id"]
not_null = ["item_id", "state", "has_reason"]
accepted_values = { state = ["open", "done", "dropped"] }

[columns]
item_id = "source:id of the action"
team_id = "the team that it names; null where it names none, or is of more than one"
state = "where it stands"
due_on = "by when; null where nobody said"
closed_on = "when it was done or dropped; null while it is open, or where nobody said"
has_reason = "somebody said why it was dropped"
*/
SELECT item_id, team_id, state, due_on, closed_on, has_reason FROM staged.stg_agreed_action
