/*
title = "Items past the expectation"
question = "How many items in progress are older than the team's finished ones usually were?"
formula = "work items in progress whose age is greater than the 85th percentile of the cycle times of the team's last twelve weeks"
family = "flow"
unit = "count"
direction = "lower_is_better"
kind = "level"
item_kind = "issue"
grains = ["day", "week", "month", "quarter"]
statistics = ["level", "max"]
window = "The end of the period's last day; max is the greatest day of the period."
linked_reasons = ["within_expectation"]
unlinked_reasons = ["no_expectation", "no_changelog", "unknown_status"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "The expectation of a week comes from the twelve weeks before its Monday and holds for the whole week; it needs ten finished items, and below that nothing is told.",
    "As old as the expectation is not past it. Both count the first and the last day, and weekends.",
    "Finishing old items raises the expectation, dropping them does not: read it with the age itself.",
    "About 15 of 100 items pass it at some time even where nothing changes.",
]
not_for = ["comparing people", "a promise about a single item", "items that wait to be started"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = [
    "facts.dim_day", "facts.dim_run", "facts.dim_service_owner", "facts.fct_team_expectation", "facts.fct_work_item",
    "facts.fct_work_item_spell",
]

[example]
words = "85 of 100 took 11 days at most; begun on 4 June and earlier is 12 days old or more on 15 June: 2 items are past it, exactly 11 days is not."
statistic = "level"
value = 2
columns = ["item_id", "on_date", "value", "excluded_reason"]
rows = [
    ["jira:1", "2026-06-12", 11.0, "within_expectation"],
    ["jira:2", "2026-06-05", 11.0, "within_expectation"],
    ["jira:3", "2026-06-04", 11.0, ""],
    ["jira:4", "2026-06-01", 11.0, ""],
    ["jira:5", "2026-06-15", 11.0, "within_expectation"],
]

[reasons]
within_expectation = "not older than the expectation"
no_expectation = "its team had finished fewer than ten items in the twelve weeks before"
no_team = "nobody owned the service"
not_started = "waiting and never active so far"
no_service = "its project belongs to no configured service"
no_changelog = "the source keeps no history of its status"
unknown_status = "nobody has said what its present status means"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it was past the expectation, or the reason began to hold, in that week"
ended_at = "when that ended, with the week at the latest; null while it lasts"
on_date = "local day from which the item's age counts: the first active one"
value = "the expectation in days; null where there is none"
is_event = "has no meaning for a level: false"
is_open = "it lasts"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
*/
WITH passing AS (
    SELECT
        s.*,
        e.expected_days,
        e.ends_on,
        e.ends_at,
        greatest(s.entered_on, e.first_day) AS from_on,
        greatest(s.entered_at, e.starts_at) AS from_at,
        least(coalesce(s.left_at, e.ends_at), coalesce(e.ends_at, s.left_at)) AS to_at,
        least(coalesce(s.left_on, e.ends_on), coalesce(e.ends_on, s.left_on)) AS to_on,
        s.clock_on + CAST(floor(e.expected_days) AS INTEGER) AS past_on
    FROM facts.fct_work_item_spell AS s
    JOIN facts.fct_team_expectation AS e
        ON e.team_id = s.team_id
        AND (e.ends_at IS NULL OR e.ends_at > s.entered_at)
        AND (s.left_at IS NULL OR s.left_at > e.starts_at)
    WHERE s.service_id IS NOT NULL AND s.has_started
),

judged AS (
    SELECT item_id, service_id, team_id, from_at, to_at, clock_on, expected_days, 'no_expectation' AS reason
    FROM passing
    WHERE expected_days IS NULL
    UNION ALL
    SELECT
        p.item_id, p.service_id, p.team_id, p.from_at,
        CASE WHEN d.on_date IS NULL OR p.to_on <= p.past_on THEN p.to_at ELSE d.starts_at END,
        p.clock_on, p.expected_days, 'within_expectation'
    FROM passing AS p
    LEFT JOIN facts.dim_day AS d ON d.on_date = p.past_on
    WHERE p.from_on < p.past_on
    UNION ALL
    SELECT
        p.item_id, p.service_id, p.team_id, greatest(p.from_at, coalesce(d.starts_at, p.from_at)), p.to_at,
        p.clock_on, p.expected_days, NULL
    FROM passing AS p
    CROSS JOIN facts.dim_run AS r
    LEFT JOIN facts.dim_day AS d ON d.on_date = p.past_on
    WHERE p.past_on <= r.as_of_on AND (p.to_on IS NULL OR p.to_on > p.past_on)
)

SELECT
    'issue' AS item_kind,
    j.item_id,
    j.service_id,
    j.team_id,
    j.from_at AS started_at,
    j.to_at AS ended_at,
    j.clock_on AS on_date,
    CAST(j.expected_days AS DOUBLE) AS value,
    false AS is_event,
    j.to_at IS NULL AS is_open,
    j.reason AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM judged AS j
UNION ALL
SELECT
    'issue', s.item_id, s.service_id, s.team_id, s.entered_at, s.left_at, s.clock_on,
    CAST(NULL AS DOUBLE), false, s.left_at IS NULL,
    CASE
        WHEN s.service_id IS NULL THEN 'no_service'
        WHEN NOT s.has_started THEN 'not_started'
        ELSE 'no_team'
    END,
    NULL, NULL
FROM facts.fct_work_item_spell AS s
WHERE s.service_id IS NULL OR s.team_id IS NULL OR NOT s.has_started
UNION ALL
SELECT
    'issue',
    i.item_id,
    i.service_id,
    o.team_id,
    CASE WHEN i.has_changelog THEN NULL ELSE i.created_at END,
    CASE WHEN i.has_changelog THEN NULL ELSE i.finished_at END,
    CASE WHEN i.has_changelog THEN r.as_of_on ELSE i.created_on END,
    CAST(NULL AS DOUBLE),
    false,
    i.finished_at IS NULL,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.has_changelog THEN 'unknown_status'
        ELSE 'no_changelog'
    END,
    NULL,
    NULL
FROM facts.fct_work_item AS i
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= r.as_of_on AND o.valid_to > r.as_of_on
WHERE NOT i.has_changelog OR i.means = 'unknown'
