/*
title = "User-reported defects"
question = "How many defects did our users have to tell us about?"
formula = "work items and GitHub issues created, of a type or with a label that the configuration names ÷ covered weeks; and their number"
family = "quality"
calendar = "user_report"
unit = "count"
direction = "neutral"
kind = "count"
about = "system"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["per_week", "count"]
window = "The day on which the work item was created. Weeks without one count as zero."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "What was reported and became no work item, or bears neither such a type nor such a label, is not in it. Without `[rules] user_reported` there is no number.",
    "It is counted from the first such item of a service's projects and repositories on: before, nobody is known to have marked any.",
    "More of them may mean that more is broken, that more people use it, or that telling became easier.",
    "A label that is given or taken away later counts as it is now.",
]
not_for = ["comparing people", "comparing products of different use", "a target"]
references = ["DORA: customer feedback, https://dora.dev/capabilities/customer-feedback/"]
depends_on = ["facts.fct_user_report", "facts.dim_service_owner"]

[example]
words = "One was set aside and one is of no service's project: 3 defects."
statistic = "count"
value = 3
columns = ["item_id", "on_date", "value", "excluded_reason"]
rows = [
    ["jira:1", "2026-03-02", 1.0, ""],
    ["jira:2", "2026-03-04", 1.0, ""],
    ["jira:3", "2026-03-10", 1.0, ""],
    ["jira:4", "2026-03-11", 1.0, "ignored"],
    ["jira:5", "2026-03-16", 1.0, "no_service"],
]

[reasons]
no_service = "its project or repository belongs to no configured service"
ignored = "its status is left out by the configuration"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was created"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the creation"
value = "1"
is_event = "always true"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
SELECT
    'issue' AS item_kind,
    u.item_id,
    u.service_id,
    o.team_id,
    u.created_at AS started_at,
    u.finished_at AS ended_at,
    u.created_on AS on_date,
    CAST(1 AS DOUBLE) AS value,
    true AS is_event,
    false AS is_open,
    CASE
        WHEN u.service_id IS NULL THEN 'no_service'
        WHEN u.is_ignored THEN 'ignored'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_user_report AS u
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = u.service_id AND o.valid_from <= u.created_on AND o.valid_to > u.created_on
