/*
title = "Work on the theme"
question = "What share of the work items that we finished was for the theme of the quarter?"
formula = "finished work items with a label, or below a goal, that the theme of their team names ÷ finished work items, in quarters in which any theme names such"
family = "flow"
calendar = "theme"
unit = "ratio"
direction = "neutral"
kind = "share"
estimator = "whole_share"
item_kind = "issue"
grains = ["quarter"]
statistics = ["ratio"]
window = "The quarter of the finish: when the item last entered a status that means done."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "A team's theme is its own, else its department's, else the organisation's. Above a team it is the share of each team's work that was for the theme which holds for it; a team without one, or whose theme does not say by what work for it is known, did none.",
    "A theme of a team or department in which fewer than three people are known to have worked counts as none.",
    "What nobody labelled or put below the goal is not seen, and a label that is given later counts as it is now.",
    "A goal in a project that is not read is not known, and neither is what is below it.",
    "Each quarter has a theme of its own, and other teams may say by what it is known: quarters are not held against each other. All items were looked at, so there is no range.",
    "Most work of a good quarter may be for other things: all of it is no aim.",
]
not_for = ["comparing people", "comparing teams that label otherwise", "a target"]
references = ["DORA: working in small batches on what matters, https://dora.dev/capabilities/"]
depends_on = ["facts.dim_service_owner", "facts.dim_team_theme", "facts.fct_theme_work", "facts.fct_work_item"]

[example]
words = "Two of the five that were finished bear what the theme of their team names: 40 %."
statistic = "ratio"
value = 0.4
columns = ["item_id", "on_date", "value", "excluded_reason"]
rows = [
    ["jira:1", "2025-10-15", 1.0, ""],
    ["jira:2", "2025-11-03", 1.0, ""],
    ["jira:3", "2025-11-10", 0.0, ""],
    ["jira:4", "2025-12-04", 0.0, ""],
    ["jira:5", "2025-12-18", 0.0, ""],
]

[reasons]
no_service = "its project belongs to no configured service"
no_team = "nobody owned its service on that day"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active; null where it never did"
ended_at = "when it last became done"
on_date = "local day of the finish"
value = "1 where it was for the theme, else 0"
is_event = "it was for the theme"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "1"
*/
-- All that was finished is in it, as in throughput: what teams without a theme finished cannot be worked out of it.
WITH quarter AS (
    SELECT DISTINCT valid_from, valid_to FROM facts.dim_team_theme WHERE is_marked
)

SELECT
    'issue' AS item_kind,
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.finished_at AS ended_at,
    i.finished_on AS on_date,
    CAST(CASE WHEN w.item_id IS NOT NULL THEN 1 ELSE 0 END AS DOUBLE) AS value,
    w.item_id IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN o.team_id IS NULL THEN 'no_team'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(1 AS DOUBLE) AS weight
FROM facts.fct_work_item AS i
JOIN quarter AS q ON q.valid_from <= i.finished_on AND q.valid_to > i.finished_on
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.finished_on AND o.valid_to > i.finished_on
LEFT JOIN facts.fct_theme_work AS w ON w.item_id = i.item_id AND w.team_id = o.team_id
