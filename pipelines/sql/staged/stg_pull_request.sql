/*
description = "One row per pull request, as it stood at the end of the data: what happened when, and what kind it is."
depends_on = [
    "raw.pull_request", "raw.pull_request_commit", "raw.timeline_event", "raw.review", "raw.commit",
    "staged.stg_account", "staged.stg_repository", "config.hotfix_label", "config.hotfix_branch", "config.run", "config.organisation",
]
key = ["source", "pull_request_id"]
not_null = ["item_id", "repository_id", "state", "opened_at", "is_bot", "is_hotfix", "is_merge_commit_known"]
accepted_values = { state = ["open", "merged", "closed"] }

[columns]
source = "the source's name"
pull_request_id = "the source's id"
item_id = "source:id"
repository_id = "the repository it was opened in"
number = "its number in the repository"
label = "repository#number, for people to recognise it"
reference = "owner/repository#number in lower case, as texts name it"
url = "its page"
state = "open, merged, or closed without a merge"
opened_at = "when it was opened"
first_commit_at = "the least author date of its commits, at most opened_at; null where no commit is known"
is_first_commit_after_opening = "the least author date was later than the opening, which then stands for it"
ready_at = "when it was first ready for review: the opening unless opened as a draft; null where it never was"
first_review_at = "first review by a person other than the author, up to the merge; bots do not count"
merged_at = "when it was merged; null where it was not"
merged_on = "local day of the merge"
closed_at = "when it was closed without a merge; null where it was not"
closed_on = "local day of closing without a merge"
base_ref = "the branch it was merged into"
merge_commit_sha = "the commit that the merge left on that branch"
merge_commit_headline = "first line of that commit's message"
is_merge_commit_known = "the merge commit is in the repository's known history"
is_bot = "a bot opened it; a deleted account is not a bot"
is_hotfix = "a label or its branch says that it mends production"
is_revert = "it undoes another pull request"
reverts_number = "the number of the pull request that it undoes, where that can be told"
changed_lines = "lines added and lines deleted; null where the source does not say"

[incremental]
by = ["source", "pull_request_id"]
sees_until_now = true

[incremental.inputs]
"raw.pull_request" = ["source", "id"]
"raw.pull_request_commit" = ["source", "pull_request_id"]
"raw.timeline_event" = ["source", "pull_request_id"]
"raw.review" = ["source", "pull_request_id"]

[[incremental.references]]
table = "raw.commit"
key = ["source", "repository_id", "sha"]
input = "raw.pull_request"
names = ["source", "repository_id", "merge_commit_sha"]

[[incremental.references]]
table = "staged.stg_repository"
key = ["source", "repository_id"]
input = "raw.pull_request"
names = ["source", "repository_id"]

[[incremental.references]]
table = "staged.stg_account"
key = ["source", "account_id"]
input = "raw.pull_request"
names = ["source", "author_id"]

[[incremental.references]]
table = "staged.stg_account"
key = ["source", "account_id"]
input = "raw.review"
names = ["source", "author_id"]
*/
WITH setting AS (
    SELECT
        r.as_of,
        o.time_zone,
        (SELECT list(lower(label)) FROM config.hotfix_label) AS hotfix_labels,
        (SELECT list(lower(pattern)) FROM config.hotfix_branch) AS hotfix_branches
    FROM config.run AS r
    CROSS JOIN config.organisation AS o
),

first_commit AS (
    SELECT source, pull_request_id, min(authored_at) AS authored_at
    FROM raw.pull_request_commit
    WHERE gone_at IS NULL
    GROUP BY source, pull_request_id
),

draft AS (
    SELECT
        source,
        pull_request_id,
        min(occurred_at) FILTER (kind = 'ReadyForReviewEvent') AS ready_at,
        min(occurred_at) FILTER (kind = 'ConvertToDraftEvent') AS drafted_at
    FROM raw.timeline_event
    WHERE gone_at IS NULL AND kind IN ('ReadyForReviewEvent', 'ConvertToDraftEvent')
    GROUP BY source, pull_request_id
),

-- Two deleted accounts cannot be told apart, so a review by one on the work of another does not count.
first_review AS (
    SELECT r.source, r.pull_request_id, min(r.submitted_at) AS submitted_at
    FROM raw.review AS r
    JOIN raw.pull_request AS p ON p.source = r.source AND p.id = r.pull_request_id
    LEFT JOIN staged.stg_account AS a ON a.source = r.source AND a.account_id = r.author_id
    CROSS JOIN setting AS s
    WHERE
        r.gone_at IS NULL
        AND r.state <> 'PENDING'
        AND r.submitted_at <= least(p.merged_at, s.as_of)
        AND r.author_id IS DISTINCT FROM p.author_id
        AND NOT coalesce(a.is_bot, false)
    GROUP BY r.source, r.pull_request_id
),

