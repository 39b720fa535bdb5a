/*
description = "One row per pull request that people other than its author reviewed before the merge: where they come from, not who they are."
depends_on = ["staged.stg_pull_request_reviewers"]
key = ["item_id"]
not_null = ["item_id", "is_across", "has_unknown_team"]

[columns]
item_id = "source:id of the pull request"
is_across = "somebody reviewed it of whose teams none owned any of its services on the day of the review"
has_unknown_team = "somebody reviewed it of whom no team on that day is known"
*/
SELECT item_id, is_across, has_unknown_team FROM staged.stg_pull_request_reviewers
