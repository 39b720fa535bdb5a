/*
description = "One row per joiner and milestone, without who it is: the quarter whose pool they are in, and the days it took."
depends_on = ["staged.stg_joiner"]
key = ["item_id", "milestone"]
not_null = ["item_id", "milestone", "pool_on", "days", "is_reached"]
accepted_values = { milestone = ["first", "tenth"], excluded_reason = ["before_history", "came_back", "no_account", "quarter_not_over", "too_few_joined"] }

[columns]
item_id = "a rank in the pool: nothing of the joiner enters it"
milestone = "first or tenth merged pull request"
pool_on = "first day of the quarter whose pool they are in; of that in which they joined where they are in none"
days = "days from joining to the milestone; to now where it is not reached, also of who has left; 0 of who is in no pool"
is_reached = "the milestone is reached"
excluded_reason = "why they are in no pool; null where they are in one"
*/
SELECT
    joiner AS item_id,
    'first' AS milestone,
    pool_on,
    coalesce(days_to_first, days_seen) AS days,
    days_to_first IS NOT NULL AS is_reached,
    excluded_reason
FROM staged.stg_joiner
UNION ALL
SELECT
    joiner, 'tenth', pool_on, coalesce(days_to_tenth, days_seen), days_to_tenth IS NOT NULL, excluded_reason
FROM staged.stg_joiner
