/*
title = "Modules that rest on one person"
question = "What share of our modules would lose most of whoever changes them with one person?"
formula = "modules of which one person opened strictly more than half of the changes merged in the 90 days up to the day ÷ modules with any"
family = "quality"
calendar = "flow"
unit = "ratio"
direction = "lower_is_better"
kind = "level"
item_kind = "module"
grains = ["month", "quarter"]
statistics = ["ratio"]
window = "The end of the period's last day, looking back over 90 days."
min_n = { ratio = 5 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "A module is what a service has of a repository: all of it, or the part that its configured paths say, however large that is. One that several services share is one of each team that owns such a service.",
    "One change counts as another, whatever its size; who reviewed or wrote together is not counted. A method of this kind agreed with developers about half of the time: take it as a question to ask.",
    "Modules that nobody changed in the 90 days are not in it, though nobody may know them any more.",
    "Who somebody is and which module it is are not told. It is the organisation's number alone, told when a month is over. Modules of a team are left out where it names fewer than five members or fewer than five people changed them, and so are those that one person alone has ever changed: where there are such, it flatters.",
]
not_for = ["comparing people", "judging whoever changed a module", "a target"]
references = ["Avelino, Passos, Hora and Valente (2016), A novel approach for estimating truck factors, https://arxiv.org/abs/1604.06766"]
depends_on = ["facts.fct_module_knowledge"]

[example]
words = "One was changed by one person alone, and of four changes of another one person opened three. Half of them, as in two others, is not more than half: 2 of 5, 40 %."
statistic = "ratio"
value = 0.4
columns = ["item_id", "value", "weight"]
rows = [
    ["2026-03-31:1", 1.0, 1.0],
    ["2026-03-31:2", 1.0, 1.0],
    ["2026-03-31:3", 0.0, 1.0],
    ["2026-03-31:4", 0.0, 1.0],
    ["2026-03-31:5", 0.0, 1.0],
]

[reasons]
small_team = "a team of fewer than five people"

[columns]
item_kind = "module"
item_id = "the day, and a rank among all modules: nothing of the module or its team enters it"
service_id = "always null: it would tell which module it is"
team_id = "always null: it is the organisation's number"
started_at = "when the last day of the month began"
ended_at = "when it ended"
on_date = "last day of the month"
value = "1 where one person opened strictly more than half of its changes, else 0"
is_event = "has no meaning for a level: false"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "1"
*/
SELECT
    'module' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    starts_at AS started_at,
    ends_at AS ended_at,
    on_date,
    CAST(CASE WHEN truck_factor = 1 THEN 1 WHEN is_told THEN 0 END AS DOUBLE) AS value,
    false AS is_event,
    false AS is_open,
    CASE WHEN NOT is_told THEN 'small_team' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(CASE WHEN is_told THEN 1 END AS DOUBLE) AS weight
FROM facts.fct_module_knowledge
