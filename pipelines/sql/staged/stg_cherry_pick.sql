/*
description = "One row per merged pull request and other commit that carries the same change: a copy of its merge commit."
depends_on = ["raw.commit", "staged.stg_pull_request"]
key = ["item_id", "sha"]

[columns]
item_id = "source:id of the pull request"
source = "the source's name"
repository_id = "the repository of both"
sha = "the copy: another commit with the same headline, which names the pull request's number"

[incremental]
by = ["item_id"]
inputs = { "staged.stg_pull_request" = ["item_id"] }

[[incremental.references]]
table = "raw.commit"
key = ["source", "repository_id", "headline"]
input = "staged.stg_pull_request"
names = ["source", "repository_id", "merge_commit_headline"]
*/
SELECT DISTINCT
    p.item_id,
    p.source,
    p.repository_id,
    c.sha
FROM staged.stg_pull_request AS p
JOIN raw.commit AS c
    ON c.source = p.source
    AND c.repository_id = p.repository_id
    AND c.headline = p.merge_commit_headline
WHERE
    c.gone_at IS NULL
    AND p.state = 'merged'
    AND c.sha <> p.merge_commit_sha
    AND regexp_matches(p.merge_commit_headline, '#' || p.number || '($|[^0-9])')
