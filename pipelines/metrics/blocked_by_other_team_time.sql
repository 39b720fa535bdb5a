/*
title = "Time blocked by another team"
question = "For how many days were our finished work items blocked by something that another team had yet to finish?"
formula = "time flagged as blocked while in progress and while a linked item of another team was not finished, in days, of finished work items"
family = "flow"
unit = "days"
direction = "lower_is_better"
kind = "quantity"
item_kind = "issue"
grains = ["month", "quarter"]
statistics = ["p85", "total"]
window = "The day of the finish: when the item last entered a status that means done."
unlinked_reasons = ["unknown_team", "no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Two signs must meet, as a link has no date and a flag names no team: the item bore a flag, and what it is linked to as needing was not finished. It may have been flagged for something else.",
    "What is blocked without a flag or without a link is not in it, so it is usually a lower bound.",
    "Every finished item counts, most of them with 0. Nights and weekends count.",
    "Teams are those that own the items' services on the day of the finish.",
]
not_for = ["comparing people", "comparing teams that set flags and links differently", "blame: the other team may have been asked late"]
references = ["DORA: loosely coupled teams, https://dora.dev/capabilities/loosely-coupled-teams/"]
depends_on = [
    "facts.fct_work_item", "facts.fct_work_item_dependency", "facts.fct_work_item_time", "facts.dim_service_owner",
    "facts.dim_run",
]

[example]
words = "The other team's item bore no flag, nor did any of its project; of the four others 2 + 0.5 + 0 + 0 = 2.5 days."
statistic = "total"
value = 2.5
columns = ["item_id", "team_id", "value", "excluded_reason"]
rows = [
    ["jira:1", "team", 2.0, ""],
    ["jira:2", "team", 0.5, ""],
    ["jira:3", "team", 0.0, ""],
    ["jira:4", "team", 0.0, ""],
    ["jira:20", "other", 0.0, "no_flags"],
]

[reasons]
no_service = "its project belongs to no configured service"
ignored = "its status is left out by the configuration"
not_finished = "not finished"
no_changelog = "the source keeps no history of it"
unknown_status = "it was in a status of which nobody has said what it means"
never_started = "finished without ever having been active"
no_team = "nobody owned the service"
no_links = "no item of its project is linked as blocked or depending"
no_flags = "no item of its project had been flagged as blocked by then"
unknown_team = "it needed an item of which nobody is known to be the owner"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active; null where it never did"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the finish; today where it is not finished"
value = "days flagged and in progress while a linked item of another team was not finished"
is_event = "it was blocked so at all"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH work_item AS (
    SELECT i.*, coalesce(i.finished_on, r.as_of_on) AS on_date
    FROM facts.fct_work_item AS i
    CROSS JOIN facts.dim_run AS r
)

SELECT
    'issue' AS item_kind,
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.finished_at AS ended_at,
    i.on_date,
    CAST(d.held_up_seconds / 86400 AS DOUBLE) AS value,
    coalesce(d.held_up_seconds > 0, false) AS is_event,
    false AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.means = 'ignored' THEN 'ignored'
        WHEN i.finished_at IS NULL THEN 'not_finished'
        WHEN NOT i.has_changelog THEN 'no_changelog'
        WHEN t.has_unknown_time THEN 'unknown_status'
        WHEN i.started_at IS NULL THEN 'never_started'
        WHEN o.team_id IS NULL THEN 'no_team'
        WHEN NOT d.tells_links THEN 'no_links'
        WHEN NOT t.tells_blocks THEN 'no_flags'
        WHEN d.has_unknown_team THEN 'unknown_team'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM work_item AS i
LEFT JOIN facts.fct_work_item_dependency AS d ON d.item_id = i.item_id
LEFT JOIN facts.fct_work_item_time AS t ON t.item_id = i.item_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.on_date AND o.valid_to > i.on_date
