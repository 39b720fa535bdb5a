/*
description = "One row per service."
depends_on = ["staged.stg_service"]
key = ["service_id"]
not_null = ["service_id", "name"]

[columns]
service_id = "the service"
name = "what people call it"
active_from = "first day of its life; null where nobody said"
retired_at = "the day it was retired; null while it lives"
*/
SELECT service_id, name, active_from, retired_at FROM staged.stg_service
