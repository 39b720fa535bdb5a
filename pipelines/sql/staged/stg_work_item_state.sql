/*
description = "One row per unbroken stay of a work item in one state, from its creation on, whatever statuses the state was made of."
depends_on = ["staged.stg_work_item", "staged.stg_work_item_step", "config.organisation"]
key = ["source", "issue_id", "entered_at"]
not_null = ["means", "entered_at", "entered_on"]

[columns]
source = "the source's name"
issue_id = "the source's id of the item"
means = "the state: backlog, active, waiting, done, ignored or unknown"
entered_at = "when the stay began"
entered_on = "local day of its beginning"
left_at = "when it ended; null where it lasts"
*/
WITH numbered AS (
    SELECT
        s.source, s.issue_id, s.means, s.entered_at, s.left_at,
        row_number() OVER (PARTITION BY s.source, s.issue_id ORDER BY s.step)
        - row_number() OVER (PARTITION BY s.source, s.issue_id, s.means ORDER BY s.step) AS island
    FROM staged.stg_work_item_step AS s
    JOIN staged.stg_work_item AS i ON i.source = s.source AND i.issue_id = s.issue_id
    WHERE s.left_at > s.entered_at OR s.left_at IS NULL
),

stay AS (
    SELECT
        source, issue_id, means,
        min(entered_at) AS entered_at,
        CASE WHEN count(left_at) = count(*) THEN max(left_at) END AS left_at
    FROM numbered
    GROUP BY source, issue_id, means, island
)

SELECT
    s.source,
    s.issue_id,
    s.means,
    s.entered_at,
    CAST(s.entered_at AT TIME ZONE o.time_zone AS DATE) AS entered_on,
    s.left_at
FROM stay AS s
CROSS JOIN config.organisation AS o
