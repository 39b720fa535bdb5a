/*
title = "Work in progress per member"
question = "How much does a team have under way for each of its people?"
formula = "work items that are active or waiting at the end of the local day ÷ members of the teams that own them"
family = "flow"
unit = "count"
measured_in = "items per member"
direction = "neutral"
kind = "level"
item_kind = "team"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The end of the period's last day."
min_n = { ratio = 1 }
unlinked_reasons = ["few_members", "unknown_status"]
least_coverage = 1.0
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Who works on which item is not asked: it is one number for a team, and says nothing of what any of its people has under way. A team that names one or two members has none, whoever else works on its services.",
    "Members are those that the team names, whoever else works on its services. Somebody of two teams is a member of each, and an item of services of two teams is in progress in each.",
    "Of a department and above it is told only where each of its teams that have work items names three members and the status of its items is known, since the rest would tell what the others have in progress.",
    "Work that is in no item is not in it, and up to a fifth of a team's items may have an unknown status, which do not count.",
]
not_for = ["comparing people", "comparing teams that cut their work differently", "a target"]
references = ["DORA: work in process limits, https://dora.dev/capabilities/wip-limits/", "The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_team_work", "facts.dim_day", "facts.dim_team_size", "facts.dim_run"]

[example]
words = "At the end of 29 January the team has 2 items in progress and, since the day before, 4 members: 2 ÷ 4 = 0.5 items per member."
statistic = "ratio"
value = 0.5
columns = ["item_id", "on_date", "value", "weight", "is_open"]
rows = [
    ["team", "2026-01-25", 1.0, 3.0, false],
    ["team", "2026-01-26", 3.0, 3.0, false],
    ["team", "2026-01-27", 4.0, 3.0, false],
    ["team", "2026-01-28", 3.0, 4.0, false],
    ["team", "2026-01-29", 2.0, 4.0, true],
]

[reasons]
few_members = "the team names fewer than three members"
unknown_status = "whether more than a fifth of what the team may have in progress is so is not known"

[columns]
item_kind = "team"
item_id = "the team"
service_id = "always null: members are a team's"
team_id = "the team"
started_at = "when the day began"
ended_at = "when it ended; null for the last one"
on_date = "the local day"
value = "work items in progress at its end"
is_event = "has no meaning for a level: false"
is_open = "the last day"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "members of the team on that day"
*/
SELECT
    'team' AS item_kind,
    w.team_id AS item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    w.team_id,
    d.starts_at AS started_at,
    CASE WHEN w.on_date < r.last_day_on THEN d.ends_at END AS ended_at,
    w.on_date,
    CAST(w.in_progress AS DOUBLE) AS value,
    false AS is_event,
    w.on_date = r.last_day_on AS is_open,
    CASE
        WHEN coalesce(m.members, 0) < 3 THEN 'few_members'
        WHEN 5 * (w.at_most - w.in_progress) > w.at_most THEN 'unknown_status'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(coalesce(m.members, 0) AS DOUBLE) AS weight
FROM facts.fct_team_work AS w
JOIN facts.dim_day AS d ON d.on_date = w.on_date
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_team_size AS m
    ON m.team_id = w.team_id AND m.valid_from <= w.on_date AND m.valid_to > w.on_date
