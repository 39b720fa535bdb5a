/*
description = "One row per measurement of a component's technical debt and service that the component is a part of, and how long it held; one without a service where it is nobody's."
depends_on = ["staged.stg_debt_reading"]
key = ["item_id", "service_id"]
not_null = ["item_id", "component", "measured_at", "measured_on"]
accepted_values = { excluded_reason = ["no_service", "other_branch", "no_amounts"], confidence = ["high", "medium"] }

[columns]
item_id = "source:id of the measurement"
service_id = "the service; null where the component is nobody's"
component = "the source's word for what was measured"
measured_at = "when it was measured"
measured_on = "local day of the measurement"
replaced_at = "when the component was next measured; null while this is the latest"
debt_minutes = "what mending all known issues is estimated to take"
development_minutes = "what writing the code is estimated to take: the source's own, else what its ratio comes to, else 30 minutes a line"
confidence = "high where the source tells the ratio or both amounts, medium where 30 minutes a line were assumed"
excluded_reason = "why it is not a measurement of a service's debt; null where it is"
*/
WITH told AS (
    SELECT
        *,
        coalesce(
            development_minutes,
            CASE WHEN debt_minutes > 0 AND debt_ratio > 0 THEN debt_minutes / debt_ratio END
        ) AS told_minutes
    FROM staged.stg_debt_reading
),

weighed AS (
    SELECT
        *,
        coalesce(told_minutes, 30.0 * code_lines) AS all_minutes,
        coalesce(debt_minutes, debt_ratio * coalesce(told_minutes, 30.0 * code_lines)) AS mending_minutes
    FROM told
),

reading AS (
    SELECT
        *,
        CASE
            WHEN service_id IS NULL THEN 'no_service'
            WHEN is_other_branch THEN 'other_branch'
            WHEN mending_minutes IS NULL OR all_minutes IS NULL OR all_minutes = 0 THEN 'no_amounts'
        END AS excluded_reason
    FROM weighed
)

SELECT
    item_id,
    service_id,
    component,
    measured_at,
    measured_on,
    lead(measured_at) OVER (
        PARTITION BY source, component, service_id, excluded_reason ORDER BY measured_at, item_id
    ) AS replaced_at,
    CAST(mending_minutes AS DOUBLE) AS debt_minutes,
    CAST(all_minutes AS DOUBLE) AS development_minutes,
    CASE WHEN told_minutes IS NOT NULL THEN 'high' ELSE 'medium' END AS confidence,
    excluded_reason
FROM reading
