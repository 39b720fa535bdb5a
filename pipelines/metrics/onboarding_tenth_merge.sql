/*
title = "Time to tenth merged pull request"
question = "How long does it take who joins us until the tenth pull request of theirs is merged?"
formula = "Kaplan–Meier quantile of: day of the merge of the tenth pull request − first day at work, of a pool of at least five joiners"
family = "people"
calendar = "joiners"
unit = "days"
direction = "neutral"
kind = "duration"
estimator = "kaplan_meier"
item_kind = "joiner"
grains = ["quarter"]
statistics = ["p50", "p85"]
window = "The quarter in which they joined; where fewer than five did, the last of up to four quarters whose joiners make a pool."
min_n = { p50 = 5, p85 = 10 }
unlinked_reasons = ["no_account"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It says how an organisation takes people in, never how somebody does: there is no number of a team, and none of fewer than five.",
    "Each joiner is in one pool alone, and a pool is told when its quarter is over: no two numbers differ by one person.",
    "Who has left before is not left out, which would look as if all had got there: they count as not there yet, up to now.",
    "Roles in which nobody opens pull requests make it longer.",
]
not_for = ["judging or comparing people", "comparing roles", "a target"]
references = ["Kaplan and Meier (1958), Nonparametric estimation from incomplete observations", "Fine and Gray (1999), A proportional hazards model for the subdistribution of a competing risk"]
depends_on = ["facts.fct_onboarding"]

[example]
words = "Of five, after 12, 14 and 18 days one, two and three had merged ten: half had after 18 days, the two without included."
statistic = "p50"
value = 18
columns = ["item_id", "value", "is_open"]
rows = [
    ["2026-01-01 1", 12.0, false],
    ["2026-01-01 2", 14.0, false],
    ["2026-01-01 3", 18.0, false],
    ["2026-01-01 4", 20.0, true],
    ["2026-01-01 5", 30.0, true],
]

[reasons]
before_history = "joined before the first day of which pull requests are known"
came_back = "has been here before"
no_account = "no account is known where pull requests are"
quarter_not_over = "joined in the quarter that is not over"
too_few_joined = "fewer than five joined in up to four quarters"

[columns]
item_kind = "joiner"
item_id = "a rank in the pool: nothing of the joiner enters it"
service_id = "always null: it is the organisation's number"
team_id = "always null: it is the organisation's number"
started_at = "always null: the day would tell who it is"
ended_at = "always null: the day would tell who it is"
on_date = "first day of the quarter of the pool"
value = "days from joining to the milestone, or to now; not published"
is_event = "the milestone is reached"
is_open = "it is not reached, whether they are still here or have left"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
SELECT
    'joiner' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS started_at,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS ended_at,
    pool_on AS on_date,
    CAST(days AS DOUBLE) AS value,
    is_reached AS is_event,
    NOT is_reached AS is_open,
    excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_onboarding
WHERE milestone = 'tenth'
