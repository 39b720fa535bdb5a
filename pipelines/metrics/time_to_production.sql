/*
title = "Time to production"
question = "How long does a change that was merged in this period take from its first commit to production, counting those still waiting?"
formula = "Kaplan–Meier quantile of: first successful production deployment that contains the merge commit − first commit (and − merge), in hours; changes not deployed yet are open"
family = "delivery"
unit = "hours"
direction = "lower_is_better"
kind = "duration"
estimator = "kaplan_meier"
item_kind = "change"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85", "p50_from_merge", "p85_from_merge"]
window = "The day of the merge."
linked_reasons = ["no_commits"]
unlinked_reasons = ["no_deployments", "unknown_commit", "unknown_ancestry"]
owner = "engineering-outcomes"
since = 2026-11-01
version = 1
caveats = [
    "The latest periods still move: what waits today counts with the time it has waited so far.",
    "An amended or squashed commit may be younger than the work; a first commit after the opening starts the clock at the opening.",
    "What the first known deployment contains is left out.",
]
not_for = ["comparing people", "ranking teams whose work differs"]
references = ["DORA: change lead time, https://dora.dev/guides/dora-metrics/", "Kaplan and Meier (1958), Nonparametric estimation from incomplete observations"]
depends_on = ["facts.fct_change", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "A bot's change and one whose merge commit nobody knows are left out; of three, half had reached production after 40 hours, and none still waits."
statistic = "p50"
value = 40
columns = ["item_id", "on_date", "value", "is_open", "excluded_reason"]
rows = [
    ["gh:1", "2026-03-02", 40.0, false, ""],
    ["gh:2", "2026-03-03", 16.0, false, ""],
    ["gh:3", "2026-03-05", 48.0, false, ""],
    ["gh:4", "2026-03-05", 24.0, false, "bot"],
    ["gh:5", "2026-03-09", 544.0, false, "unknown_commit"],
]

[reasons]
bot = "opened by a bot"
before_baseline = "already in the first deployment that is known, so its own deployment cannot be told"
no_service = "neither its repository nor what it changes there belongs to a configured service"
no_deployments = "no production deployment of its service is known"
other_branch = "merged into another branch than the default one, and not known to have landed there"
unknown_commit = "its merge commit is not in the history that was read"
unknown_ancestry = "a deployment whose history is not known may contain it"
no_commits = "none of its commits is known, so its beginning is not"

[columns]
item_kind = "change: from the first commit; change_from_merge: the same change from its merge"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "first commit, at most the opening; or the merge"
ended_at = "first successful production deployment that contains the change; null while it waits"
on_date = "local day of the merge"
value = "hours from started_at to ended_at, or to now while it waits; 0 where the deployment was earlier"
is_event = "deployed"
is_open = "merged and not deployed yet, although the deployments' history is known"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "containment, or cherry_pick where a copy of the merge commit came first"
confidence = "high; medium for a copy, or where a deployment of unknown content came between"

[neighbours.from_first_commit]
about = "Start of the clock"
words = "first commit"
table = "facts.fct_change"
columns = { first_commit_at = "first_commit_at" }

[neighbours.from_opening]
about = "Start of the clock"
words = "opening of the pull request"
table = "facts.fct_change"
columns = { first_commit_at = "opened_at" }

[neighbours.from_merge]
about = "Start of the clock"
words = "merge"
table = "facts.fct_change"
columns = { first_commit_at = "merged_at" }
*/
WITH change AS (
    SELECT
        c.item_id,
        c.service_id,
        o.team_id,
        c.first_commit_at,
        c.merged_at,
        c.merged_on,
        CASE WHEN c.attribution = 'attributed' THEN c.deployed_at END AS ended_at,
        CASE WHEN c.attribution = 'attributed' THEN c.deployed_at ELSE r.as_of END AS seen_until,
        c.attribution = 'attributed' AS is_event,
        c.attribution = 'not_yet_deployed' AS is_open,
        CASE
            WHEN c.is_bot THEN 'bot'
            WHEN c.attribution NOT IN ('attributed', 'not_yet_deployed') THEN c.attribution
        END AS excluded_reason,
        c.link_method,
        c.confidence
    FROM facts.fct_change AS c
    CROSS JOIN facts.dim_run AS r
    LEFT JOIN facts.dim_service_owner AS o
        ON o.service_id = c.service_id AND o.valid_from <= c.merged_on AND o.valid_to > c.merged_on
)

SELECT
    'change' AS item_kind,
    item_id,
    service_id,
    team_id,
    first_commit_at AS started_at,
    ended_at,
    merged_on AS on_date,
    CAST(
        CAST(
            CASE WHEN seen_until < first_commit_at THEN 0 ELSE epoch(seen_until) - epoch(first_commit_at) END AS BIGINT
        ) / 3600.0 AS DOUBLE
    ) AS value,
    is_event,
    is_open,
    CASE WHEN excluded_reason IS NULL AND first_commit_at IS NULL THEN 'no_commits' ELSE excluded_reason END
        AS excluded_reason,
    link_method,
    confidence
FROM change
UNION ALL
SELECT
    'change_from_merge',
    item_id,
    service_id,
    team_id,
    merged_at,
    ended_at,
    merged_on,
    CAST(
        CAST(
            CASE WHEN seen_until < merged_at THEN 0 ELSE epoch(seen_until) - epoch(merged_at) END AS BIGINT
        ) / 3600.0 AS DOUBLE
    ),
    is_event,
    is_open,
    NULL,
    link_method,
    confidence
FROM change
WHERE excluded_reason IS NULL
