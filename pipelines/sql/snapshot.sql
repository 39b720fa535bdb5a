/*
description = """What a snapshot offers beside its tables.

grain_of(period): the grain of a period by its name, known before anything is read.

items_behind(metric, period): one row per item and scope that the published number was made from, or that was
kept out of it. A flow counts the items of the whole period; a level those under way at the end of its last
day, or of the last day known. An age is that of this moment.

explained_items(metric, scope, period): those of one scope, named, with `place`: what is counted before what
is left out, what tells most first. Of a share that is what counts against it, of durations and amounts the
greatest, of work items under way the oldest, of counts the newest.

explained_steps(metric, scope, period): one row per item kind and reason, null for what is counted.

explained_neighbours(metric, scope, period): one row per neighbouring definition and statistic. The mean
stands here alone: of the items that are kept, without those that are still open. Of people none is kept."""
example = "SELECT * FROM items_behind('change_lead_time', '2026-Q3') WHERE scope = 'team:payments'"
depends_on = [
    "metric_item", "metric_values", "metric_catalog", "metric_neighbour", "item", "service", "period", "run",
    "organisation",
]
key = ["scope", "item_kind", "item_id"]

[columns]
metric_item = "all of them"
*/
CREATE MACRO grain_of(named_period) AS CASE
  WHEN contains(named_period, 'Q') THEN 'quarter'
  WHEN contains(named_period, 'W') THEN 'week'
  WHEN len(named_period) = 7 THEN 'month'
  ELSE 'day'
END;

CREATE MACRO items_behind(wanted_metric, wanted_period) AS TABLE
WITH known AS (
  SELECT ((r.as_of AT TIME ZONE o.time_zone) - INTERVAL 1 MICROSECOND)::DATE + 1 AS end_day
  FROM run r, organisation o
), span AS (
  SELECT
    least(p.period_end, k.end_day) AS end_day,
    CASE c.kind WHEN 'level' THEN least(p.period_end, k.end_day) - 1 ELSE p.period_start END AS first_day,
    c.kind = 'level' AND c.unit = 'days' AS has_ages
  FROM period p, metric_catalog c, known k
  WHERE p.period = wanted_period AND c.metric = wanted_metric
)
SELECT
  i.* REPLACE (
    CASE
      WHEN NOT s.has_ages THEN i.value
      WHEN i.excluded_reason IS NULL THEN CAST(s.end_day - i.on_date AS DOUBLE)
    END AS value
  )
FROM metric_item i, span s
WHERE i.metric = wanted_metric AND i.counts_from < s.end_day AND i.counts_to > s.first_day
QUALIFY row_number() OVER (
  PARTITION BY i.scope, i.item_kind, i.item_id
  ORDER BY i.excluded_reason IS NOT NULL, i.on_date, i.service_id, i.started_at
) = 1;

CREATE MACRO explained_items(wanted_metric, wanted_scope, wanted_period) AS TABLE
WITH named AS (
  SELECT item_kind, item_id, min(label) AS label, min(url) AS url FROM item GROUP BY ALL
)
SELECT
  row_number() OVER (
    ORDER BY
      i.excluded_reason IS NOT NULL,
      i.item_kind <> c.item_kind,
      i.item_kind,
      c.kind = 'ratio' AND i.is_event = (c.direction = 'higher_is_better'),
      CASE WHEN c.kind = 'level' AND c.item_kind = 'issue' THEN i.on_date END NULLS LAST,
      CASE
        WHEN c.kind = 'share' AND c.direction = 'higher_is_better' THEN i.weight - i.value
        WHEN c.kind NOT IN ('ratio', 'count') THEN i.value
      END DESC NULLS LAST,
      CASE c.kind WHEN 'level' THEN i.started_at END NULLS LAST,
      i.on_date DESC, i.item_id, i.service_id
  ) AS place,
  i.item_kind, i.item_id, n.label, n.url, i.service_id, coalesce(s.name, i.service_id) AS service, i.on_date,
  i.started_at, i.ended_at, i.value, i.weight, i.category, i.is_event, i.is_open, i.excluded_reason,
  i.link_method, i.confidence
FROM items_behind(wanted_metric, wanted_period) i
JOIN metric_catalog c ON c.metric = i.metric
LEFT JOIN named n ON n.item_id = i.item_id AND n.item_kind = replace(i.item_kind, '_from_merge', '')
LEFT JOIN service s ON s.id = i.service_id
WHERE i.scope = wanted_scope;

CREATE MACRO explained_steps(wanted_metric, wanted_scope, wanted_period) AS TABLE
SELECT
  i.item_kind, i.excluded_reason, count(*) AS items,
  count(*) FILTER (WHERE i.is_event AND NOT i.is_open) AS events,
  count(*) FILTER (WHERE i.is_open) AS still_open
FROM items_behind(wanted_metric, wanted_period) i
JOIN metric_catalog c ON c.metric = i.metric
WHERE i.scope = wanted_scope
GROUP BY i.item_kind, i.excluded_reason, c.item_kind
ORDER BY i.item_kind <> c.item_kind, i.item_kind, i.excluded_reason IS NOT NULL, items DESC, i.excluded_reason;

CREATE MACRO explained_neighbours(wanted_metric, wanted_scope, wanted_period) AS TABLE
WITH median AS (
  SELECT v.* FROM metric_values v
  WHERE
    v.grain = grain_of(wanted_period) AND v.metric = wanted_metric AND v.scope = wanted_scope
    AND v.period = wanted_period AND v.statistic = 'p50'
), ended AS (
  SELECT avg(i.value ORDER BY i.value) AS mean, count(*) AS n
  FROM items_behind(wanted_metric, wanted_period) i
  JOIN metric_catalog c ON c.metric = i.metric AND c.item_kind = i.item_kind
  WHERE i.scope = wanted_scope AND i.excluded_reason IS NULL AND NOT (i.is_open AND c.kind = 'duration')
), mean AS (
  SELECT
    m.*, e.mean, e.n AS ended,
    CASE
      WHEN m.withheld_reason <> 'not_reached' THEN m.withheld_reason
      WHEN r.items_from > m.period_start THEN 'items_not_kept'
      WHEN e.n = 0 THEN 'no_data'
      WHEN e.mean IS NULL THEN 'values_not_kept'
    END AS reason
  FROM median m, ended e, run r
)
SELECT
  -2 AS position, 'median' AS neighbour, 'Median or mean' AS about, 'median' AS words, true AS is_used,
  statistic, value, unit, n, low, high, open_count, withheld_reason
FROM median
UNION ALL
SELECT
  -1, 'mean', 'Median or mean', 'mean', false,
  'mean', CASE WHEN reason IS NULL THEN mean END, unit, ended, NULL, NULL, open_count, reason
FROM mean
UNION ALL
SELECT
  position, neighbour, about, words, is_used, statistic, value, unit, n, low, high, open_count, withheld_reason
FROM metric_neighbour
WHERE
  grain = grain_of(wanted_period) AND metric = wanted_metric AND scope = wanted_scope
  AND period = wanted_period
ORDER BY position, statistic
