/*
description = "One row per person, scope and stretch of days in which the person is known to have worked in it."
depends_on = ["config.department", "config.team", "staged.stg_active_person"]
key = ["person_key", "scope", "part_of", "first_on", "end_on"]
not_null = ["person_key", "scope", "first_on", "end_on"]

[columns]
person_key = "stands for the person; never leaves the staged layer"
scope = "organisation, department:id, team:id or service:id"
part_of = "of a service that changed hands: the team for which the person worked on it; null for the whole scope"
first_on = "first local day"
end_on = "the day after the last one; 9999-12-31 for ever"
*/
WITH RECURSIVE above AS (
    SELECT id AS team_id, department FROM config.team WHERE department IS NOT NULL
    UNION
    SELECT a.team_id, d.parent
    FROM above AS a
    JOIN config.department AS d ON d.id = a.department
    WHERE d.parent IS NOT NULL
)

SELECT DISTINCT person_key, 'organisation' AS scope, CAST(NULL AS VARCHAR) AS part_of, first_on, end_on
FROM staged.stg_active_person
UNION ALL
SELECT DISTINCT person_key, 'service:' || service_id, NULL, first_on, end_on
FROM staged.stg_active_person
UNION ALL
SELECT DISTINCT person_key, 'service:' || service_id, 'team:' || team_id, first_on, end_on
FROM staged.stg_active_person
WHERE team_id IS NOT NULL
UNION ALL
SELECT DISTINCT person_key, 'team:' || team_id, NULL, first_on, end_on
FROM staged.stg_active_person
WHERE team_id IS NOT NULL
UNION ALL
SELECT DISTINCT p.person_key, 'department:' || a.department, NULL, p.first_on, p.end_on
FROM staged.stg_active_person AS p
JOIN above AS a ON a.team_id = p.team_id
