/*
description = "One row per work item and service whose project it is in; one without a service where nobody's."
depends_on = ["staged.stg_work_item", "staged.stg_service_project", "staged.stg_work_item_plan"]
key = ["item_id", "service_id"]
not_null = ["item_id", "created_at", "means", "has_changelog"]

[columns]
item_id = "source:id of the item"
service_id = "the service; null where the project is no service's"
source = "the source's name"
issue_id = "the source's id of the item"
type = "the type it has now; null where its source gives none"
created_at = "when it was created"
created_on = "local day of the creation"
started_at = "when it first became active; null where it never did, or where no history is kept"
started_on = "local day of the start"
finished_at = "when it last became done; null unless it is done now"
finished_on = "local day of the finish"
means = "what its present status means: backlog, waiting, active, done, ignored or unknown"
has_changelog = "the source keeps its history"
unplanned_by = "how it is known that nobody planned it: type, label or sprint; null where it was planned as far as is known"

[incremental]
by = ["source", "issue_id"]
inputs = { "staged.stg_work_item" = ["source", "issue_id"], "staged.stg_work_item_plan" = ["source", "issue_id"] }
*/
SELECT
    i.item_id,
    j.service_id,
    i.source,
    i.issue_id,
    i.type,
    i.created_at,
    i.created_on,
    i.started_at,
    i.started_on,
    i.finished_at,
    i.finished_on,
    i.means,
    i.has_changelog,
    p.unplanned_by
FROM staged.stg_work_item AS i
LEFT JOIN staged.stg_service_project AS j ON j.source = i.source AND j.project_key = i.container_id
LEFT JOIN staged.stg_work_item_plan AS p ON p.source = i.source AND p.issue_id = i.issue_id
