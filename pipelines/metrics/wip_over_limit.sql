/*
title = "Days over the limit"
question = "On what share of the days did a team have more in progress than it agreed to?"
formula = "days at whose end more work items were in progress than the team's limit ÷ days"
family = "flow"
unit = "ratio"
direction = "lower_is_better"
kind = "share"
estimator = "whole_share"
item_kind = "team_day"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day itself, looked at when it ends; today is not over and does not count."
unlinked_reasons = ["unknown"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Every day is held against the limit that the team wrote down for it; before the first of those, against the one that the configuration states now.",
    "As many as the limit are not over it. Weekends are days, and so are days on which nobody touched anything.",
    "Of a department and above it is the share of all its teams' days; a team without a limit has none.",
    "Every day was looked at, so there is no range; and as one day is much like the one before it, no verdict either.",
]
not_for = ["comparing people", "comparing teams: each sets its own limit", "a target"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_team_day"]

[example]
words = "1, 3, 4, 3 and 2 items were in progress at the end of these days, and two were agreed: on 3 of 5 days more, 60 %."
statistic = "ratio"
value = 0.6
columns = ["item_id", "value", "weight"]
rows = [
    ["team:2026-01-25", 0.0, 1.0],
    ["team:2026-01-26", 1.0, 1.0],
    ["team:2026-01-27", 1.0, 1.0],
    ["team:2026-01-28", 1.0, 1.0],
    ["team:2026-01-29", 0.0, 1.0],
]

[reasons]
unknown = "whether it was over depends on items whose status is not known"

[columns]
item_kind = "team_day"
item_id = "team:day"
service_id = "always null: a limit is a team's"
team_id = "the team"
started_at = "when the day began"
ended_at = "when it ended"
on_date = "the local day"
value = "1 where more was in progress at its end than the limit, else 0"
is_event = "more than the limit"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "1"
*/
SELECT
    'team_day' AS item_kind,
    d.item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    d.team_id,
    d.starts_at AS started_at,
    d.ends_at AS ended_at,
    d.on_date,
    CAST(CASE WHEN d.in_progress > d.wip_limit THEN 1 ELSE 0 END AS DOUBLE) AS value,
    d.in_progress > d.wip_limit AS is_event,
    false AS is_open,
    CASE WHEN d.in_progress <= d.wip_limit AND d.at_most > d.wip_limit THEN 'unknown' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(1 AS DOUBLE) AS weight
FROM facts.fct_team_day AS d
