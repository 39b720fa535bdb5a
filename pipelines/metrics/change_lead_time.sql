/*
title = "Change lead time"
question = "How long did it take a change that was deployed in this period to get from its first commit to production?"
formula = "first successful production deployment that contains the merge commit − first commit (and − merge), in hours, per pull request"
family = "delivery"
unit = "hours"
direction = "lower_is_better"
kind = "duration"
estimator = "quantile"
item_kind = "change"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85", "p50_from_merge", "p85_from_merge"]
window = "The day of the deployment. Changes that could not be linked count on the day of their merge."
linked_reasons = ["not_yet_deployed", "no_commits"]
unlinked_reasons = ["no_deployments", "unknown_commit", "unknown_ancestry"]
owner = "engineering-outcomes"
since = 2026-11-01
version = 1
caveats = [
    "Only changes that reached production are in it; when deployments stop it falls silent. Read it with time to production.",
    "An amended or squashed commit may be younger than the work; a first commit after the opening starts the clock at the opening.",
    "What the first known deployment contains is left out.",
]
not_for = ["comparing people", "ranking teams whose work differs"]
references = ["DORA: change lead time, https://dora.dev/guides/dora-metrics/"]
depends_on = ["facts.fct_change", "facts.dim_service_owner"]

[example]
words = "A bot's change and one whose merge commit nobody knows are left out; of 16, 40 and 48 hours the middle one is 40."
statistic = "p50"
value = 40
columns = ["item_id", "started_at", "ended_at", "value", "excluded_reason"]
rows = [
    ["gh:1", "2026-03-02T08:00Z", "2026-03-04T00:00Z", 40.0, ""],
    ["gh:2", "2026-03-03T08:00Z", "2026-03-04T00:00Z", 16.0, ""],
    ["gh:3", "2026-03-04T08:00Z", "2026-03-06T08:00Z", 48.0, ""],
    ["gh:4", "2026-03-05T08:00Z", "2026-03-06T08:00Z", 24.0, "bot"],
    ["gh:5", "2026-03-09T08:00Z", "", "", "unknown_commit"],
]

[reasons]
bot = "opened by a bot"
before_baseline = "already in the first deployment that is known, so its own deployment cannot be told"
not_yet_deployed = "merged and in no production deployment yet"
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
ended_at = "first successful production deployment that contains the change"
on_date = "local day of the deployment; of the merge where there is none"
value = "hours from started_at to ended_at; 0 where the deployment was earlier"
is_event = "deployed"
is_open = "never: changes that are not deployed yet are excluded"
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
        CASE WHEN c.attribution = 'attributed' THEN c.deployed_at END AS ended_at,
        CASE WHEN c.attribution = 'attributed' THEN c.deployed_on ELSE c.merged_on END AS on_date,
        CASE
            WHEN c.is_bot THEN 'bot'
            WHEN c.attribution <> 'attributed' THEN c.attribution
        END AS excluded_reason,
        c.link_method,
        c.confidence
    FROM facts.fct_change AS c
    LEFT JOIN facts.dim_service_owner AS o
        ON o.service_id = c.service_id
        AND o.valid_from <= CASE WHEN c.attribution = 'attributed' THEN c.deployed_on ELSE c.merged_on END
        AND o.valid_to > CASE WHEN c.attribution = 'attributed' THEN c.deployed_on ELSE c.merged_on END
)

SELECT
    'change' AS item_kind,
    item_id,
    service_id,
    team_id,
    first_commit_at AS started_at,
    ended_at,
    on_date,
    CAST(
        CAST(
            CASE WHEN ended_at < first_commit_at THEN 0 ELSE epoch(ended_at) - epoch(first_commit_at) END AS BIGINT
        ) / 3600.0 AS DOUBLE
    ) AS value,
    ended_at IS NOT NULL AS is_event,
    false AS is_open,
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
    on_date,
    CAST(
        CAST(
            CASE WHEN ended_at < merged_at THEN 0 ELSE epoch(ended_at) - epoch(merged_at) END AS BIGINT
        ) / 3600.0 AS DOUBLE
    ),
    true,
    false,
    NULL,
    link_method,
    confidence
FROM change
WHERE excluded_reason IS NULL
