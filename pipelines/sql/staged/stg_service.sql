/*
description = "One row per configured service: its life, as the configuration tells it, else the first catalogue that does."
depends_on = ["config.service", "staged.stg_catalog_service"]
key = ["service_id"]
not_null = ["service_id", "name"]

[columns]
service_id = "the service"
name = "what people call it"
active_from = "first day of its life; null where nobody said"
retired_at = "the day it was retired; null while it lives"
*/
SELECT
    s.id AS service_id,
    s.name,
    coalesce(s.active_from, c.active_from) AS active_from,
    coalesce(s.retired_at, c.retired_at) AS retired_at
FROM config.service AS s
LEFT JOIN (
    SELECT
        service_id,
        arg_min(active_from, (position, catalog_service_id)) AS active_from,
        arg_min(retired_at, (position, catalog_service_id)) AS retired_at
    FROM staged.stg_catalog_service
    WHERE service_id IS NOT NULL
    GROUP BY service_id
) AS c ON c.service_id = s.id
