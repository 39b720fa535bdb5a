/*
description = "One row per incident of which a postmortem is published."
depends_on = ["facts.fct_incident", "staged.stg_postmortem"]
key = ["item_id"]
not_null = ["item_id"]

[columns]
item_id = "source:id of the incident"
*/
SELECT item_id FROM facts.fct_incident WHERE has_postmortem_page
UNION
SELECT incident_item_id FROM staged.stg_postmortem WHERE incident_item_id IS NOT NULL AND published_on IS NOT NULL