known_commit AS (
    SELECT DISTINCT source, repository_id, sha FROM raw.commit WHERE gone_at IS NULL
),

-- Nothing that happened after the moment of the run is seen.
seen AS (
    SELECT
        p.*,
        CASE WHEN p.merged_at <= s.as_of THEN p.merged_at END AS seen_merged_at,
        CASE WHEN p.merged_at IS NULL AND p.closed_at <= s.as_of THEN p.closed_at END AS seen_closed_at,
        CASE
            WHEN d.ready_at IS NOT NULL AND d.drafted_at IS NOT NULL THEN d.ready_at < d.drafted_at
            WHEN d.ready_at IS NOT NULL OR d.drafted_at IS NOT NULL THEN d.ready_at IS NOT NULL
            ELSE p.is_draft
        END AS was_opened_as_draft,
        d.ready_at AS marked_ready_at,
        coalesce(
            nullif(regexp_extract(p.head_ref, '^revert-([0-9]+)-', 1), ''),
            nullif(regexp_extract(p.title, '^Revert ".*\(#([0-9]+)\)"', 1), '')
        ) AS reverted,
        p.head_ref LIKE 'revert-%' OR p.title LIKE 'Revert "%' OR p.merge_commit_headline LIKE 'Revert "%'
            AS looks_like_revert,
        regexp_matches(p.head_ref, '^revert-[0-9]+-revert-') OR p.title LIKE 'Revert "Revert "%'
            AS is_restored
    FROM raw.pull_request AS p
    LEFT JOIN draft AS d ON d.source = p.source AND d.pull_request_id = p.id
    CROSS JOIN setting AS s
    WHERE p.gone_at IS NULL AND p.created_at <= s.as_of
)

SELECT
    p.source,
    p.id AS pull_request_id,
    p.source || ':' || p.id AS item_id,
    p.repository_id,
    p.number,
    split_part(coalesce(h.name, p.repository_id), '/', -1) || '#' || p.number AS label,
    lower(h.name) || '#' || p.number AS reference,
    p.url,
    CASE
        WHEN p.seen_merged_at IS NOT NULL THEN 'merged'
        WHEN p.seen_closed_at IS NOT NULL THEN 'closed'
        ELSE 'open'
    END AS state,
    p.created_at AS opened_at,
    CASE WHEN c.authored_at IS NOT NULL THEN least(c.authored_at, p.created_at) END AS first_commit_at,
    coalesce(c.authored_at > p.created_at, false) AS is_first_commit_after_opening,
    CASE
        WHEN NOT p.was_opened_as_draft THEN p.created_at
        WHEN p.marked_ready_at <= least(p.merged_at, s.as_of) THEN p.marked_ready_at
    END AS ready_at,
    f.submitted_at AS first_review_at,
    p.seen_merged_at AS merged_at,
    CAST(p.seen_merged_at AT TIME ZONE s.time_zone AS DATE) AS merged_on,
    p.seen_closed_at AS closed_at,
    CAST(p.seen_closed_at AT TIME ZONE s.time_zone AS DATE) AS closed_on,
    p.base_ref,
    p.merge_commit_sha,
    p.merge_commit_headline,
    k.sha IS NOT NULL AS is_merge_commit_known,
    coalesce(a.is_bot, false) AS is_bot,
    coalesce(
        list_has_any(list_transform(p.labels, lambda l: lower(l)), s.hotfix_labels), false
    ) OR coalesce(
        len(list_filter(s.hotfix_branches, lambda g: lower(p.head_ref) GLOB g)) > 0, false
    ) AS is_hotfix,
    coalesce(p.looks_like_revert, false) AND NOT coalesce(p.is_restored, false) AS is_revert,
    CASE WHEN NOT coalesce(p.is_restored, false) THEN TRY_CAST(p.reverted AS BIGINT) END AS reverts_number,
    p.additions + p.deletions AS changed_lines
FROM seen AS p
LEFT JOIN first_commit AS c ON c.source = p.source AND c.pull_request_id = p.id
LEFT JOIN first_review AS f ON f.source = p.source AND f.pull_request_id = p.id
LEFT JOIN staged.stg_account AS a ON a.source = p.source AND a.account_id = p.author_id
LEFT JOIN staged.stg_repository AS h ON h.source = p.source AND h.repository_id = p.repository_id
LEFT JOIN known_commit AS k
    ON k.source = p.source AND k.repository_id = p.repository_id AND k.sha = p.merge_commit_sha
CROSS JOIN setting AS s
