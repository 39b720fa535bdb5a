/*
description = "One row per measurement of a component's coverage and service that the component is a part of, and how long it held; one without a service where it is nobody's."
depends_on = ["staged.stg_coverage_reading"]
key = ["item_id", "service_id"]
not_null = ["item_id", "component", "method", "measured_at", "measured_on", "is_measured_again"]
accepted_values = { method = ["lines", "sonar"], excluded_reason = ["no_service", "part", "other_branch"] }

[columns]
item_id = "source:id of the measurement"
service_id = "the service; null where the component is nobody's"
component = "the source's word for what was measured"
method = "lines: a line counts that ran at all; sonar: lines and branches together"
measured_at = "when it was measured"
measured_on = "local day of the measurement"
replaced_at = "when all code of the component was next measured; null while this is the latest, or where it is of new code alone"
new_replaced_at = "when new code of the component was next measured; null while this is the latest, or where nothing tells of new code"
is_measured_again = "a later measurement is of the same commit"
covered = "what tests run of it, in the method's count; null where the source gives no count"
coverable = "what tests could run of it, in the method's count; null where the source gives no count"
new_covered = "lines of new code that tests run; null where nothing tells it"
new_coverable = "lines of new code that tests could run; null where nothing tells it"
excluded_reason = "why it is not a measurement of a service's code as a whole; null where it is"
*/
WITH reading AS (
    SELECT
        *,
        CASE
            WHEN service_id IS NULL THEN 'no_service'
            WHEN is_part THEN 'part'
            WHEN is_other_branch THEN 'other_branch'
        END AS excluded_reason
    FROM staged.stg_coverage_reading
),

ordered AS (
    SELECT
        *,
        lead(measured_at) OVER (
            PARTITION BY source, component, service_id, method, excluded_reason, covered IS NULL OR coverable IS NULL
            ORDER BY measured_at, item_id
        ) AS next_at,
        lead(measured_at) OVER (
            PARTITION BY
                source, component, service_id, method, excluded_reason, new_covered IS NULL OR new_coverable IS NULL
            ORDER BY measured_at, item_id
        ) AS next_new_at,
        row_number() OVER (
            PARTITION BY source, component, service_id, method, excluded_reason, sha
            ORDER BY new_coverable IS NULL, measured_at DESC, item_id DESC
        ) AS of_commit
    FROM reading
)

SELECT
    item_id,
    service_id,
    component,
    method,
    measured_at,
    measured_on,
    CASE WHEN covered IS NOT NULL AND coverable IS NOT NULL THEN next_at END AS replaced_at,
    CASE WHEN new_covered IS NOT NULL AND new_coverable IS NOT NULL THEN next_new_at END AS new_replaced_at,
    sha IS NOT NULL AND of_commit > 1 AS is_measured_again,
    covered,
    coverable,
    new_covered,
    new_coverable,
    excluded_reason
FROM ordered
