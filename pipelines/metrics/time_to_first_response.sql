/*
title = "Time to first response"
question = "How long do our users wait for a first answer to what they report?"
formula = "Kaplan–Meier quantile of: first answer − report, in hours, per work item or GitHub issue that users reported; the first answer is a comment by somebody other than the reporter and no bot, or that it was done; what has neither is open"
family = "quality"
calendar = "user_report"
unit = "hours"
direction = "lower_is_better"
kind = "duration"
estimator = "kaplan_meier"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85"]
window = "The day on which the work item was created."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Nights and weekends count: the time is that for which somebody waited.",
    "What was done before anybody commented was answered when it was done, since the tracker tells the reporter. Who takes a report back and closes it counts so too.",
    "An answer by mail or telephone is not seen. A promise to look at it counts as much as a solution.",
    "Comments that the reporter cannot read, such as internal notes of Jira Service Management, answer nobody. A comment that was deleted is none any more; an edited one counts from when it was written.",
    "Where a colleague reports on a user's behalf, what other colleagues write among themselves counts as an answer.",
]
not_for = ["comparing people", "how long it takes until it is mended: cycle time tells of that", "a target"]
references = ["DORA: customer feedback, https://dora.dev/capabilities/customer-feedback/"]
depends_on = ["facts.fct_user_report", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One was carried over from elsewhere; of four, after 1 and 3 hours one and two were answered: half were after 3 hours, the one that waits included."
statistic = "p50"
value = 3
columns = ["item_id", "value", "is_open", "excluded_reason"]
rows = [
    ["jira:1", 1.0, false, ""],
    ["jira:2", 3.0, false, ""],
    ["jira:3", 48.0, false, ""],
    ["jira:4", 384.0, true, ""],
    ["jira:5", 0.0, false, "carried_over"],
]

[reasons]
no_service = "its project or repository belongs to no configured service"
ignored = "its status is left out by the configuration"
not_known = "its comments have not been read, or its tracker does not tell who reported it"
carried_over = "its first answer is older than itself: it was carried over from elsewhere"

[columns]
item_kind = "issue"
item_id = "source:id of the work item or GitHub issue"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was created"
ended_at = "when it was first answered; null while it is not"
on_date = "local day of the creation"
value = "hours from started_at to ended_at, or to now while it waits; 0 where it was carried over"
is_event = "answered"
is_open = "not answered yet"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH answered AS (
    SELECT *, least(first_response_at, finished_at) AS answered_at FROM facts.fct_user_report
)

SELECT
    'issue' AS item_kind,
    u.item_id,
    u.service_id,
    o.team_id,
    u.created_at AS started_at,
    u.answered_at AS ended_at,
    u.created_on AS on_date,
    CAST(
        CAST(
            epoch(greatest(coalesce(u.answered_at, r.as_of), u.created_at)) - epoch(u.created_at) AS BIGINT
        ) / 3600.0 AS DOUBLE
    ) AS value,
    u.answered_at IS NOT NULL AS is_event,
    u.answered_at IS NULL AS is_open,
    CASE
        WHEN u.service_id IS NULL THEN 'no_service'
        WHEN u.is_ignored THEN 'ignored'
        WHEN NOT u.is_response_known THEN 'not_known'
        WHEN u.answered_at < u.created_at THEN 'carried_over'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM answered AS u
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = u.service_id AND o.valid_from <= u.created_on AND o.valid_to > u.created_on
