/*
title = "Delegated decisions"
question = "What share of architecture decisions do teams take themselves?"
formula = "decisions taken at the level of a team ÷ decisions of which the level is told, by risk"
family = "governance"
calendar = "decisions"
unit = "ratio"
direction = "neutral"
kind = "ratio"
item_kind = "decision"
grains = ["quarter"]
statistics = ["ratio"]
window = "The day of the decision."
unlinked_reasons = ["no_level", "undated"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Not every decision is a team's to take: read the share of those of low risk first.",
    "Small decisions that nobody writes down are mostly those of teams, and are not in it.",
]
not_for = ["comparing people", "judging whoever decided"]
references = ["DORA: empowering teams to choose tools, https://dora.dev/capabilities/teams-empowered-to-choose-tools/"]
depends_on = ["facts.fct_decision", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One is not decided yet; of the four decisions the team took 3: 75 %."
statistic = "ratio"
value = 0.75
columns = ["item_id", "is_event", "excluded_reason"]
rows = [
    ["inbox:1", true, ""],
    ["inbox:2", false, ""],
    ["inbox:3", true, ""],
    ["inbox:4", true, ""],
    ["inbox:5", false, "proposed"],
]

[reasons]
proposed = "not decided yet"
undated = "nothing tells when it was decided"
no_level = "nothing tells at which level it was taken"

[columns]
item_kind = "decision"
item_id = "source:id of the decision"
service_id = "the service; null where it names none"
team_id = "the team that it is of, else the team that owned the service on that day; null where there is neither"
started_at = "always null: days are known, and no times"
ended_at = "always null"
on_date = "the day of the decision; of the proposal where nothing tells that, else the last day"
value = "1 where it was taken at the level of a team, else 0"
is_event = "taken at the level of a team"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "low risk or high risk; null where nothing is told"
*/
WITH decision AS (
    SELECT
        d.*,
        coalesce(d.decided_on, d.proposed_on, r.last_day_on) AS on_date,
        coalesce(d.decided_by_level = 'team', false) AS is_delegated
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
    CAST(CASE WHEN d.is_delegated THEN 1 ELSE 0 END AS DOUBLE) AS value,
    d.is_delegated AS is_event,
    false AS is_open,
    CASE
        WHEN NOT d.is_decided THEN 'proposed'
        WHEN d.decided_on IS NULL THEN 'undated'
        WHEN d.decided_by_level IS NULL THEN 'no_level'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    d.risk || ' risk' AS category
FROM decision AS d
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = d.service_id AND o.valid_from <= d.on_date AND o.valid_to > d.on_date
