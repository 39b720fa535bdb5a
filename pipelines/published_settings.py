"""What is published of the configuration: the rules as they stand, and what each of them matches.

No secret, no account and no list of members is among it. A word of a rule is counted over everything that was
read, with capitals alike, as the staged tables compare it. Counts are in tens, and null from one to nine: an
environment or a status may be one small team's, and exact counts of two nights would tell of its days.
"""

from collections.abc import Mapping


def _tens(count: str) -> str:
    """An SQL count as it is published."""
    return f"CASE WHEN {count} NOT BETWEEN 1 AND 9 THEN CAST(round({count}, -1) AS BIGINT) END"


ENVIRONMENTS_SHOWN = 40
"""Previews make one name a branch: those with most deployments are named, the others are one row."""

_ISSUE_WORDS = """
issue_word AS (
  SELECT source || ':' || id AS item, lower(type) AS word, 'type' AS by FROM raw.issue
  WHERE gone_at IS NULL AND type IS NOT NULL
  UNION ALL
  SELECT source || ':' || id, lower(unnest(labels)), 'label' FROM raw.issue WHERE gone_at IS NULL
), issue_rule AS (
  SELECT 'incident_labels' AS rule, label AS value, ['label'] AS by FROM config.incident_label
  UNION ALL SELECT 'incident_issue_types', type, ['type'] FROM config.incident_issue_type
  UNION ALL SELECT 'unplanned_work', name, ['type', 'label'] FROM config.unplanned_work
  UNION ALL SELECT 'user_reported', name, ['type', 'label'] FROM config.user_reported
  UNION ALL SELECT 'decision_issue_types', type, ['type'] FROM config.decision_issue_type
)"""
_CHANGE_WORDS = """
change AS (
  SELECT source || ':' || id AS item, lower(head_ref) AS branch, list_transform(labels, lambda l: lower(l))
    AS labels
  FROM raw.pull_request WHERE gone_at IS NULL
), change_rule AS (
  SELECT 'hotfix_labels' AS rule, label AS value, true AS is_label FROM config.hotfix_label
  UNION ALL SELECT 'hotfix_branches', pattern, false FROM config.hotfix_branch
  UNION ALL SELECT 'architecture_labels', label, true FROM config.architecture_label
)"""
_DEPLOYMENTS = """
deployment AS (
  SELECT source || ':' || id AS item, source, coalesce(environment, original_environment) AS name,
    list_filter([lower(environment), lower(original_environment)], lambda e: e IS NOT NULL) AS names
  FROM raw.deployment WHERE gone_at IS NULL
)"""
# A pattern that is an account's login in full would name somebody: it is counted, and not said.
_BOTS = """
login AS (
  SELECT source || ':' || id AS item, lower(login) AS login, coalesce(lower(kind) = 'bot', false) AS is_bot
  FROM raw.account WHERE gone_at IS NULL AND login IS NOT NULL
), bot AS (
  SELECT pattern, lower(pattern) AS glob, trim(lower(pattern), '*?') AS bare FROM config.bot
)"""
_RULE_MATCH = f"""
WITH {_ISSUE_WORDS}, {_CHANGE_WORDS}, {_DEPLOYMENTS}, {_BOTS}, matched AS (
  SELECT 'production_environments' AS rule, p.pattern AS value, 'deployment' AS thing, count(d.item) AS items,
    (SELECT count(*) FROM deployment WHERE len(names) > 0) AS looked_at
  FROM config.production_environment AS p
  LEFT JOIN deployment AS d ON len(list_filter(d.names, lambda e: e GLOB lower(p.pattern))) > 0
  GROUP BY p.pattern
  UNION ALL
  SELECT r.rule, r.value, 'issue', count(DISTINCT w.item), (SELECT count(*) FROM raw.issue WHERE gone_at IS
    NULL)
  FROM issue_rule AS r
  LEFT JOIN issue_word AS w ON w.word = lower(r.value) AND list_contains(r.by, w.by)
  GROUP BY r.rule, r.value
  UNION ALL
  SELECT r.rule, r.value, 'pull request', count(c.item), (SELECT count(*) FROM change)
  FROM change_rule AS r
  LEFT JOIN change AS c ON CASE WHEN r.is_label THEN list_contains(c.labels, lower(r.value))
    ELSE c.branch GLOB lower(r.value) END
  GROUP BY r.rule, r.value
  UNION ALL
  SELECT 'bots', CASE WHEN regexp_matches(b.pattern, '[*?]') AND NOT contains(b.pattern, '@') AND
    b.bare NOT IN (SELECT login FROM login WHERE NOT is_bot) THEN b.pattern END AS shown,
    'account', count(DISTINCT l.item), (SELECT count(*) FROM login)
  FROM bot AS b LEFT JOIN login AS l ON l.login GLOB b.glob
  GROUP BY shown
)
SELECT rule, value, thing, {_tens("items")} AS items, {_tens("looked_at")} AS looked_at FROM matched ORDER
  BY rule, value NULLS LAST
"""
# The name of a preview may be somebody's. What counts as production is the organisation's own word.
_ENVIRONMENT = f"""
WITH {_DEPLOYMENTS}, production AS (
  SELECT coalesce(list(lower(pattern)), []) AS globs FROM config.production_environment
), judged AS (
  SELECT d.source, lower(d.name) AS name,
    len(list_filter(d.names, lambda e: len(list_filter(p.globs, lambda g: e GLOB g)) > 0)) > 0 AS
      is_production
  FROM deployment AS d CROSS JOIN production AS p WHERE d.name IS NOT NULL
), counted AS (
  SELECT source, name, bool_or(is_production) AS is_production, count(*) AS deployments
  FROM judged GROUP BY source, name
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY source ORDER BY is_production DESC, deployments DESC, name) AS
    place
  FROM counted
), told AS (
  SELECT r.source, r.is_production, r.deployments, CASE WHEN r.place <= {ENVIRONMENTS_SHOWN} AND (
    r.is_production OR NOT (contains(r.name, '@') OR EXISTS (
      SELECT 1 FROM raw.account AS a WHERE length(a.login) > 2 AND contains(r.name, lower(a.login))))) THEN
        r.name
    END AS name
  FROM ranked AS r
)
SELECT source, name, is_production, {_tens("sum(deployments)")} AS deployments, count(*) AS names
FROM told GROUP BY source, name, is_production ORDER BY source, is_production DESC, sum(told.deployments)
  DESC, name
  NULLS LAST
"""
_STATUS = f"""
SELECT s.source, s.status_id, s.status_name AS name, s.means,
  EXISTS (SELECT 1 FROM config.status AS c WHERE c.source = s.source
    AND (c.name = s.status_id OR lower(c.name) = lower(s.status_name))) AS is_configured,
  {_tens("count(i.id)")} AS items
FROM staged.stg_status AS s
LEFT JOIN raw.issue AS i ON i.source = s.source AND i.gone_at IS NULL
  AND i.status_id IS NOT DISTINCT FROM s.status_id AND i.status IS NOT DISTINCT FROM s.status_name
GROUP BY ALL ORDER BY s.source, name, s.status_id
"""
_RULE = """
SELECT r.incident_window_hours, r.coverage_floor, p.least_answers, p.least_unit_size, o.history_start,
  o.time_zone,
  o.quarter_start_month
FROM config.rule AS r CROSS JOIN config.privacy AS p CROSS JOIN config.organisation AS o
"""
_SERVICE_RULE = """
SELECT s.id AS service, s.deployments_from, s.deployments_match, count(d.item_id) > 0 AS is_recognised
FROM config.service AS s LEFT JOIN staged.stg_deployment AS d ON d.service_id = s.id
GROUP BY ALL ORDER BY s.id
"""

SETTINGS_TABLES: Mapping[str, str] = {
    "rule": _RULE,
    "rule_match": _RULE_MATCH,
    "environment": _ENVIRONMENT,
    "status_meaning": _STATUS,
    "service_rule": _SERVICE_RULE,
    "agreed_hours": "SELECT service, weekday, begins, ends, time_zone FROM config.service_agreed_hours "
    "ORDER BY ALL",
}
"""Tables of the snapshot. `rule`: one row, what is one number or word. `rule_match`: one row per rule and
  word
of it, with how many items it matches; of accounts the count alone. `environment`: one row per name that
deployments had, a nameless one for the rest. `status_meaning`: one row per status, with how many items are in
it now. `service_rule`: one row per service, from where its deployments are taken. `agreed_hours`: one row per
service, ISO weekday and stretch of it."""
