/*
title = "Linked work share"
question = "What share of merged pull requests can be followed back to a work item?"
formula = "merged pull requests whose title, branch or merge commit names a known work item ÷ merged pull requests"
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
    "It says how far work and code can be joined, so how much the numbers of the one tell of the other; not how well anybody plans.",
    "A name counts where a work item has it now, or had it before its project's key was changed; of an item that was moved to another project the former name is not known.",
    "What a pull request's description names is not read.",
    "Small repairs often need no work item: all of it linked is no aim.",
]
not_for = ["comparing people", "comparing teams that track their work differently", "a target"]
references = ["DORA: visibility of work in the value stream, https://dora.dev/capabilities/work-visibility-in-value-stream/"]
depends_on = [
    "facts.fct_pull_request", "facts.fct_pull_request_work", "facts.fct_work_item", "facts.dim_service_owner",
    "facts.dim_run",
]

[example]
words = "One names nothing, and one a work item that nobody knows; 3 of 5 name a known one: 60 %."
statistic = "ratio"
value = 0.6
columns = ["item_id", "on_date", "is_event"]
rows = [
    ["gh:1", "2026-03-02", true],
    ["gh:2", "2026-03-04", false],
    ["gh:3", "2026-03-05", true],
    ["gh:4", "2026-03-06", false],
    ["gh:5", "2026-03-09", true],
]

[reasons]
bot = "opened by a bot"
no_service = "neither its repository nor what it changes there belongs to a configured service"
not_merged = "still open"
closed_unmerged = "closed without a merge"
no_tracker = "no work item of its service's projects is known"

[columns]
item_kind = "pull_request"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was opened"
ended_at = "the merge"
on_date = "local day of the merge; of closing without one; today while it is open"
value = "1 where it names a known work item, else 0"
is_event = "it names a known work item"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH pull_request AS (
    SELECT p.*, coalesce(p.merged_on, p.closed_on, r.as_of_on) AS on_date
    FROM facts.fct_pull_request AS p
    CROSS JOIN facts.dim_run AS r
),

tracked AS (
    SELECT DISTINCT service_id FROM facts.fct_work_item WHERE service_id IS NOT NULL
)

SELECT
    'pull_request' AS item_kind,
    p.item_id,
    p.service_id,
    o.team_id,
    p.opened_at AS started_at,
    p.merged_at AS ended_at,
    p.on_date,
    CAST(CASE WHEN w.item_id IS NOT NULL THEN 1 ELSE 0 END AS DOUBLE) AS value,
    w.item_id IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN p.is_bot THEN 'bot'
        WHEN p.service_id IS NULL THEN 'no_service'
        WHEN p.state = 'open' THEN 'not_merged'
        WHEN p.state = 'closed' THEN 'closed_unmerged'
        WHEN t.service_id IS NULL THEN 'no_tracker'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM pull_request AS p
LEFT JOIN facts.fct_pull_request_work AS w ON w.item_id = p.item_id
LEFT JOIN tracked AS t ON t.service_id = p.service_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = p.service_id AND o.valid_from <= p.on_date AND o.valid_to > p.on_date
