/*
title = "Time to clear a blocker"
question = "When something blocked a work item in progress, how long did it take until it was out of the way?"
formula = "Kaplan–Meier quantile of: flag cleared − work blocked, in days, per flag; flags that are still set are open"
family = "flow"
unit = "days"
direction = "lower_is_better"
kind = "duration"
estimator = "kaplan_meier"
item_kind = "blocker"
grains = ["week", "month", "quarter"]
statistics = ["p50", "p85"]
window = "The day on which it began to block: flagged, and in progress."
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "The n beside it is the number of blockers, those still set included: by category it says what blocks most often.",
    "Nights and weekends count. An item that is finished with its flag on was no longer blocked then.",
    "A flag whose text changes is two blockers: the first is out of the way, the second begins.",
    "It is as true as the flags: what is blocked and bears none is not in it, and one that nobody took away lasts.",
]
not_for = ["comparing people", "comparing teams that set flags differently"]
references = ["The Kanban Guide, https://kanbanguides.org/"]
depends_on = ["facts.fct_blocker", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "One blocked no work; of four, after 1.5 and 2 days one and two were out of the way: half were after 2 days, the one that lasts included."
statistic = "p50"
value = 2
columns = ["on_date", "category", "value", "is_open", "excluded_reason"]
rows = [
    ["2026-03-03", "Vendor", 1.5, false, ""],
    ["2026-03-10", "Vendor", 10.5, true, ""],
    ["2026-03-04", "Test data", 2.0, false, ""],
    ["2026-03-05", "Vendor", 4.0, false, ""],
    ["2026-03-06", "Test data", 3.0, false, "not_in_progress"],
]

[reasons]
no_service = "the work item's project belongs to no configured service"
not_in_progress = "the work item was not in progress while it bore the flag"

[columns]
item_kind = "blocker"
item_id = "source:id of the work item and the moment at which the flag was set"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "the first moment at which the item was both flagged and in progress"
ended_at = "when the flag was taken away or said something else, or the item was finished; null while it lasts"
on_date = "local day on which it began to block"
value = "days from started_at to ended_at, or to now while it lasts"
is_event = "out of the way"
is_open = "still set"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "always null"
confidence = "always null"
category = "what the flag says; null where only its being set is known"
*/
SELECT
    'blocker' AS item_kind,
    b.item_id,
    b.service_id,
    o.team_id,
    b.blocked_at AS started_at,
    b.cleared_at AS ended_at,
    b.blocked_on AS on_date,
    CAST(
        CAST(
            epoch(greatest(coalesce(b.cleared_at, r.as_of), b.blocked_at)) - epoch(b.blocked_at) AS BIGINT
        ) / 86400.0 AS DOUBLE
    ) AS value,
    b.cleared_at IS NOT NULL AS is_event,
    b.cleared_at IS NULL AS is_open,
    CASE
        WHEN b.service_id IS NULL THEN 'no_service'
        WHEN NOT b.is_in_progress THEN 'not_in_progress'
    END AS excluded_reason,
    CAST(NULL AS VARCHAR) AS link_method,
    CAST(NULL AS VARCHAR) AS confidence,
    b.blocker AS category
FROM facts.fct_blocker AS b
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = b.service_id AND o.valid_from <= b.blocked_on AND o.valid_to > b.blocked_on
