/*
description = "One row per work item, service, spell in progress and owner of the service during it."
depends_on = ["facts.fct_work_item", "facts.dim_service_owner", "staged.stg_work_item_spell"]
key = ["item_id", "service_id", "team_id", "entered_at"]
not_null = ["item_id", "entered_at", "entered_on", "clock_on", "has_started"]

[columns]
item_id = "source:id of the item"
service_id = "the service; null where the project is no service's"
team_id = "the team that owns the service during this part of the spell; null where nobody does"
entered_at = "when the spell began, or the team's ownership during it"
entered_on = "local day of that"
left_at = "when the spell or the ownership ended; null where both last"
left_on = "local day of that"
clock_on = "the local day from which its age counts: the first active one; the spell's own where it waits to be started"
has_started = "the item has been active before or in this spell"

[incremental]
by = ["item_id"]
inputs = { "facts.fct_work_item" = ["item_id"], "staged.stg_work_item_spell" = ["source || ':' || issue_id"] }
*/
SELECT
    i.item_id,
    i.service_id,
    o.team_id,
    greatest(s.entered_at, coalesce(o.valid_from_at, s.entered_at)) AS entered_at,
    greatest(s.entered_on, coalesce(o.valid_from, s.entered_on)) AS entered_on,
    least(coalesce(s.left_at, o.valid_to_at), coalesce(o.valid_to_at, s.left_at)) AS left_at,
    CASE
        WHEN o.valid_to_at IS NULL THEN s.left_on
        WHEN s.left_on IS NULL THEN o.valid_to
        ELSE least(s.left_on, o.valid_to)
    END AS left_on,
    CASE WHEN s.has_started THEN i.started_on ELSE s.entered_on END AS clock_on,
    s.has_started
FROM facts.fct_work_item AS i
JOIN staged.stg_work_item_spell AS s ON s.source = i.source AND s.issue_id = i.issue_id
LEFT JOIN facts.dim_service_owner AS o
    ON o.service_id = i.service_id
    AND (s.left_at IS NULL OR o.valid_from_at IS NULL OR o.valid_from_at < s.left_at)
    AND (o.valid_to_at IS NULL OR o.valid_to_at > s.entered_at)
