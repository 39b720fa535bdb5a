/*
description = "One row per service and repository it is made from. Both may have several of the other."
depends_on = ["config.service_repository", "raw.repository"]
key = ["service_id", "source", "repository_id"]
not_null = ["repository_name"]

[columns]
service_id = "the configured service"
source = "the source that the repository lives in"
repository_id = "the source's id of the repository, which survives renames"
repository_name = "owner/name as it is now"
default_branch = "the branch that is deployed from as a rule; null for an empty repository"
*/
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
