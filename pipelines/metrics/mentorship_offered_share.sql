/*
title = "Mentorship places offered"
question = "What share of those for whom the mentorship rotation is meant was offered a place?"
formula = "people who were offered a place in the quarter ÷ people for whom the rotation is meant; told of at least five, where at least three or none were, and at least three or none were not"
family = "people"
calendar = "mentorship_offers"
unit = "ratio"
direction = "neutral"
kind = "share"
estimator = "whole_share"
item_kind = "eligible_person"
grains = ["quarter"]
statistics = ["ratio"]
window = "The quarter, told when it is over."
min_n = { ratio = 5 }
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "It is a number of the whole organisation alone. Where one or two were offered a place, or were the only ones not to be, they could be found: there is no number then, and not which of it it was.",
    "Who is meant, such as people in the middle of their ladder, the organisation says. It counts them itself: nobody is listed here.",
    "An offer that was not taken up is one. Rotations begin in some quarters and go on in others: quarters are not held against each other.",
    "All were counted, so there is no range.",
]
not_for = ["judging or comparing people", "a target"]
references = ["DORA: learning culture, https://dora.dev/capabilities/learning-culture/"]
depends_on = ["facts.fct_mentorship_offer"]

[example]
words = "All five for whom it is meant were offered a place, so that nobody is told apart: 100 %."
statistic = "ratio"
value = 1.0
columns = ["item_id", "on_date", "is_event"]
rows = [
    ["2026-01-01:1", "2026-03-31", true],
    ["2026-01-01:2", "2026-03-31", true],
    ["2026-01-01:3", "2026-03-31", true],
    ["2026-01-01:4", "2026-03-31", true],
    ["2026-01-01:5", "2026-03-31", true],
]

[reasons]
quarter_not_over = "the quarter is not over"
too_few = "fewer than five, or one or two who would be told apart: which of it is not told"

[columns]
item_kind = "eligible_person"
item_id = "the quarter's first day, and a rank in it: nothing of the person enters it"
service_id = "always null: it is the organisation's number"
team_id = "always null: it is the organisation's number"
started_at = "always null"
ended_at = "always null"
on_date = "last day of the quarter, at most the last day"
value = "1 of as many as were offered a place, else 0; not published"
is_event = "of as many as were offered a place"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
weight = "1; not published"
*/
SELECT
    'eligible_person' AS item_kind,
    item_id,
    CAST(NULL AS VARCHAR) AS service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    CAST(NULL AS TIMESTAMPTZ) AS started_at,
    CAST(NULL AS TIMESTAMPTZ) AS ended_at,
    on_date,
    CAST(CASE WHEN is_offered THEN 1 ELSE 0 END AS DOUBLE) AS value,
    is_offered AS is_event,
    false AS is_open,
    excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    CAST(1 AS DOUBLE) AS weight
FROM facts.fct_mentorship_offer
