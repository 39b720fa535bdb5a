/*
title = "Unplanned share"
question = "What share of the work items that we finished had nobody planned?"
formula = "finished work items that are unplanned ÷ finished work items"
family = "flow"
unit = "ratio"
direction = "neutral"
kind = "ratio"
item_kind = "issue"
grains = ["week", "month", "quarter"]
statistics = ["ratio"]
window = "The day of the finish: when the item last entered a status that means done."
unlinked_reasons = ["no_changelog"]
owner = "engineering-outcomes"
since = 2026-11-22
version = 1
caveats = [
    "Unplanned is an item of a type or with a label that the configuration names (bug, incident, expedite), and what came into a sprint after that had begun.",
    "Carried over from one sprint to the next, an item is planned or not as it was in the first one that it was in while it ran.",
    "Of items the unplanned are often the smaller ones: by days their share may be quite another. Read both.",
    "Where work is put into the sprint only when it is begun, nearly all of it looks unplanned.",
    "Without sprints, and where nobody uses such types and labels, unplanned work looks planned.",
]
not_for = ["comparing people", "comparing teams that name their work differently", "a target"]
references = ["DORA: new work, unplanned work and rework, https://dora.dev/capabilities/well-being/"]
depends_on = ["facts.fct_work_item", "facts.dim_service_owner", "facts.dim_run"]

[example]
words = "Two are not finished; a bug and what is labelled to be expedited were not planned: 2 of 3, 67 %."
statistic = "ratio"
value = 0.6666666666666666
columns = ["item_id", "is_event", "excluded_reason", "link_method"]
rows = [
    ["jira:1", true, "", "type"],
    ["jira:2", true, "", "label"],
    ["jira:3", false, "", ""],
    ["jira:4", false, "not_finished", ""],
    ["jira:5", false, "not_finished", ""],
]

[reasons]
no_service = "its project belongs to no configured service"
ignored = "its status is left out by the configuration"
not_finished = "not finished"
no_changelog = "the source keeps no history of it"

[columns]
item_kind = "issue"
item_id = "source:id of the work item"
service_id = "the service; null where it is nobody's"
team_id = "the team that owned the service on that day; null where nobody did"
started_at = "when it first became active; null where it never did"
ended_at = "when it last became done; null unless it is done now"
on_date = "local day of the finish; today where it is not finished"
value = "1 where nobody planned it, else 0"
is_event = "nobody planned it"
is_open = "never"
excluded_reason = "why the row does not enter the number; null where it does"
link_method = "how that is known: type, label or sprint; null where it was planned"
confidence = "always null"
*/
WITH work_item AS (
    SELECT i.*, coalesce(i.finished_on, r.as_of_on) AS on_date
    FROM facts.fct_work_item AS i
    CROSS JOIN facts.dim_run AS r
)

SELECT
    'issue' AS item_kind,
    i.item_id,
    i.service_id,
    o.team_id,
    i.started_at,
    i.finished_at AS ended_at,
    i.on_date,
    CAST(CASE WHEN i.unplanned_by IS NOT NULL THEN 1 ELSE 0 END AS DOUBLE) AS value,
    i.unplanned_by IS NOT NULL AS is_event,
    false AS is_open,
    CASE
        WHEN i.service_id IS NULL THEN 'no_service'
        WHEN i.means = 'ignored' THEN 'ignored'
        WHEN i.finished_at IS NULL THEN 'not_finished'
        WHEN NOT i.has_changelog THEN 'no_changelog'
    END AS excluded_reason,
    i.unplanned_by AS link_method,
    CAST(NULL AS VARCHAR) AS confidence
FROM work_item AS i
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id AND o.valid_from <= i.on_date AND o.valid_to > i.on_date
