/*
title = "Change lead time: review"
question = "How much of the lead time of deployed changes went by between first review and merge?"
formula = "merge − first review by another person, in hours, per change deployed in the period"
family = "delivery"
unit = "hours"
direction = "lower_is_better"
kind = "duration"
estimator = "quantile"
item_kind = "change"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85"]
window = "The day of the deployment. Changes that could not be linked count on the day of their merge."
linked_reasons = ["not_yet_deployed", "no_commits"]
unlinked_reasons = ["no_deployments", "unknown_commit", "unknown_ancestry"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "A change that nobody reviewed has a review of 0 hours; how many there are is in the share merged without review.",
    "It holds the author's answers as much as the reviewers' reading.",
    "The four stages of a change always sum to its lead time; their medians do not sum to its median.",
]
not_for = ["comparing people", "ranking teams whose work differs"]
references = ["DORA: change lead time, https://dora.dev/guides/dora-metrics/"]
depends_on = ["facts.fct_change", "facts.fct_change_stage", "facts.dim_service_owner"]

[example]
words = "A bot's change and one whose merge commit nobody knows are left out; of 2, 4 and 4 hours the middle one is 4."
statistic = "p50"
value = 4
columns = ["item_id", "value", "excluded_reason"]
rows = [
    ["gh:1", 2.0, ""],
    ["gh:2", 4.0, ""],
    ["gh:3", 4.0, ""],
    ["gh:4", 0.0, "bot"],
    ["gh:5", "", "unknown_commit"],
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
item_kind = "change"
item_id = "source:id of the pull request"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "first review by another person"
ended_at = "first successful production deployment that contains the change: of several services' rows the earliest stands for it"
on_date = "local day of the deployment; of the merge where there is none"
value = "hours from started_at to the end of the stage"
is_event = "deployed"
is_open = "never: changes that are not deployed yet are excluded"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "containment, or cherry_pick where a copy of the merge commit came first"
confidence = "high; medium for a copy, or where a deployment of unknown content came between"
*/
WITH change AS (
    SELECT
        c.*,
        s.reviewed_at AS stage_started_at,
        s.merged_at AS stage_ended_at,
        s.coded_at,
        coalesce(s.deployed_on, c.merged_on) AS on_date
    FROM facts.fct_change AS c
    LEFT JOIN facts.fct_change_stage AS s ON s.item_id = c.item_id AND s.service_id = c.service_id
)

SELECT
    'change' AS item_kind,
    c.item_id,
    c.service_id,
    o.team_id,
    c.stage_started_at AS started_at,
    CASE WHEN c.stage_ended_at IS NOT NULL THEN c.deployed_at END AS ended_at,
    c.on_date,
    CAST(CAST(epoch(c.stage_ended_at) - epoch(c.stage_started_at) AS BIGINT) / 3600.0 AS DOUBLE) AS value,
    c.stage_ended_at IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN c.is_bot THEN 'bot'
        WHEN c.attribution <> 'attributed' THEN c.attribution
        WHEN c.coded_at IS NULL THEN 'no_commits'
    END AS excluded_reason,
    c.link_method,
    c.confidence
FROM change AS c
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = c.service_id AND o.valid_from <= c.on_date AND o.valid_to > c.on_date
