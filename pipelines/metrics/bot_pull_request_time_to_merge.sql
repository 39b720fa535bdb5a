/*
title = "Time to merge of bots' pull requests"
question = "How long do the pull requests of bots wait for their merge?"
formula = "merge − ready for review, in hours, of pull requests that a bot opened"
family = "flow"
unit = "hours"
direction = "neutral"
kind = "duration"
estimator = "quantile"
about = "system"
item_kind = "pull_request"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85"]
window = "The day of the merge."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Draft time is not in it: the clock starts when the pull request is first ready for review.",
    "Nights and weekends count.",
    "Only merged pull requests are in it: what is never merged is among what is left out.",
    "What a bot merges by itself takes as long as its checks do.",
]
not_for = ["comparing people", "judging reviewers"]
references = ["DORA: code review, https://dora.dev/capabilities/"]
depends_on = ["facts.fct_pull_request", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One is open and one was closed without a merge; of 1, 3 and 30 hours the middle one is 3."
statistic = "p50"
value = 3
columns = ["item_id", "value", "excluded_reason"]
rows = [
    ["gh:1", 1.0, ""],
    ["gh:2", 3.0, ""],
    ["gh:3", 30.0, ""],
    ["gh:4", "", "not_merged"],
    ["gh:5", "", "closed_unmerged"],
]

[reasons]
no_service = "neither its repository nor what it changes there belongs to a configured service"
not_merged = "still open"
closed_unmerged = "closed without a merge"
never_ready = "never marked as ready for review"

[columns]
item_kind = "pull_request"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "first ready for review"
ended_at = "the merge"
on_date = "local day of the merge; of closing without one; today while it is open"
value = "hours from started_at to ended_at"
is_event = "ended"
is_open = "the pull request is still open"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH pull_request AS (
    SELECT
        p.*,
        coalesce(p.merged_on, p.closed_on, r.as_of_on) AS on_date,
        p.ready_at AS started_at,
        p.merged_at AS ended_at
    FROM facts.fct_pull_request AS p
    CROSS JOIN facts.dim_run AS r
    WHERE p.is_bot
)

SELECT
    'pull_request' AS item_kind,
    p.item_id,
    p.service_id,
    o.team_id,
    p.started_at,
    p.ended_at,
    p.on_date,
    CAST(CAST(epoch(p.ended_at) - epoch(p.started_at) AS BIGINT) / 3600.0 AS DOUBLE) AS value,
    p.started_at IS NOT NULL AND p.ended_at IS NOT NULL AS is_event,
    p.state = 'open' AS is_open,
    CASE
        WHEN p.service_id IS NULL THEN 'no_service'
        WHEN p.state = 'open' THEN 'not_merged'
        WHEN p.state = 'closed' THEN 'closed_unmerged'
        WHEN p.ready_at IS NULL THEN 'never_ready'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM pull_request AS p
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = p.service_id AND o.valid_from <= p.on_date AND o.valid_to > p.on_date
