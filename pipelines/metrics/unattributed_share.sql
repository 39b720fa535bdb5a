/*
title = "Unattributed share"
question = "Of what share of merged changes can nobody tell which deployment brought them to production?"
formula = "merged changes with neither a deployment nor a known wait for one ÷ merged changes"
family = "delivery"
unit = "ratio"
direction = "lower_is_better"
kind = "ratio"
item_kind = "change"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day of the merge."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It says how much the other numbers of delivery leave out, and nothing about the work itself.",
    "Waiting is not missing: a change whose history is known and that is not deployed yet counts as known.",
]
not_for = ["comparing people", "judging a team's work"]
references = ["DORA: change lead time, https://dora.dev/guides/dora-metrics/"]
depends_on = ["facts.fct_change", "facts.dim_service_owner"]

[example]
words = "One is a bot's; the merge commit of the fifth is in no history that was read: 1 of 4, 25 %."
statistic = "ratio"
value = 0.25
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["gh:1", false, ""],
    ["gh:2", false, ""],
    ["gh:3", false, ""],
    ["gh:4", false, "bot"],
    ["gh:5", true, ""],
]

[reasons]
bot = "opened by a bot"
before_baseline = "already in the first deployment that is known"
no_service = "neither its repository nor what it changes there belongs to a configured service"
other_branch = "merged into another branch than the default one, and not known to have landed there"

[columns]
item_kind = "change"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was opened"
ended_at = "first successful production deployment that contains it; null where none is known"
on_date = "local day of the merge"
value = "1 where nothing tells what became of it, else 0"
is_event = "nothing tells what became of it"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "containment, or cherry_pick; null where there is no deployment"
confidence = "high or medium; null where there is no deployment"
*/
SELECT
    'change' AS item_kind,
    c.item_id,
    c.service_id,
    o.team_id,
    c.opened_at AS started_at,
    c.deployed_at AS ended_at,
    c.merged_on AS on_date,
    CAST(
        CASE WHEN c.attribution IN ('no_deployments', 'unknown_commit', 'unknown_ancestry') THEN 1 ELSE 0 END AS DOUBLE
    ) AS value,
    c.attribution IN ('no_deployments', 'unknown_commit', 'unknown_ancestry') AS is_event,
    false AS is_open,
    CASE
        WHEN c.is_bot THEN 'bot'
        WHEN c.attribution IN ('before_baseline', 'no_service', 'other_branch') THEN c.attribution
    END AS excluded_reason,
    c.link_method,
    c.confidence
FROM facts.fct_change AS c
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = c.service_id AND o.valid_from <= c.merged_on AND o.valid_to > c.merged_on
