/*
description = "One row per scope and week, month or quarter in which anybody is known to have worked in it: how many people."
depends_on = ["staged.stg_period", "staged.stg_scope_person"]
key = ["scope", "part_of", "grain", "period_start"]
not_null = ["scope", "grain", "period_start", "people"]
accepted_values = { grain = ["week", "month", "quarter"] }

[columns]
scope = "organisation, department:id, team:id or service:id"
part_of = "of a service that changed hands: the team for which they worked on it; null for the whole scope"
grain = "week, month or quarter"
period_start = "first local day of the period"
people = "how many people; who they are stays behind"
*/
WITH period AS (
    SELECT grain, period_start, period_end FROM staged.stg_period WHERE grain <> 'day'
),

day AS (
    SELECT grain, period_start, CAST(unnest(range(period_start, period_end, INTERVAL 1 DAY)) AS DATE) AS on_date
    FROM period
)

SELECT scope, part_of, grain, period_start, count(DISTINCT person_key) AS people
FROM (
    SELECT w.scope, w.part_of, d.grain, d.period_start, w.person_key
    FROM staged.stg_scope_person AS w
    JOIN day AS d ON d.on_date = w.first_on
    WHERE w.end_on = w.first_on + 1
    UNION ALL
    SELECT w.scope, w.part_of, p.grain, p.period_start, w.person_key
    FROM staged.stg_scope_person AS w
    JOIN period AS p ON w.first_on < p.period_end AND w.end_on > p.period_start
    WHERE w.end_on > w.first_on + 1
)
GROUP BY ALL
