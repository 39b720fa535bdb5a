/*
description = "One row per repository that a source knows: what does not change with each push to it."
depends_on = ["raw.repository"]
key = ["source", "repository_id"]
not_null = ["source", "repository_id"]

[columns]
source = "the source's name"
repository_id = "the source's id of the repository"
name = "owner/repository, as it is called now"
*/
SELECT source, id AS repository_id, name FROM raw.repository
