/*
description = "One row per component that coverage or debt is measured of, and service that it is a part of."
depends_on = [
    "raw.coverage_report", "raw.debt_reading", "config.service", "config.service_indicator", "config.service_repository",
]
key = ["source", "component", "service_id"]
not_null = ["source", "component", "service_id"]

[columns]
source = "the source's name"
component = "the source's word for the project, repository or service"
service_id = "the service whose `indicators` name it; else that of this id or name, or made from that repository"
*/
WITH component AS (
    SELECT source, component FROM raw.coverage_report WHERE gone_at IS NULL
    UNION
    SELECT source, component FROM raw.debt_reading WHERE gone_at IS NULL
),

told AS (
    SELECT c.source, c.component, i.service AS service_id, 1 AS place
    FROM component AS c
    JOIN config.service_indicator AS i
        ON lower(i.indicator) = lower(c.component) AND coalesce(i.source, c.source) = c.source
    UNION ALL
    SELECT c.source, c.component, s.id, 2
    FROM component AS c
    JOIN config.service AS s ON lower(c.component) IN (s.id, lower(s.name))
    UNION ALL
    SELECT c.source, c.component, r.service, 3
    FROM component AS c
    JOIN config.service_repository AS r ON lower(r.repository) = lower(c.component)
)

SELECT DISTINCT source, component, service_id
FROM told
QUALIFY place = min(place) OVER (PARTITION BY source, component)
