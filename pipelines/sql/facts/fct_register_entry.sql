/*
description = "One row per thing that is to be reviewed from time to time and is still in force, as its register has it now."
depends_on = ["staged.stg_register_entry"]
key = ["item_id"]
not_null = ["item_id", "register"]

[columns]
item_id = "source:id of the entry"
register = "the register, in lower case"
service_id = "the configured service that it is about; null where it names none"
team_id = "the configured team that it names; null where it names none"
last_reviewed_on = "when it was last reviewed; null where it never was"
due_on = "by when the next review is due; null where nobody said"
*/
SELECT item_id, register, service_id, team_id, last_reviewed_on, due_on FROM staged.stg_register_entry
