/*
title = "Decision reversals"
question = "What share of architecture decisions is taken back or replaced within half a year?"
formula = "decisions that were reversed within 180 days of being taken ÷ decisions taken, of those that are older than 180 days"
family = "governance"
calendar = "decisions"
unit = "ratio"
direction = "neutral"
kind = "ratio"
item_kind = "decision"
grains = ["quarter"]
statistics = ["ratio"]
window = "The day of the decision."
unlinked_reasons = ["undated"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "The last 180 days are not evaluated yet: each decision has the same time in which it may be reversed.",
    "To take a decision back early can be the better choice; none reversed at all may mean that nobody looks again.",
    "A decision that is replaced as planned counts as one that is taken back.",
]
not_for = ["comparing people", "judging whoever decided"]
references = ["Nygard (2011), Documenting architecture decisions, https://cognitect.com/blog/2011/11/15/documenting-architecture-decisions"]
depends_on = ["facts.fct_decision", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "A rejected and an undecided proposal cannot be taken back; 1 of 3 was, within 180 days: 33 %."
statistic = "ratio"
value = 0.3333333333333333
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["inbox:1", false, ""],
    ["inbox:2", true, ""],
    ["inbox:3", false, "rejected"],
    ["inbox:4", false, ""],
    ["inbox:5", false, "proposed"],
]

[reasons]
proposed = "not decided yet"
rejected = "decided against, so there is nothing to take back"
undated = "nothing tells when it was decided, or when it was taken back"
not_yet_evaluated = "younger than 180 days"

[columns]
item_kind = "decision"
item_id = "source:id of the decision"
service_id = "the service; null where it names none"
team_id = "the team that it is of, else the team that owned the service on that day; null where there is neither"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "the day of the decision; of the proposal where nothing tells that, else the last day"
value = "1 where it was reversed within 180 days, else 0"
is_event = "reversed within 180 days"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH decision AS (
    SELECT
        d.*,
        coalesce(d.decided_on, d.proposed_on, r.last_day_on) AS on_date,
        coalesce(d.reversed_on - d.decided_on <= 180, false) AS is_reversed,
        CASE
            WHEN NOT d.is_decided THEN 'proposed'
            WHEN d.status = 'rejected' THEN 'rejected'
            WHEN d.decided_on IS NULL THEN 'undated'
            WHEN r.as_of_on - d.decided_on <= 180 THEN 'not_yet_evaluated'
            WHEN d.status IN ('deprecated', 'superseded') AND d.reversed_on IS NULL THEN 'undated'
        END AS excluded_reason
    FROM facts.fct_decision AS d
    CROSS JOIN facts.dim_run AS r
)

SELECT
    'decision' AS item_kind,
    d.item_id,
    d.service_id,
    coalesce(d.team_id, o.team_id) AS team_id,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS started_at,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS ended_at,
    d.on_date,
    CAST(CASE WHEN d.is_reversed THEN 1 ELSE 0 END AS DOUBLE) AS value,
    d.is_reversed AS is_event,
    false AS is_open,
    d.excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM decision AS d
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id AND o.valid_from <= d.on_date AND o.valid_to > d.on_date
