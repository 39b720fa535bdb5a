/*
description = "One row per joiner of a pool whose checklists are counted, without who it is: an equal part of the pool's steps; else one for the quarter that says why it is not told."
depends_on = ["staged.stg_onboarding_checklist"]
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
SELECT item_id, pool_on, done, steps, excluded_reason FROM staged.stg_onboarding_checklist
