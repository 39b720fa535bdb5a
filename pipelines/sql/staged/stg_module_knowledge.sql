/*
description = "One row per month that is over, team and module that it owned at its end, of which may be told: how many people changed it lately; else one for the team that says so."
depends_on = [
    "raw.pull_request", "staged.stg_membership", "staged.stg_period", "staged.stg_person_account",
    "staged.stg_pull_request", "staged.stg_pull_request_service", "staged.stg_run", "staged.stg_service_calendar",
    "staged.stg_service_owner", "staged.stg_service_repository",
]
key = ["item_id"]
not_null = ["item_id", "on_date", "is_told"]

[columns]
item_id = "the last day, and a rank among all modules: nothing of the module or its team enters it"
on_date = "last day of the month"
is_told = "the team had at least five people; else the row stands for all of its modules, however many"
changes = "human changes merged in the 90 days up to that day; null where nothing is told"
contributors = "people who opened these; null where nothing is told"
truck_factor = "the fewest people who opened strictly more than half of these; null where nothing is told"
*/
-- A module is what a service has of a repository: all of it, or its configured part. One that several services
-- share without parts is one module of each team that owns such a service.
WITH part AS (
    SELECT DISTINCT service_id, source, repository_id, CASE WHEN is_parted THEN service_id ELSE '' END AS part
    FROM staged.stg_service_repository
),

-- Of bots and of deleted accounts no person is known.
change AS (
    SELECT DISTINCT p.item_id, p.merged_on, m.source, m.repository_id, m.part, a.person_key
    FROM staged.stg_pull_request AS p
    JOIN staged.stg_pull_request_service AS s ON s.item_id = p.item_id
    JOIN part AS m
        ON m.service_id = s.service_id AND m.source = p.source AND m.repository_id = p.repository_id
    JOIN raw.pull_request AS r ON r.source = p.source AND r.id = p.pull_request_id
    JOIN staged.stg_person_account AS a ON a.source = r.source AND a.account_id = r.author_id
    WHERE p.merged_on IS NOT NULL AND NOT p.is_bot
),

-- Before 90 days of a source are known, its modules seem to have fewer people than they have. Told night by night, a
-- running month would say of each merge what it changed.
moment AS (
    SELECT f.source, CAST(p.period_end - 1 AS DATE) AS on_date
    FROM staged.stg_period AS p
    JOIN staged.stg_run AS n ON n.last_day_on >= p.period_end
    JOIN (SELECT source, min(merged_on) AS first_on FROM change GROUP BY source) AS f
        ON p.period_end - 1 >= f.first_on + 89
    WHERE p.grain = 'month'
),

lately AS (
    SELECT t.on_date, c.source, c.repository_id, c.part, c.person_key, count(*) AS changes
    FROM moment AS t
    JOIN change AS c ON c.source = t.source AND c.merged_on > t.on_date - 90 AND c.merged_on <= t.on_date
    GROUP BY ALL
),

ranked AS (
    SELECT
        *,
        sum(changes) OVER module_now AS all_changes,
        coalesce(sum(changes) OVER (
            module_now ORDER BY changes DESC, person_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS of_busier
    FROM lately
    WINDOW module_now AS (PARTITION BY on_date, source, repository_id, part)
),

-- Whoever comes after those with more than half of the changes is not needed for it.
module AS (
    SELECT
        on_date, source, repository_id, part,
        sum(changes) AS changes,
        count(*) AS contributors,
        count(*) FILTER (2 * of_busier <= all_changes) AS truck_factor
    FROM ranked
    GROUP BY ALL
),

ever AS (
    SELECT source, repository_id, part, person_key, min(merged_on) AS first_on FROM change GROUP BY ALL
),

known AS (
    SELECT m.on_date, m.source, m.repository_id, m.part, count(*) AS people
    FROM module AS m
    JOIN ever AS e
        ON e.source = m.source AND e.repository_id = m.repository_id AND e.part = m.part AND e.first_on <= m.on_date
    GROUP BY ALL
),

owned AS (
    SELECT DISTINCT m.*, o.team_id
    FROM module AS m
    JOIN part AS p ON p.source = m.source AND p.repository_id = m.repository_id AND p.part = m.part
    JOIN staged.stg_service_calendar AS c
        ON c.service_id = p.service_id
        AND c.metric_family = 'flow'
        AND c.starts_on <= m.on_date
        AND coalesce(c.ends_on > m.on_date, true)
    LEFT JOIN staged.stg_service_owner AS o
        ON o.service_id = p.service_id AND o.valid_from <= m.on_date AND o.valid_to > m.on_date
),

-- A team has as many people as it names, and no more than changed its modules: both must be five.
active AS (
    SELECT o.on_date, o.team_id, count(DISTINCT l.person_key) AS people
    FROM owned AS o
    JOIN lately AS l
        ON l.on_date = o.on_date AND l.source = o.source AND l.repository_id = o.repository_id AND l.part = o.part
    GROUP BY ALL
),

sized AS (
    SELECT a.on_date, a.team_id, a.people >= 5 AND (n.team_id IS NULL OR count(m.person_key) >= 5) AS is_told
    FROM active AS a
    LEFT JOIN (SELECT DISTINCT team_id FROM staged.stg_membership) AS n ON n.team_id = a.team_id
    LEFT JOIN staged.stg_membership AS m
        ON m.team_id = a.team_id AND m.valid_from <= a.on_date AND m.valid_to > a.on_date
    GROUP BY a.on_date, a.team_id, a.people, n.team_id
),

-- A module that one person alone has ever changed is that person's: it is left out without a trace.
told AS (
    SELECT
        o.*,
        row_number() OVER (
            PARTITION BY o.on_date
            ORDER BY o.truck_factor, o.contributors, o.source, o.repository_id, o.part, o.team_id
        ) AS place,
        count(*) OVER (PARTITION BY o.on_date, o.team_id) AS of_team
    FROM owned AS o
    JOIN sized AS z ON z.on_date = o.on_date AND z.team_id IS NOT DISTINCT FROM o.team_id AND z.is_told
    JOIN known AS k
        ON k.on_date = o.on_date AND k.source = o.source AND k.repository_id = o.repository_id AND k.part = o.part
    WHERE k.people > 1
),

-- Of a team with one module it is known that five people changed it: whatever rests on one person is another's. There
-- must be three of these, or the number would point at one.
enough AS (
    SELECT on_date FROM told WHERE of_team > 1 GROUP BY on_date HAVING count(*) >= 3
)

SELECT
    t.on_date || ':' || t.place AS item_id,
    t.on_date,
    true AS is_told,
    CAST(t.changes AS BIGINT) AS changes,
    t.contributors,
    t.truck_factor
FROM told AS t
JOIN enough AS e ON e.on_date = t.on_date
UNION ALL
SELECT
    on_date || ':small:' || row_number() OVER (PARTITION BY on_date ORDER BY team_id),
    on_date, false, NULL, NULL, NULL
FROM sized
WHERE NOT is_told
