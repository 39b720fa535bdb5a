/*
title = "Pull requests of bots"
question = "How many pull requests of bots do we merge in a week?"
formula = "merged pull requests that a bot opened ÷ (days covered ÷ 7)"
family = "flow"
unit = "count"
direction = "neutral"
kind = "count"
about = "system"
item_kind = "pull_request"
grains = ["week", "month", "quarter"]
statistics = ["per_week", "count"]
window = "The day of the merge."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "They stand apart: no other number about pull requests or changes holds them.",
    "A bot is an account of that type, one whose name ends in [bot], or one that the configuration names.",
]
not_for = ["comparing people", "measuring output"]
references = ["DORA: delivery metrics and their pitfalls, https://dora.dev/guides/dora-metrics/"]
depends_on = ["facts.fct_pull_request", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Four are people's; one pull request of a bot is counted."
statistic = "count"
value = 1
columns = ["item_id", "on_date", "value", "excluded_reason"]
rows = [
    ["gh:1", "2026-03-02", 1.0, "person"],
    ["gh:2", "2026-03-03", 1.0, "person"],
    ["gh:3", "2026-03-05", 1.0, "person"],
    ["gh:4", "2026-03-05", 1.0, ""],
    ["gh:5", "2026-03-09", 1.0, "person"],
]

[reasons]
person = "opened by a person"
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
value = "1"
is_event = "merged"
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
    CAST(1 AS DOUBLE) AS value,
    p.merged_at IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN NOT p.is_bot THEN 'person'
        WHEN p.service_id IS NULL THEN 'no_service'
        WHEN p.state = 'open' THEN 'not_merged'
        WHEN p.state = 'closed' THEN 'closed_unmerged'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM pull_request AS p
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = p.service_id AND o.valid_from <= p.on_date AND o.valid_to > p.on_date
