/*
title = "Work items with a known history"
question = "Of how many work items is it known what each status meant that they were in?"
meaning = "An item that was in a status of which nobody has said what it means has no known time in work. What is not finished counts in the quarter that is open now."
action = "Say under [[status]] what the statuses mean that the check on statuses lists."
about = "join"
things = ["work item", "work items"]
counted = "quarter"
severity = "warning"
has_floor = true
depends_on = ["facts.fct_work_item", "facts.fct_work_item_time", "facts.dim_run"]

[reasons]
unknown_status = "it is or was in a status of unknown meaning"
no_changelog = "its source keeps no history"
*/
SELECT
    'issue' AS item_kind,
    i.item_id,
    CAST(NULL AS VARCHAR) AS label,
    CAST(NULL AS VARCHAR) AS url,
    i.service_id,
    CAST(NULL AS VARCHAR) AS team_id,
    coalesce(i.finished_at, r.as_of) AS occurred_at,
    CASE
        WHEN NOT i.has_changelog THEN 'no_changelog'
        WHEN i.means = 'unknown' OR t.has_unknown_time THEN 'unknown_status'
    END AS reason,
    CAST(NULL AS DOUBLE) AS hours
FROM facts.fct_work_item AS i
CROSS JOIN facts.dim_run AS r
LEFT JOIN facts.fct_work_item_time AS t ON t.item_id = i.item_id
WHERE i.service_id IS NOT NULL AND i.means <> 'ignored'
