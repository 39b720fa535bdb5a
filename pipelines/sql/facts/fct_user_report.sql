/*
description = "One row per issue of which a type or label says that users reported it, and service of its project or repository."
depends_on = ["staged.stg_user_report"]
key = ["item_id", "service_id"]
not_null = ["item_id", "created_at", "created_on", "is_ignored", "is_response_known"]

[columns]
item_id = "source:id of the issue"
service_id = "the service; null where its project or repository is no service's"
created_at = "when it was created"
created_on = "local day of its creation"
finished_at = "when it last became done; null unless it is done now"
is_ignored = "its status is left out by the configuration"
is_response_known = "its comments were read, and its reporter is known"
first_response_at = "when somebody first commented on it who is neither its reporter nor a bot; null where nobody has"
*/
SELECT
    item_id, service_id, created_at, created_on, finished_at, is_ignored, is_response_known, first_response_at
FROM staged.stg_user_report
