/*
description = "One row per measurement of a component's coverage and service that the component is a part of; one without a service where it is nobody's."
depends_on = [
    "raw.coverage_report", "staged.stg_component_service", "staged.stg_service_repository", "staged.stg_run",
    "config.source", "config.organisation",
]
key = ["item_id", "service_id"]
not_null = ["item_id", "source", "component", "method", "measured_at", "measured_on", "is_part", "is_other_branch"]
accepted_values = { method = ["lines", "sonar"] }

[columns]
item_id = "source:id of the measurement"
source = "the source's name"
component = "the source's word for what was measured"
service_id = "the service; null where the component is nobody's"
method = "lines: a line counts that ran at all; sonar: lines and branches together"
sha = "the commit that was measured; null where nothing tells it"
measured_at = "when it was measured"
measured_on = "local day of the measurement"
is_part = "a part that is measured by itself, such as the unit tests: the whole has its own row"
is_other_branch = "of a branch that is not known to be the one that is deployed from"
covered = "what tests run of it, in the method's count; null where the source gives no count"
coverable = "what tests could run of it, in the method's count; null where the source gives no count"
new_covered = "lines of new code that tests run; null where nothing tells it"
new_coverable = "lines of new code that tests could run; null where nothing tells it"
*/
-- A tool reads the branch that it is set to; a file may tell of any.
SELECT
    c.source || ':' || c.id AS item_id,
    c.source,
    c.component,
    s.service_id,
    c.method,
    c.sha,
    c.measured_at,
    CAST(c.measured_at AT TIME ZONE o.time_zone AS DATE) AS measured_on,
    c.flag IS NOT NULL AS is_part,
    c.branch IS NOT NULL AND k.kind = 'inbox' AND NOT EXISTS (
        FROM staged.stg_service_repository AS p WHERE p.service_id = s.service_id AND p.default_branch = c.branch
    ) AS is_other_branch,
    c.covered_lines + CASE WHEN c.method = 'sonar' THEN coalesce(c.covered_branches, 0) ELSE 0 END AS covered,
    c.coverable_lines + CASE WHEN c.method = 'sonar' THEN coalesce(c.coverable_branches, 0) ELSE 0 END AS coverable,
    c.new_covered_lines AS new_covered,
    c.new_coverable_lines AS new_coverable
FROM raw.coverage_report AS c
JOIN config.source AS k ON k.name = c.source
CROSS JOIN staged.stg_run AS r
CROSS JOIN config.organisation AS o
LEFT JOIN staged.stg_component_service AS s ON s.source = c.source AND s.component = c.component
WHERE c.gone_at IS NULL AND c.measured_at <= r.as_of
