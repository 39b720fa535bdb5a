/*
title = "Mentorship pairs active"
question = "How many pairs of the mentorship rotation were active?"
formula = "pairs that were active on any day of the quarter; told from five on"
family = "people"
calendar = "mentorships"
unit = "count"
direction = "neutral"
kind = "count"
item_kind = "mentorship_pair"
grains = ["quarter"]
statistics = ["count"]
window = "The quarter."
min_n = { count = 5 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It is a number of the whole organisation alone, and fewer than five pairs are not told apart from none: in a small group a count would say who.",
    "It says that there were pairs, and nothing of what came of them.",
]
not_for = ["judging or comparing people", "a target"]
references = ["DORA: learning culture, https://dora.dev/capabilities/learning-culture/"]
depends_on = ["facts.fct_mentorship_quarter"]

[example]
words = "Five pairs were active in the quarter, just enough to be told: 5."
statistic = "count"
value = 5
columns = ["item_id", "on_date", "value"]
rows = [
    ["2026-01-01:1", "2026-03-31", 1.0],
    ["2026-01-01:2", "2026-03-31", 1.0],
    ["2026-01-01:3", "2026-03-31", 1.0],
    ["2026-01-01:4", "2026-03-31", 1.0],
    ["2026-01-01:5", "2026-03-31", 1.0],
]

[reasons]
fewer_than_five = "the quarter had none to four: how many is not told"

[columns]
item_kind = "mentorship_pair"
item_id = "the quarter's first day, and a rank in it: nothing of the pair enters it"
service_id = "always null: it is the organisation's number"
team_id = "always null: it is the organisation's number"
started_at = "always null: the day would tell who it is"
ended_at = "always null"
on_date = "last day of the quarter, at most the last day"
value = "1"
is_event = "it was active"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
SELECT
    'mentorship_pair' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    CAST(NULL AS TIMESTAMPTZ) AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    on_date,
    CAST(1 AS DOUBLE) AS value,
    is_told AS is_event,
    false AS is_open,
    CASE WHEN NOT is_told THEN 'fewer_than_five' END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM facts.fct_mentorship_quarter
WHERE subject = 'active'
