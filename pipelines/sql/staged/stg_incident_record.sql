/*
description = "One row per incident that a source tells of, as it tells it: incidents, and issues by label or type."
depends_on = [
    "raw.incident", "raw.issue", "raw.repository", "staged.stg_work_item", "config.incident_label",
    "config.incident_issue_type", "config.source", "config.run",
]
key = ["item_id"]
not_null = ["item_id", "source", "native_id", "form", "started_at", "is_test", "is_unconfirmed", "has_postmortem_page"]
accepted_values = { form = ["incident", "github_issue", "jira_issue"], reported_by = ["monitor", "team", "user", "other"] }

[columns]
item_id = "source:id of the incident"
source = "the source's name"
native_id = "the source's id"
form = "what the source calls it: an incident, or an issue of GitHub or Jira"
position = "where the source stands among the configured ones; null where it is configured no more"
label = "a short name for people to recognise it"
key = "an issue's key; null for an incident"
url = "its page"
started_at = "when it began"
mitigated_at = "when users were no longer affected; null where that is not known, or is still to come"
resolved_at = "when it was over; an issue when it was closed or done; null while it lasts"
environment = "the source's word; null where it has none"
is_test = "a drill"
is_unconfirmed = "its source took it back (declined, cancelled, merged into one that it does not name) or has yet to accept it"
merged_into = "the incident of the same source into which it was merged: its source:id; null where it was not"
dedupe_group = "what another source is said to call the same incident, in lower case; null where nothing is said"
severity = "the source's word; null where it has none"
rotation = "whose turn it was to answer: a group or policy, never a person; null where nobody said"
reported_by = "who noticed it: monitor, team, user or other; null where the source does not say so"
has_postmortem_page = "its source names the page of its postmortem"
*/
WITH setting AS (
    SELECT
        r.as_of,
        (SELECT list(lower(label)) FROM config.incident_label) AS labels,
        (SELECT list(lower(type)) FROM config.incident_issue_type) AS types
    FROM config.run AS r
),

incident_issue AS (
    SELECT i.*
    FROM raw.issue AS i
    CROSS JOIN setting AS c
    WHERE
        i.gone_at IS NULL
        AND (
            list_has_any(list_transform(i.labels, lambda l: lower(l)), c.labels)
            OR list_contains(c.types, lower(i.type))
        )
),

told AS (
    SELECT
        source, id, 'incident' AS form, 'incident ' || id AS label, NULL AS key, url, started_at, mitigated_at,
        resolved_at, environment, is_test, source || ':' || nullif(merged_into, '') AS merged_into, dedupe_group,
        lower(coalesce(status, '')) IN ('declined', 'canceled', 'cancelled', 'triage')
        OR (lower(coalesce(status, '')) = 'merged' AND nullif(merged_into, '') IS NULL) AS is_unconfirmed,
        nullif(trim(severity), '') AS severity, nullif(trim(rotation), '') AS rotation, lower(reported_by) AS reported_by,
        coalesce(postmortem_url, '') <> '' AS has_postmortem_page
    FROM raw.incident
    WHERE gone_at IS NULL
    UNION ALL
    SELECT
        i.source, i.id, 'github_issue', split_part(h.name, '/', -1) || i.key, lower(h.name) || i.key, i.url,
        i.created_at, NULL, i.closed_at, NULL, false, NULL, NULL, false, NULL, NULL, NULL, false
    FROM incident_issue AS i
    JOIN raw.repository AS h ON h.source = i.source AND h.id = i.container_id
    UNION ALL
    SELECT
        i.source, i.id, 'jira_issue', i.key, i.key, i.url, i.created_at, NULL, w.finished_at, NULL, false, NULL, NULL,
        false, NULL, NULL, NULL, false
    FROM incident_issue AS i
    JOIN staged.stg_work_item AS w ON w.source = i.source AND w.issue_id = i.id
)

SELECT
    t.source || ':' || t.id AS item_id,
    t.source,
    t.id AS native_id,
    t.form,
    k.position,
    t.label,
    t.key,
    t.url,
    t.started_at,
    CASE WHEN t.mitigated_at <= c.as_of THEN t.mitigated_at END AS mitigated_at,
    CASE WHEN t.resolved_at <= c.as_of THEN t.resolved_at END AS resolved_at,
    t.environment,
    t.is_test,
    t.is_unconfirmed,
    t.merged_into,
    nullif(rtrim(lower(trim(t.dedupe_group)), '/'), '') AS dedupe_group,
    t.severity,
    t.rotation,
    -- Beside the four words of its own: the channels by which ServiceNow says that an incident came in.
    CASE
        WHEN t.reported_by IN ('monitor', 'monitoring', 'event', 'alert') THEN 'monitor'
        WHEN t.reported_by IN ('user', 'phone', 'email', 'self-service', 'chat', 'virtual_agent', 'walk-in') THEN 'user'
        WHEN t.reported_by IN ('team', 'other') THEN t.reported_by
    END AS reported_by,
    t.has_postmortem_page
FROM told AS t
CROSS JOIN setting AS c
LEFT JOIN config.source AS k ON k.name = t.source
WHERE t.started_at <= c.as_of
