/*
title = "Merged without review"
question = "What share of merged pull requests did nobody but their author look at?"
formula = "merged pull requests without a review by a person other than the author ÷ merged pull requests"
family = "flow"
unit = "ratio"
direction = "neutral"
kind = "ratio"
item_kind = "pull_request"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day of the merge."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "What was written together, in pairs or in a group, was looked at and shows no review.",
    "A review after the merge is none; a look that left no review or comment behind is not seen.",
]
not_for = ["comparing people", "judging reviewers"]
references = ["DORA: streamlining change approval, https://dora.dev/capabilities/streamlining-change-approval/"]
depends_on = ["facts.fct_pull_request", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One is a bot's; nobody else looked at the fifth before its merge: 1 of 4, 25 %."
statistic = "ratio"
value = 0.25
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["gh:1", false, ""],
    ["gh:2", false, ""],
    ["gh:3", false, ""],
    ["gh:4", true, "bot"],
    ["gh:5", true, ""],
]

[reasons]
bot = "opened by a bot"
no_service = "neither its repository nor what it changes there belongs to a configured service"
not_merged = "still open"
closed_unmerged = "closed without a merge"

[columns]
item_kind = "pull_request"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was opened"
ended_at = "the merge"
on_date = "local day of the merge; of closing without one; today while it is open"
value = "1 where nobody but its author reviewed it, else 0"
is_event = "nobody but its author reviewed it"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH pull_request AS (
    SELECT p.*, coalesce(p.merged_on, p.closed_on, r.as_of_on) AS on_date
    FROM facts.fct_pull_request AS p
    CROSS JOIN facts.dim_run AS r
)

SELECT
    'pull_request' AS item_kind,
    p.item_id,
    p.service_id,
    o.team_id,
    p.opened_at AS started_at,
    p.merged_at AS ended_at,
    p.on_date,
    CAST(CASE WHEN p.first_review_at IS NULL THEN 1 ELSE 0 END AS DOUBLE) AS value,
    p.first_review_at IS NULL AS is_event,
    false AS is_open,
    CASE
        WHEN p.is_bot THEN 'bot'
        WHEN p.service_id IS NULL THEN 'no_service'
        WHEN p.state = 'open' THEN 'not_merged'
        WHEN p.state = 'closed' THEN 'closed_unmerged'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM pull_request AS p
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = p.service_id AND o.valid_from <= p.on_date AND o.valid_to > p.on_date
