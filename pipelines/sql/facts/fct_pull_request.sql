/*
description = "One row per pull request and service it belongs to; one without a service where it is nobody's."
depends_on = ["staged.stg_pull_request", "staged.stg_pull_request_service"]
key = ["item_id", "service_id"]
not_null = ["item_id", "state", "opened_at", "is_bot", "is_hotfix", "is_revert"]
accepted_values = { state = ["open", "merged", "closed"] }

[columns]
item_id = "source:id of the pull request"
service_id = "the service; null where neither the repository nor what is changed in it is any service's"
source = "the source's name"
repository_id = "the source's id of the repository"
number = "its number in the repository"
state = "open, merged, or closed without a merge"
opened_at = "when it was opened"
first_commit_at = "the least author date of its commits, at most opened_at; null where no commit is known"
is_first_commit_after_opening = "the least author date was later than the opening, which then stands for it"
ready_at = "when it was first ready for review; null where it never was"
first_review_at = "first review by a person other than the author, up to the merge; null where there was none"
merged_at = "when it was merged; null where it was not"
merged_on = "local day of the merge"
closed_at = "when it was closed without a merge; null where it was not"
closed_on = "local day of closing without a merge"
merge_commit_sha = "the commit that the merge left behind"
is_merge_commit_known = "the merge commit is in the repository's known history"
is_default_branch = "merged into the repository's default branch, or the branch is not known"
is_bot = "a bot opened it"
is_hotfix = "a label or its branch says that it mends production"
is_revert = "it undoes another pull request"
reverts_number = "the number of the pull request that it undoes, where that can be told"
changed_lines = "lines added and lines deleted; null where the source does not say"

[incremental]
by = ["item_id"]
inputs = { "staged.stg_pull_request" = ["item_id"], "staged.stg_pull_request_service" = ["item_id"] }
*/
SELECT
    p.item_id,
    s.service_id,
    p.source,
    p.repository_id,
    p.number,
    p.state,
    p.opened_at,
    p.first_commit_at,
    p.is_first_commit_after_opening,
    p.ready_at,
    p.first_review_at,
    p.merged_at,
    p.merged_on,
    p.closed_at,
    p.closed_on,
    p.merge_commit_sha,
    p.is_merge_commit_known,
    coalesce(p.base_ref = s.default_branch, true) AS is_default_branch,
    p.is_bot,
    p.is_hotfix,
    p.is_revert,
    p.reverts_number,
    p.changed_lines
FROM staged.stg_pull_request AS p
LEFT JOIN staged.stg_pull_request_service AS s ON s.item_id = p.item_id
