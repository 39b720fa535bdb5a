/*
title = "Onboarding steps done"
question = "What share of what an onboarding should hold has been done?"
formula = "steps that are done ÷ steps of all checklists of a pool of at least five joiners"
family = "people"
calendar = "onboarding_checklists"
unit = "ratio"
direction = "neutral"
kind = "share"
estimator = "whole_share"
item_kind = "joiner"
grains = ["quarter"]
statistics = ["ratio"]
window = "The quarter in which they joined; where fewer than five did, the last of up to four quarters whose joiners make a pool."
min_n = { ratio = 5 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It says how an organisation takes people in, never how somebody does: there is no number of a team, and none of fewer than five.",
    "Each joiner is in one pool alone, and a pool is told when its quarter is over: no two numbers that stand together differ by one person. What is written again later, such as one step more, is told to whoever has both numbers.",
    "The organisation counts the steps itself. A checklist that is long, or that nobody keeps, makes it small.",
    "All steps were counted, so there is no range.",
]
not_for = ["judging or comparing people", "comparing roles", "a target"]
references = ["DORA: learning culture, https://dora.dev/capabilities/learning-culture/"]
depends_on = ["facts.fct_onboarding_checklist"]

[example]
words = "Five joined, with 40 steps in all, of which 30 are done; each stands for a fifth of both: 75 %."
statistic = "ratio"
value = 0.75
columns = ["item_id", "on_date", "value", "weight"]
rows = [
    ["2026-01-01:1", "2026-01-01", 6.0, 8.0],
    ["2026-01-01:2", "2026-01-01", 6.0, 8.0],
    ["2026-01-01:3", "2026-01-01", 6.0, 8.0],
    ["2026-01-01:4", "2026-01-01", 6.0, 8.0],
    ["2026-01-01:5", "2026-01-01", 6.0, 8.0],
]

[reasons]
quarter_not_over = "joined in the quarter that is not over"
too_few_joined = "fewer than five joined in up to four quarters"

[columns]
item_kind = "joiner"
item_id = "a rank in the pool: nothing of the joiner enters it"
service_id = "always null: it is the organisation's number"
team_id = "always null: it is the organisation's number"
started_at = "always null"
ended_at = "always null"
on_date = "first day of the quarter of the pool"
value = "steps that are done ÷ joiners of the pool; not published"
is_event = "always true"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "steps ÷ joiners of the pool; not published"
*/
SELECT
    'joiner' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    CAST(NULL AS TIMESTAMPTZ) AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    pool_on AS on_date,
    done AS value,
    true AS is_event,
    false AS is_open,
    excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    steps AS weight
FROM facts.fct_onboarding_checklist
