/*
title = "Cross-team dependency share"
question = "What share of the work items that we finished needed something from another team?"
formula = "finished work items linked as blocked by, or depending on, an item of another team ÷ finished work items"
family = "flow"
unit = "ratio"
direction = "neutral"
kind = "ratio"
item_kind = "issue"
grains = ["month", "quarter"]
statistics = ["ratio"]
window = "The day of the finish: when the item last entered a status that means done."
unlinked_reasons = ["unknown_team", "no_changelog"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It is as true as the links: what was needed and not linked is not in it. Where no item of a project has such a link, nothing is told rather than 0 %.",
    "Teams are those that own the items' services on the day of the finish. An item that needs something of which the owner is not known is left out, whatever else it needs.",
    "A link has no date: one that was made long after the finish counts as well.",
]
not_for = ["comparing people", "comparing teams that link their work differently", "a target"]
references = ["DORA: loosely coupled teams, https://dora.dev/capabilities/loosely-coupled-teams/"]
depends_on = [
    "facts.fct_work_item", "facts.fct_work_item_dependency", "facts.dim_service_owner", "facts.dim_run",
]

[example]
words = "What the third needed was of its own team, two needed nothing: 2 of 5 needed another team's item, 40 %."
statistic = "ratio"
value = 0.4
columns = ["item_id", "team_id", "is_event"]
rows = [
    ["jira:1", "team", true],
    ["jira:2", "team", true],
    ["jira:3", "team", false],
    ["jira:4", "team", false],
    ["jira:20", "other", false],
]

[reasons]
no_service = "its project belongs to no configured service"
ignored = "its status is left out by the configuration"
not_finished = "not finished"
no_changelog = "the source keeps no history of it"
no_team = "nobody owned the service"
no_links = "no item of its project is linked as blocked or depending"
unknown_team = "it needed an item of which nobody is known to be the owner"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active; null where it never did"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the finish; today where it is not finished"
value = "1 where it needed an item of another team, else 0"
is_event = "it needed an item of another team"
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
    CAST(CASE WHEN d.is_of_other_team THEN 1 ELSE 0 END AS DOUBLE) AS value,
    coalesce(d.is_of_other_team, false) AS is_event,
    false AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.means = 'ignored' THEN 'ignored'
        WHEN i.finished_at IS NULL THEN 'not_finished'
        WHEN NOT i.has_changelog THEN 'no_changelog'
        WHEN o.team_id IS NULL THEN 'no_team'
        WHEN NOT d.tells_links THEN 'no_links'
        WHEN d.has_unknown_team THEN 'unknown_team'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM work_item AS i
LEFT JOIN facts.fct_work_item_dependency AS d ON d.item_id = i.item_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.on_date AND o.valid_to > i.on_date
