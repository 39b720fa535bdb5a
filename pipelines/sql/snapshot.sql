/*
description = "What a snapshot offers beside its tables: items_behind(metric, period), one row per item and scope that the published number was made from, or that was kept out of it. A flow counts the items of the whole period; a level those under way at the end of its last day, or of the last day known."
example = "SELECT * FROM items_behind('change_lead_time', '2026-Q3') WHERE scope = 'team:payments'"
depends_on = ["metric_item", "metric_catalog", "period", "run", "organisation"]
key = ["scope", "item_kind", "item_id"]

[columns]
metric_item = "all of them"
*/
CREATE MACRO items_behind(wanted_metric, wanted_period) AS TABLE
WITH known AS (
  SELECT ((r.as_of AT TIME ZONE o.time_zone) - INTERVAL 1 MICROSECOND)::DATE + 1 AS end_day
  FROM run r, organisation o
), span AS (
  SELECT
    least(p.period_end, k.end_day) AS end_day,
    CASE c.kind WHEN 'level' THEN least(p.period_end, k.end_day) - 1 ELSE p.period_start END AS first_day
  FROM period p, metric_catalog c, known k
  WHERE p.period = wanted_period AND c.metric = wanted_metric
)
SELECT i.*
FROM metric_item i, span s
WHERE i.metric = wanted_metric AND i.counts_from < s.end_day AND i.counts_to > s.first_day
QUALIFY row_number() OVER (
  PARTITION BY i.scope, i.item_kind, i.item_id
  ORDER BY i.excluded_reason IS NOT NULL, i.on_date, i.service_id, i.started_at
) = 1
