/*
description = "One row per month that is over, team and module that it owned at its end, of which may be told: how many people changed it lately; else one for the team that says so."
depends_on = ["staged.stg_module_knowledge", "staged.stg_day"]
key = ["item_id"]
not_null = ["item_id", "on_date", "starts_at", "ends_at", "is_told"]

[columns]
item_id = "the last day, and a rank among all modules: nothing of the module or its team enters it"
on_date = "last day of the month"
starts_at = "the instant at which that day began"
ends_at = "the instant at which it ended"
is_told = "the team had at least five people; else the row stands for all of its modules, however many"
changes = "human changes merged in the 90 days up to that day; null where nothing is told"
contributors = "people who opened these; null where nothing is told"
truck_factor = "the fewest people who opened strictly more than half of these; null where nothing is told"
*/
SELECT
    m.item_id,
    m.on_date,
    d.starts_at,
    d.ends_at,
    m.is_told,
    m.changes,
    m.contributors,
    m.truck_factor
FROM staged.stg_module_knowledge AS m
JOIN staged.stg_day AS d ON d.on_date = m.on_date
