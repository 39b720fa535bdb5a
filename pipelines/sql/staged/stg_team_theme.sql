/*
description = "One row per team and quarter for which a theme holds: its own, else its department's, else the organisation's."
depends_on = ["raw.quarter_theme", "config.department", "config.organisation", "config.team"]
key = ["team_id", "valid_from"]
not_null = ["team_id", "of_scope", "valid_from", "valid_to", "markers", "is_marked"]

[columns]
team_id = "the team"
of_scope = "whose theme it is: team:id, department:id or organisation"
valid_from = "first day of the fiscal quarter"
valid_to = "first day of the next one"
markers = "by what work for it is known, in small letters: labels, and keys of goals"
is_marked = "somebody said by what it is known"
*/
WITH RECURSIVE above AS (
    SELECT id AS team_id, 'team:' || id AS scope, department, 0 AS distance FROM config.team
    UNION ALL
    SELECT a.team_id, 'department:' || d.id, d.parent, a.distance + 1
    FROM above AS a
    JOIN config.department AS d ON d.id = a.department
),

place AS (
    SELECT team_id, scope, distance FROM above
    UNION ALL
    SELECT id, 'organisation', NULL FROM config.team
),

-- A quarter bears the year in which its fiscal year began.
theme AS (
    SELECT
        t.source,
        t.id,
        t.of_scope AS scope,
        make_date(CAST(t.quarter[1:4] AS INTEGER), o.quarter_start_month, 1) AS year_from,
        CAST(t.quarter[7:7] AS INTEGER) AS number,
        list_transform(t.markers, lambda marker: lower(marker)) AS markers
    FROM raw.quarter_theme AS t
    CROSS JOIN config.organisation AS o
    WHERE t.gone_at IS NULL
)

SELECT
    p.team_id,
    p.scope AS of_scope,
    CAST(t.year_from + to_months(3 * (t.number - 1)) AS DATE) AS valid_from,
    CAST(t.year_from + to_months(3 * t.number) AS DATE) AS valid_to,
    t.markers,
    len(t.markers) > 0 AS is_marked
FROM place AS p
JOIN theme AS t ON t.scope = p.scope
QUALIFY row_number() OVER (PARTITION BY p.team_id, valid_from ORDER BY p.distance NULLS LAST, t.source, t.id) = 1
