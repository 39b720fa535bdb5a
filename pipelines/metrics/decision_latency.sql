/*
title = "Decision latency"
question = "How long does an architecture decision take from being proposed to being taken, counting those still waiting?"
formula = "Kaplan–Meier quantile of: day of the decision − day of the proposal; proposals not decided yet are open; by risk and reach"
family = "governance"
calendar = "decisions"
unit = "days"
direction = "lower_is_better"
kind = "duration"
estimator = "kaplan_meier"
item_kind = "decision"
grains = ["month", "quarter"]
statistics = ["p50", "p85"]
window = "The day of the proposal."
unlinked_reasons = ["undated"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "The latest periods still move: what waits today counts with the days that it has waited so far.",
    "A decision of the day of its proposal took 0 days; weekends and holidays count.",
    "What was written down only after it was decided seems to have taken no time.",
]
not_for = ["comparing people", "judging a single decision: some need their time"]
references = ["DORA: streamlining change approval, https://dora.dev/capabilities/streamlining-change-approval/", "Kaplan and Meier (1958), Nonparametric estimation from incomplete observations"]
depends_on = ["facts.fct_decision", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Of five, after 2, 4 and 10 days one, two and three were decided: half were after 10 days, the one that waits for 193 included."
statistic = "p50"
value = 10
columns = ["item_id", "on_date", "value", "is_open"]
rows = [
    ["inbox:1", "2025-07-01", 10.0, false],
    ["inbox:2", "2025-07-02", 2.0, false],
    ["inbox:3", "2025-08-01", 20.0, false],
    ["inbox:4", "2025-09-01", 4.0, false],
    ["inbox:5", "2025-09-20", 193.0, true],
]

[reasons]
undated = "nothing tells when it was proposed, or when it was decided"

[columns]
item_kind = "decision"
item_id = "source:id of the decision"
service_id = "the service; null where it names none"
team_id = "the team that it is of, else the team that owned the service on that day; null where there is neither"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "the day of the proposal; of the decision where nothing tells that, else the last day"
value = "days from the proposal to the decision, or to now while it waits; 0 where the decision is told to be earlier"
is_event = "decided"
is_open = "still a proposal"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "its cell in the matrix of risk and reach; null where one of the two is not told"
*/
WITH decision AS (
    SELECT
        d.*,
        coalesce(d.proposed_on, d.decided_on, r.last_day_on) AS on_date,
        CASE WHEN d.is_decided THEN d.decided_on ELSE r.as_of_on END AS seen_until
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
    CAST(CASE WHEN d.seen_until < d.proposed_on THEN 0 ELSE d.seen_until - d.proposed_on END AS DOUBLE) AS value,
    d.is_decided AS is_event,
    NOT d.is_decided AS is_open,
    CASE WHEN d.proposed_on IS NULL OR d.seen_until IS NULL THEN 'undated' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CASE WHEN d.risk = 'low' THEN 'low risk' WHEN d.risk = 'high' THEN 'high risk' END
    || CASE WHEN d.reach = 'team' THEN ', reaches one team' WHEN d.reach = 'organisation' THEN ', reaches further' END AS category
FROM decision AS d
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id AND o.valid_from <= d.on_date AND o.valid_to > d.on_date
