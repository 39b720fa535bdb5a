/*
description = "One row per joiner, without who it is: the quarter whose pool they are in, and the days to their first and tenth merged pull request."
depends_on = [
    "raw.joiner", "raw.pull_request", "staged.stg_person_account", "staged.stg_pull_request", "staged.stg_run",
    "config.organisation",
]
key = ["joiner"]
not_null = ["joiner", "pool_on", "days_seen"]
accepted_values = { excluded_reason = ["before_history", "came_back", "no_account", "quarter_not_over", "too_few_joined"] }

[columns]
joiner = "a rank among those of the same quarter's pool, in the order of the days: nothing of the joiner enters it"
pool_on = "first day of the fiscal quarter whose pool they are in; of the quarter in which they joined where they are in none"
days_to_first = "days from joining to the first merged pull request; null where there is none"
days_to_tenth = "days from joining to the tenth merged pull request; null where there is none"
days_seen = "days from joining to now, also of who has left"
excluded_reason = "why they are in no pool; null where they are in one"
*/
WITH RECURSIVE setting AS (
    SELECT
        r.as_of_on AS today,
        o.quarter_start_month AS first_month,
        coalesce(o.history_start, p.first_on) AS history_on
    FROM staged.stg_run AS r
    CROSS JOIN config.organisation AS o
    CROSS JOIN (
        SELECT CAST(min(p.opened_at) AT TIME ZONE min(o.time_zone) AS DATE) AS first_on
        FROM staged.stg_pull_request AS p
        CROSS JOIN config.organisation AS o
    ) AS p
),

-- Two lists may name the same person; who comes back has been there before.
told AS (
    SELECT
        md5('person ' || lower(trim(j.person))) AS person_key,
        j.joined_on,
        max(j.left_on) AS left_on,
        row_number() OVER (PARTITION BY md5('person ' || lower(trim(j.person))) ORDER BY j.joined_on) > 1 AS came_back
    FROM raw.joiner AS j
    CROSS JOIN setting AS s
    WHERE j.gone_at IS NULL AND j.joined_on <= s.today
    GROUP BY md5('person ' || lower(trim(j.person))), j.joined_on
),

author AS (
    SELECT DISTINCT a.person_key
    FROM staged.stg_person_account AS a
    JOIN (SELECT DISTINCT source FROM staged.stg_pull_request) AS p ON p.source = a.source
),

merged AS (
    SELECT
        t.person_key,
        t.joined_on,
        p.merged_on - t.joined_on AS days,
        row_number() OVER (PARTITION BY t.person_key, t.joined_on ORDER BY p.merged_at, p.item_id) AS place
    FROM told AS t
    JOIN staged.stg_person_account AS a ON a.person_key = t.person_key
    JOIN raw.pull_request AS r ON r.source = a.source AND r.author_id = a.account_id
    JOIN staged.stg_pull_request AS p ON p.source = r.source AND p.pull_request_id = r.id
    WHERE p.merged_on >= t.joined_on AND coalesce(p.merged_on < t.left_on, true)
),

milestone AS (
    SELECT
        person_key,
        joined_on,
        min(days) FILTER (place = 1) AS days_to_first,
        min(days) FILTER (place = 10) AS days_to_tenth
    FROM merged
    GROUP BY person_key, joined_on
),

joiner AS (
    SELECT
        CAST(
            date_trunc('month', t.joined_on)
            - to_months(CAST((month(t.joined_on) - s.first_month + 12) % 3 AS INTEGER)) AS DATE
        ) AS quarter_on,
        m.days_to_first,
        m.days_to_tenth,
        s.today - t.joined_on AS days_seen,
        CASE
            WHEN s.history_on IS NULL OR t.joined_on < s.history_on THEN 'before_history'
            WHEN t.came_back THEN 'came_back'
            WHEN a.person_key IS NULL THEN 'no_account'
        END AS excluded_reason
    FROM told AS t
    CROSS JOIN setting AS s
    LEFT JOIN author AS a ON a.person_key = t.person_key
    LEFT JOIN milestone AS m ON m.person_key = t.person_key AND m.joined_on = t.joined_on
),

-- The quarters that are over, and how many joined in each.
quarter AS (
    SELECT
        q.quarter_on,
        row_number() OVER (ORDER BY q.quarter_on) AS place,
        (SELECT count(*) FROM joiner AS j WHERE j.quarter_on = q.quarter_on AND j.excluded_reason IS NULL) AS joined
    FROM (
        SELECT CAST(unnest(generate_series(min(j.quarter_on), s.today, INTERVAL 3 MONTH)) AS DATE) AS quarter_on
        FROM joiner AS j
        CROSS JOIN setting AS s
        WHERE j.excluded_reason IS NULL
        GROUP BY s.today
    ) AS q
    CROSS JOIN setting AS s
    WHERE q.quarter_on + INTERVAL 3 MONTH <= s.today
),

-- A pool is a quarter's joiners, or those of up to four quarters until there are five: each joiner is in
-- one pool alone, so that no two published numbers differ by one person.
gathered AS (
    SELECT place, place AS from_place, joined AS pooled FROM quarter WHERE place = 1
    UNION ALL
    SELECT
        q.place,
        CASE WHEN g.pooled >= 5 OR q.place - g.from_place >= 4 THEN q.place ELSE g.from_place END,
        CASE WHEN g.pooled >= 5 OR q.place - g.from_place >= 4 THEN q.joined ELSE g.pooled + q.joined END
    FROM gathered AS g
    JOIN quarter AS q ON q.place = g.place + 1
),

pool AS (
    SELECT q.quarter_on, p.quarter_on AS pool_on
    FROM gathered AS g
    JOIN quarter AS p ON p.place = g.place
    JOIN quarter AS q ON q.place BETWEEN g.from_place AND g.place
    WHERE g.pooled >= 5
),

pooled AS (
    SELECT
        coalesce(p.pool_on, j.quarter_on) AS pool_on,
        j.days_to_first,
        j.days_to_tenth,
        j.days_seen,
        CASE
            WHEN j.excluded_reason IS NOT NULL THEN j.excluded_reason
            WHEN j.quarter_on + INTERVAL 3 MONTH > s.today THEN 'quarter_not_over'
            WHEN p.pool_on IS NULL THEN 'too_few_joined'
        END AS excluded_reason
    FROM joiner AS j
    CROSS JOIN setting AS s
    LEFT JOIN pool AS p ON p.quarter_on = j.quarter_on
)

-- Of who is left out nothing is told but why.
SELECT
    pool_on || ' ' || row_number() OVER (
        PARTITION BY pool_on ORDER BY excluded_reason, days_to_first, days_to_tenth, days_seen
    ) AS joiner,
    pool_on,
    CASE WHEN excluded_reason IS NULL THEN days_to_first END AS days_to_first,
    CASE WHEN excluded_reason IS NULL THEN days_to_tenth END AS days_to_tenth,
    CASE WHEN excluded_reason IS NULL THEN days_seen ELSE 0 END AS days_seen,
    excluded_reason
FROM pooled
