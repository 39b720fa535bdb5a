/*
description = "One row per service and repository it is made from. Both may have several of the other."
depends_on = ["config.service_repository", "config.service_path", "config.service_label", "raw.repository"]
key = ["service_id", "source", "repository_id"]
not_null = ["repository_name", "is_parted"]

[columns]
service_id = "the configured service"
source = "the source that the repository lives in"
repository_id = "the source's id of the repository, which survives renames"
repository_name = "owner/name as it is now"
default_branch = "the branch that is deployed from as a rule; null for an empty repository"
is_parted = "only a part is the service's, told by its paths and labels: others share the repository, or it is the service's only one"
*/
WITH made AS (
    SELECT DISTINCT
        c.service AS service_id,
        r.source,
        r.id AS repository_id,
        r.name AS repository_name,
        r.default_branch
    FROM config.service_repository AS c
    JOIN raw.repository AS r
        ON r.source = c.source
        AND (
            lower(r.name) = lower(c.repository)
            OR list_contains(list_transform(r.configured_names, lambda n: lower(n)), lower(c.repository))
        )
    WHERE r.gone_at IS NULL
    -- Another repository may have taken over the name of one that was renamed.
    QUALIFY rank() OVER (
        PARTITION BY c.service, c.source, lower(c.repository)
        ORDER BY lower(r.name) = lower(c.repository) DESC
    ) = 1
),

ruled AS (
    SELECT service FROM config.service_path
    UNION
    SELECT service FROM config.service_label
)

SELECT
    m.service_id,
    m.source,
    m.repository_id,
    m.repository_name,
    m.default_branch,
    r.service IS NOT NULL AND (
        count(*) OVER (PARTITION BY m.source, m.repository_id) > 1
        OR count(*) OVER (PARTITION BY m.service_id) = 1
    ) AS is_parted
FROM made AS m
LEFT JOIN ruled AS r ON r.service = m.service_id
