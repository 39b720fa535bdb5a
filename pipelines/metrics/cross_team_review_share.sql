/*
title = "Cross-team review share"
question = "What share of our reviewed pull requests did somebody from another team look at?"
formula = "merged pull requests reviewed by a person of another team than the owner's ÷ merged and reviewed pull requests"
family = "flow"
unit = "ratio"
direction = "neutral"
kind = "ratio"
item_kind = "pull_request"
grains = ["month", "quarter"]
statistics = ["ratio"]
window = "The day of the merge."
unlinked_reasons = ["unknown_team"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It may be knowledge that is shared, or a team that cannot go on without another one: ask which.",
    "A pull request counts where the team of everybody who reviewed it is known, by the dated members of teams. One with a reviewer of unknown team is left out whatever the others are, so that leaving out does not favour either answer.",
    "Who is in several teams is of the owner's if one of them owns a service of the pull request on the day of the review.",
    "A review after the merge is none; a look that left no review behind is not seen.",
]
not_for = ["comparing people", "judging reviewers", "a target"]
references = ["DORA: streamlining change approval, https://dora.dev/capabilities/streamlining-change-approval/"]
depends_on = [
    "facts.fct_pull_request", "facts.fct_pull_request_reviewers", "facts.dim_service_owner", "facts.dim_run",
]

[example]
words = "Of one the reviewer's team is not known, and one has no review; somebody from another team reviewed 2 of 3: 67 %."
statistic = "ratio"
value = 0.6666666666666666
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["gh:1", false, ""],
    ["gh:2", true, ""],
    ["gh:3", true, ""],
    ["gh:4", false, "unknown_team"],
    ["gh:5", false, "not_reviewed"],
]

[reasons]
bot = "opened by a bot"
no_service = "neither its repository nor what it changes there belongs to a configured service"
not_merged = "still open"
closed_unmerged = "closed without a merge"
not_reviewed = "nobody but its author reviewed it"
no_team = "nobody owned the service"
unknown_team = "the team of somebody who reviewed it is not known"

[columns]
item_kind = "pull_request"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was opened"
ended_at = "the merge"
on_date = "local day of the merge; of closing without one; today while it is open"
value = "1 where somebody of another team reviewed it, else 0"
is_event = "somebody of another team reviewed it"
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
    CAST(CASE WHEN v.is_across THEN 1 ELSE 0 END AS DOUBLE) AS value,
    coalesce(v.is_across, false) AS is_event,
    false AS is_open,
    CASE
        WHEN p.is_bot THEN 'bot'
        WHEN p.service_id IS NULL THEN 'no_service'
        WHEN p.state = 'open' THEN 'not_merged'
        WHEN p.state = 'closed' THEN 'closed_unmerged'
        WHEN v.item_id IS NULL THEN 'not_reviewed'
        WHEN o.team_id IS NULL THEN 'no_team'
        WHEN v.has_unknown_team THEN 'unknown_team'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM pull_request AS p
LEFT JOIN facts.fct_pull_request_reviewers AS v ON v.item_id = p.item_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = p.service_id AND o.valid_from <= p.on_date AND o.valid_to > p.on_date
