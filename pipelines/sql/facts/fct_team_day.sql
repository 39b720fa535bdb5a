/*
description = "One row per team and local day that is over and for which it had a limit, since its first work item: what was in progress at its end."
depends_on = ["facts.dim_team", "facts.dim_team_limit", "facts.dim_day", "facts.dim_run", "facts.fct_team_work"]
key = ["team_id", "on_date"]
not_null = ["item_id", "wip_limit", "in_progress", "at_most"]

[columns]
item_id = "team:day"
label = "the team's name and the day"
team_id = "the team"
on_date = "the local day"
starts_at = "the instant at which it began"
ends_at = "the instant at which it ended"
wip_limit = "the number of work items that the team had agreed on for that day"
in_progress = "its work items that were active or waiting at the day's end"
at_most = "the same with those of which that cannot be known"
*/
SELECT
    t.team_id || ':' || CAST(n.on_date AS VARCHAR) AS item_id,
    t.name || ' ' || CAST(n.on_date AS VARCHAR) AS label,
    n.team_id,
    n.on_date,
    d.starts_at,
    d.ends_at,
    l.wip_limit,
    n.in_progress,
    n.at_most
FROM facts.fct_team_work AS n
JOIN facts.dim_day AS d ON d.on_date = n.on_date
JOIN facts.dim_team AS t ON t.team_id = n.team_id
JOIN facts.dim_team_limit AS l
    ON l.team_id = n.team_id AND n.on_date >= l.valid_from AND n.on_date < l.valid_to
CROSS JOIN facts.dim_run AS r
WHERE n.on_date < r.as_of_on
