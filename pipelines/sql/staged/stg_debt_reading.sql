/*
description = "One row per measurement of a component's technical debt and service that the component is a part of; one without a service where it is nobody's."
depends_on = [
    "raw.debt_reading", "staged.stg_component_service", "staged.stg_service_repository", "staged.stg_run",
    "config.source", "config.organisation",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "source", "component", "measured_at", "measured_on", "is_other_branch"]

[columns]
item_id = "source:id of the measurement"
source = "the source's name"
component = "the source's word for what was measured"
service_id = "the service; null where the component is nobody's"
measured_at = "when it was measured"
measured_on = "local day of the measurement"
is_other_branch = "of a branch that is not known to be the one that is deployed from"
debt_minutes = "what mending all known issues is estimated to take; null where nothing tells it"
debt_ratio = "that ÷ what writing the code is estimated to take, as the source has it"
development_minutes = "what writing the code is estimated to take, as the source has it"
code_lines = "lines of code; null where nothing tells it"
*/
SELECT
    d.source || ':' || d.id AS item_id,
    d.source,
    d.component,
    s.service_id,
    d.measured_at,
    CAST(d.measured_at AT TIME ZONE o.time_zone AS DATE) AS measured_on,
    d.branch IS NOT NULL AND k.kind = 'inbox' AND NOT EXISTS (
        FROM staged.stg_service_repository AS p WHERE p.service_id = s.service_id AND p.default_branch = d.branch
    ) AS is_other_branch,
    d.debt_minutes,
    d.debt_ratio,
    d.development_minutes,
    d.code_lines
FROM raw.debt_reading AS d
JOIN config.source AS k ON k.name = d.source
CROSS JOIN staged.stg_run AS r
CROSS JOIN config.organisation AS o
LEFT JOIN staged.stg_component_service AS s ON s.source = d.source AND s.component = d.component
WHERE d.gone_at IS NULL AND d.measured_at <= r.as_of
