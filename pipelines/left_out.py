"""What was kept out of published numbers, counted: table `left_out` of a snapshot.

The counts are those of the snapshot's own `items_behind`, asked for every metric and period at once:
a page that shows a number with what it leaves out need not look at the items again. An item that counts in a
scope by one of its rows is not left out by another one; an item left out by several rows is counted once,
under the reason of the first.

One row per metric, scope, quarter, item kind and reason: how many items. Where too few people were active for
a number there is no row; of months and weeks there is none either, since reasons are rare: most counts would
be none, and the few that are withheld would be what is left of a sum.
"""

LEFT_OUT = """
WITH span AS (
  SELECT p.grain, p.period, p.period_start, least(p.period_end, k.end_day) AS end_day
  FROM snapshot.period p, (
    SELECT ((r.as_of AT TIME ZONE o.time_zone) - INTERVAL 1 MICROSECOND)::DATE + 1 AS end_day
    FROM snapshot.run r, snapshot.organisation o
  ) k
  WHERE p.grain = 'quarter'
), day AS (
  SELECT grain, period, unnest(generate_series(period_start, end_day - 1, INTERVAL 1 DAY))::DATE AS on_date
  FROM span
), touched AS (
  SELECT o.metric, o.item_kind, o.item_id, count(*) > 1 AS is_several
  FROM snapshot.metric_observation o
  SEMI JOIN (
    SELECT metric, item_kind, item_id FROM snapshot.metric_observation WHERE excluded_reason IS NOT NULL
  ) e USING (metric, item_kind, item_id)
  GROUP BY ALL
), seen AS (
  SELECT
    o.metric, o.scopes, o.item_kind, o.item_id, o.excluded_reason, o.on_date, o.service_id, o.started_at,
    o.counts_from, o.counts_to, t.is_several, c.kind = 'level' AS is_level
  FROM snapshot.metric_observation o
  JOIN touched t USING (metric, item_kind, item_id)
  JOIN snapshot.metric_catalog c USING (metric)
), placed AS (
  SELECT s.*, d.grain, d.period FROM seen s JOIN day d ON d.on_date = s.counts_from WHERE NOT s.is_level
  UNION ALL
  SELECT s.*, p.grain, p.period
  FROM seen s JOIN span p ON s.counts_from < p.end_day AND s.counts_to >= p.end_day
  WHERE s.is_level
), counted AS (
  SELECT metric, scopes, grain, period, item_kind, excluded_reason, count(*) AS items
  FROM placed WHERE NOT is_several
  GROUP BY ALL
), several AS (
  SELECT p.metric, m.scope, p.grain, p.period, p.item_kind, p.excluded_reason
  FROM placed p JOIN snapshot.metric_scopes m ON m.metric = p.metric AND m.scopes = p.scopes
  WHERE p.is_several
  QUALIFY row_number() OVER (
    PARTITION BY p.metric, m.scope, p.grain, p.period, p.item_kind, p.item_id
    ORDER BY p.excluded_reason IS NOT NULL, p.on_date, p.service_id, p.started_at
  ) = 1
), every AS (
  SELECT c.metric, m.scope, c.grain, c.period, c.item_kind, c.excluded_reason, c.items
  FROM counted c JOIN snapshot.metric_scopes m ON m.metric = c.metric AND m.scopes = c.scopes
  UNION ALL
  SELECT *, 1 FROM several WHERE excluded_reason IS NOT NULL
)
SELECT metric, scope, grain, period, item_kind, excluded_reason AS reason, sum(items)::BIGINT AS items
FROM every
ANTI JOIN (
  SELECT metric, scope, grain, period FROM snapshot.metric_values WHERE withheld_reason = 'few_people'
) few USING (metric, scope, grain, period)
GROUP BY ALL
ORDER BY grain, scope, period, metric, item_kind, reason
"""
"""Asked of the snapshot's other tables, once they are written. What flows counts on one day, a level on the
last day of a period; an item of one row needs no look at its scopes to be counted once in each."""
