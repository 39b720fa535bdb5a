/*
description = "One row per joiner of a pool whose checklists are counted, without who it is: an equal part of the pool's steps; else one for the quarter that says why it is not told."
depends_on = ["raw.onboarding_checklist", "staged.stg_run", "config.organisation"]
key = ["item_id"]
not_null = ["item_id", "pool_on", "done", "steps"]
accepted_values = { excluded_reason = ["quarter_not_over", "too_few_joined"] }

[columns]
item_id = "first day of the pool's quarter, and a rank in it: nothing of the joiner enters it"
pool_on = "first day of the fiscal quarter whose pool it is; of the quarter in which they joined where they are in none"
done = "steps of the pool that are done ÷ its joiners; 0 where it is not told"
steps = "steps of the pool ÷ its joiners; 0 where it is not told"
excluded_reason = "why the quarter is in no pool; null where it is in one"
*/
WITH RECURSIVE setting AS (
    SELECT r.as_of_on AS today, r.last_day_on, o.quarter_start_month
    FROM staged.stg_run AS r
    CROSS JOIN config.organisation AS o
),

told AS (
    SELECT
        CAST(
            make_date(CAST(c.quarter[1:4] AS INTEGER), s.quarter_start_month, 1)
            + to_months(3 * (CAST(c.quarter[7:7] AS INTEGER) - 1)) AS DATE
        ) AS quarter_on,
        CAST(sum(c.joiners) AS BIGINT) AS joined,
        CAST(sum(c.steps) AS BIGINT) AS steps,
        CAST(sum(c.done) AS BIGINT) AS done
    FROM raw.onboarding_checklist AS c
    CROSS JOIN setting AS s
    WHERE c.gone_at IS NULL
    GROUP BY quarter_on
    HAVING sum(c.joiners) > 0 AND quarter_on <= min(s.last_day_on)
),

-- The quarters that are over, also those in which nobody joined.
quarter AS (
    SELECT
        q.quarter_on,
        row_number() OVER (ORDER BY q.quarter_on) AS place,
        coalesce(t.joined, 0) AS joined
    FROM (
        SELECT CAST(unnest(generate_series(min(t.quarter_on), s.today, INTERVAL 3 MONTH)) AS DATE) AS quarter_on
        FROM told AS t
        CROSS JOIN setting AS s
        GROUP BY s.today
    ) AS q
    CROSS JOIN setting AS s
    LEFT JOIN told AS t ON t.quarter_on = q.quarter_on
    WHERE q.quarter_on + INTERVAL 3 MONTH <= s.today
),

-- Pools as those of first merges: a quarter's joiners, or those of up to four quarters until there are
-- five. Each joiner is in one pool alone, so that no two published numbers differ by one person.
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
    SELECT p.pool_on, sum(t.joined) AS joined, sum(t.steps) AS steps, sum(t.done) AS done
    FROM pool AS p
    JOIN told AS t ON t.quarter_on = p.quarter_on
    GROUP BY p.pool_on
)

SELECT
    pool_on || ':' || place AS item_id,
    pool_on,
    CAST(done / joined AS DOUBLE) AS done,
    CAST(steps / joined AS DOUBLE) AS steps,
    NULL AS excluded_reason
FROM (SELECT *, unnest(generate_series(1, CAST(joined AS BIGINT))) AS place FROM pooled)
UNION ALL
SELECT
    t.quarter_on || ':0',
    t.quarter_on,
    0,
    0,
    CASE WHEN t.quarter_on + INTERVAL 3 MONTH > s.today THEN 'quarter_not_over' ELSE 'too_few_joined' END
FROM told AS t
CROSS JOIN setting AS s
ANTI JOIN pool AS p ON p.quarter_on = t.quarter_on
