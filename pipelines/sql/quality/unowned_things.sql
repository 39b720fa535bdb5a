/*
title = "Things that are nobody's"
question = "Which repositories, projects and services belong to nobody, or is it not clear to whom?"
meaning = "What belongs to no service, or to a service without a team, is in no team's numbers."
action = "Add it to a [[service]], give the service an owner, or leave it out of the source with `exclude`."
about = "ownership"
things = ["repository, project, service or team", "repositories, projects, services and teams"]
counted = "now"
severity = "warning"
depends_on = [
    "staged.stg_unowned", "staged.stg_service_repository", "staged.stg_service_project", "staged.stg_service_owner",
    "staged.stg_catalog_service", "staged.stg_run", "facts.dim_team",
]

[reasons]
repository = "a repository that belongs to no service"
project = "a project that belongs to no service"
incident_service = "has incidents, and no service names it under incident_services"
catalogue_service = "a service of a catalogue that is not configured"
indicator = "is measured, and no service names it under indicators"
no_owner = "a service without an owner today"
unclear_owner = "a service of which several teams are said to be the owner"
had_no_owner = "a service that had no owner for a while"
team = "a team that owns no service today"
team_elsewhere = "is named as an owner and is no configured team"
pull_requests = "a repository of several services, whose pull requests were read without their files"
*/
WITH thing AS (
    SELECT
        kind, source, name,
        CASE
            WHEN kind <> 'service' THEN kind
            WHEN why LIKE 'had no owner%' THEN 'had_no_owner'
            WHEN why LIKE 'owner is not clear%' THEN 'unclear_owner'
            ELSE 'no_owner'
        END AS reason
    FROM staged.stg_unowned
    WHERE kind NOT IN ('members', 'accounts')
    UNION ALL
    SELECT 'repository', source, repository_name, NULL FROM staged.stg_service_repository
    UNION ALL
    SELECT 'project', source, project_key, NULL FROM staged.stg_service_project
    UNION ALL
    SELECT 'catalogue_service', source, coalesce(name, catalog_service_id), NULL
    FROM staged.stg_catalog_service
    WHERE service_id IS NOT NULL
    UNION ALL
    SELECT 'service', NULL, o.service_id, NULL
    FROM staged.stg_service_owner AS o
    JOIN staged.stg_run AS r ON o.valid_from <= r.as_of_on AND o.valid_to > r.as_of_on
    WHERE o.team_id IS NOT NULL
    UNION ALL
    SELECT 'team', NULL, team_id, NULL FROM facts.dim_team
)

SELECT
    kind AS item_kind,
    CASE WHEN source IS NULL THEN name ELSE source || ':' || name END AS item_id,
    name AS label,
    CAST(NULL AS VARCHAR) AS url,
    CASE WHEN kind = 'service' THEN name END AS service_id,
    CASE WHEN kind = 'team' THEN name END AS team_id,
    CAST(NULL AS TIMESTAMP WITH TIME ZONE) AS occurred_at,
    reason,
    CAST(NULL AS DOUBLE) AS hours
FROM thing
