/*
description = "One row per action that a postmortem asks for and service that it is about."
depends_on = ["staged.stg_postmortem_action"]
key = ["item_id", "service_id"]
not_null = ["item_id", "state"]

[columns]
item_id = "source:id of the action"
service_id = "the service; null where it is nobody's"
state = "open, done, dropped, or the source's own word, in lower case"
due_on = "by when; null where nobody said"
closed_on = "when it was done or dropped; null while it is open, or where nobody said"
*/
SELECT item_id, service_id, state, due_on, closed_on FROM staged.stg_postmortem_action
