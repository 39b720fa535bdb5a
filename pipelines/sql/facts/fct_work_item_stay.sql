/*
description = "One row per work item, service, stay in one status while in progress and owner of the service during it."
depends_on = ["facts.fct_work_item", "facts.fct_work_item_spell", "staged.stg_work_item_step"]
key = ["item_id", "service_id", "team_id", "entered_at"]
not_null = ["item_id", "entered_at", "clock_on", "has_started"]

[columns]
item_id = "source:id of the item"
service_id = "the service; null where the project is no service's"
team_id = "the team that owns the service during this part of the stay; null where nobody does"
status = "what the status was called; null where the source does not say"
entered_at = "when the status was entered, or the team's ownership during it began"
left_at = "when the stay or the ownership ended; null where both last"
clock_on = "the local day from which the item's age counts, as in the spell that the stay is part of"
has_started = "the item has been active before or in this stay"

[incremental]
by = ["item_id"]

[incremental.inputs]
"facts.fct_work_item" = ["item_id"]
"facts.fct_work_item_spell" = ["item_id"]
"staged.stg_work_item_step" = ["source || ':' || issue_id"]
*/
SELECT
    p.item_id,
    p.service_id,
    p.team_id,
    s.status_name AS status,
    greatest(s.entered_at, p.entered_at) AS entered_at,
    least(coalesce(s.left_at, p.left_at), coalesce(p.left_at, s.left_at)) AS left_at,
    p.clock_on,
    p.has_started
FROM facts.fct_work_item_spell AS p
JOIN facts.fct_work_item AS i ON i.item_id = p.item_id AND i.service_id IS NOT DISTINCT FROM p.service_id
JOIN staged.stg_work_item_step AS s
    ON s.source = i.source
    AND s.issue_id = i.issue_id
    AND (p.left_at IS NULL OR s.entered_at < p.left_at)
    AND (s.left_at IS NULL OR s.left_at > p.entered_at)
WHERE s.left_at IS NULL OR s.left_at > s.entered_at
