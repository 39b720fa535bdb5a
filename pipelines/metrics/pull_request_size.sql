/*
title = "Pull request size"
question = "How many lines does a merged pull request change?"
formula = "lines added + lines deleted, per merged pull request; and the share of those above 400"
family = "flow"
unit = "count"
measured_in = "lines"
direction = "lower_is_better"
kind = "quantity"
item_kind = "pull_request"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85", "share_over_400"]
window = "The day of the merge."
unlinked_reasons = ["unknown_size"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Generated files, copied libraries and lock files count: the source tells lines per pull request, not per file.",
    "A line that was moved counts twice.",
]
not_for = ["comparing people", "comparing languages", "a target"]
references = ["DORA: working in small batches, https://dora.dev/capabilities/working-in-small-batches/"]
depends_on = ["facts.fct_pull_request", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One is a bot's; of 10, 30, 200 and 500 lines the middle is (30 + 200) ÷ 2 = 115."
statistic = "p50"
value = 115
columns = ["item_id", "value", "excluded_reason"]
rows = [
    ["gh:1", 30.0, ""],
    ["gh:2", 200.0, ""],
    ["gh:3", 500.0, ""],
    ["gh:4", 2.0, "bot"],
    ["gh:5", 10.0, ""],
]

[reasons]
bot = "opened by a bot"
no_service = "neither its repository nor what it changes there belongs to a configured service"
not_merged = "still open"
closed_unmerged = "closed without a merge"
unknown_size = "the source does not say how many lines it changes"

[columns]
item_kind = "pull_request"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was opened"
ended_at = "the merge"
on_date = "local day of the merge; of closing without one; today while it is open"
value = "lines added and deleted"
is_event = "merged"
is_open = "the pull request is still open"
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
    CAST(p.changed_lines AS DOUBLE) AS value,
    p.merged_at IS NOT NULL AS is_event,
    p.state = 'open' AS is_open,
    CASE
        WHEN p.is_bot THEN 'bot'
        WHEN p.service_id IS NULL THEN 'no_service'
        WHEN p.state = 'open' THEN 'not_merged'
        WHEN p.state = 'closed' THEN 'closed_unmerged'
        WHEN p.changed_lines IS NULL THEN 'unknown_size'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM pull_request AS p
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = p.service_id AND o.valid_from <= p.on_date AND o.valid_to > p.on_date
