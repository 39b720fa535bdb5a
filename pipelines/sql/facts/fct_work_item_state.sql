/*
description = "One row per work item, service, unbroken stay in one state and owner of the service during it."
depends_on = ["facts.fct_work_item", "facts.dim_service_owner", "staged.stg_work_item_state"]
key = ["item_id", "service_id", "team_id", "entered_at"]
not_null = ["item_id", "means", "entered_at", "entered_on"]

[columns]
item_id = "source:id of the item"
service_id = "the service; null where the project is no service's"
team_id = "the team that owns the service during this part of the stay; null where nobody does"
means = "the state: backlog, active, waiting, done, ignored or unknown"
entered_at = "when the stay began, or the team's ownership during it"
entered_on = "local day of that"
left_at = "when the stay or the ownership ended; null where both last"
*/
SELECT
    i.item_id,
    i.service_id,
    o.team_id,
    s.means,
    greatest(s.entered_at, coalesce(o.valid_from_at, s.entered_at)) AS entered_at,
    greatest(s.entered_on, coalesce(o.valid_from, s.entered_on)) AS entered_on,
    least(coalesce(s.left_at, o.valid_to_at), coalesce(o.valid_to_at, s.left_at)) AS left_at
FROM facts.fct_work_item AS i
JOIN staged.stg_work_item_state AS s ON s.source = i.source AND s.issue_id = i.issue_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id
    AND (s.left_at IS NULL OR o.valid_from_at IS NULL OR o.valid_from_at < s.left_at)
    AND (o.valid_to_at IS NULL OR o.valid_to_at > s.entered_at)
