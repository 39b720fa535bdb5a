/*
title = "Review time of architecture changes"
question = "How long does it take from the first review of a change to the architecture to its merge?"
formula = "merge − first review by a person other than the author, in hours, of pull requests with a label that stands for architecture"
family = "governance"
calendar = "flow"
unit = "hours"
direction = "lower_is_better"
kind = "duration"
estimator = "quantile"
item_kind = "pull_request"
grains = ["month", "quarter"]
statistics = ["p50", "p85"]
window = "The day of the merge."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Only what bears one of the configured labels is in it: where nobody labels, there is no number.",
    "It holds the author's answers as much as the reviewers' reading.",
    "Nights and weekends count.",
    "A review of the draft counts from the moment the pull request was ready.",
]
not_for = ["comparing people", "judging reviewers", "hurrying what needs its time"]
references = ["DORA: streamlining change approval, https://dora.dev/capabilities/streamlining-change-approval/"]
depends_on = ["facts.fct_pull_request", "facts.fct_architecture_change", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Nobody reviewed one; of 4, 6, 10 and 24 hours the middle lies between 6 and 10, at 8."
statistic = "p50"
value = 8
columns = ["item_id", "value", "excluded_reason"]
rows = [
    ["gh:1", 4.0, ""],
    ["gh:2", 24.0, ""],
    ["gh:3", 10.0, ""],
    ["gh:4", 6.0, ""],
    ["gh:5", "", "merged_without_review"],
]

[reasons]
bot = "opened by a bot"
no_service = "neither its repository nor what it changes there belongs to a configured service"
not_merged = "still open"
closed_unmerged = "closed without a merge"
never_ready = "never marked as ready for review"
merged_without_review = "merged and reviewed by nobody but its author"

[columns]
item_kind = "pull_request"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "first review by another person, at least the moment of being ready"
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
        CASE WHEN p.first_review_at IS NOT NULL THEN greatest(p.first_review_at, p.ready_at) END AS started_at,
        p.merged_at AS ended_at
    FROM facts.fct_pull_request AS p
    JOIN facts.fct_architecture_change AS a ON a.item_id = p.item_id
    CROSS JOIN facts.dim_run AS r
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
        WHEN p.is_bot THEN 'bot'
        WHEN p.service_id IS NULL THEN 'no_service'
        WHEN p.state = 'open' THEN 'not_merged'
        WHEN p.state = 'closed' THEN 'closed_unmerged'
        WHEN p.ready_at IS NULL THEN 'never_ready'
        WHEN p.first_review_at IS NULL THEN 'merged_without_review'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM pull_request AS p
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = p.service_id AND o.valid_from <= p.on_date AND o.valid_to > p.on_date
