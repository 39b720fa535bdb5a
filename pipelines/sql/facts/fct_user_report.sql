/*
description = "One row per work item of which a type or label says that users reported it, and service of its project."
depends_on = ["staged.stg_user_report", "staged.stg_service_project"]
key = ["item_id", "service_id"]
not_null = ["item_id", "created_on"]

[columns]
item_id = "source:id of the work item"
service_id = "the service; null where the project is no service's"
created_on = "local day of its creation"
*/
SELECT u.item_id, j.service_id, u.created_on
FROM staged.stg_user_report AS u
LEFT JOIN staged.stg_service_project AS j ON j.source = u.source AND j.project_key = u.container_id
