"""What is shown behind a number is what made it: as many items as its n says, in every scope and period."""

STRIDE = 37
"""Every so manieth week of a metric is looked at; coprime to the weeks of a quarter."""
ROWS_WITH_ANOTHER_N = """
WITH counted AS (
  SELECT i.scope, CAST(sum(CASE WHEN $counts_weights THEN i.weight ELSE 1 END) AS BIGINT) AS items
  FROM items_behind($metric, $period) i
  WHERE i.item_kind = $item_kind AND i.excluded_reason IS NULL AND NOT ($leaves_out_open AND i.is_open)
  GROUP BY i.scope
)
SELECT v.scope, v.n, coalesce(c.items, 0)
FROM metric_values v LEFT JOIN counted c ON c.scope = v.scope
WHERE v.metric = $metric AND v.period = $period AND v.statistic = $statistic
  AND v.n <> coalesce(c.items, 0)
"""


def definitions(con):
    return con.execute(
        "SELECT metric, item_kind, kind = 'duration' AND estimator = 'quantile', statistics[1], "
        "coalesce(estimator = 'counted_share', false) FROM metric_catalog ORDER BY metric"
    ).fetchall()


def test_as_many_items_as_the_number_counts(published):
    with published.open() as con:
        quarters = con.execute("SELECT period FROM period WHERE grain = 'quarter'").fetchall()
        weeks = con.execute("SELECT period FROM period WHERE grain = 'week' ORDER BY period_start").fetchall()
        compared = 0
        for number, (metric, item_kind, leaves_out_open, statistic, counts_weights) in enumerate(
            definitions(con)
        ):
            # Every quarter, and weeks that differ from metric to metric: together they are all weeks.
            for (period,) in [*quarters, *weeks[number % STRIDE :: STRIDE]]:
                values = {
                    "metric": metric,
                    "period": period,
                    "item_kind": item_kind,
                    "leaves_out_open": leaves_out_open,
                    "statistic": statistic,
                    "counts_weights": counts_weights,  # each such row is a count of answers
                }
                assert con.execute(ROWS_WITH_ANOTHER_N, values).fetchall() == [], values
                compared += 1
    assert compared > 150


def test_an_item_is_behind_a_number_once(published):
    twice = (
        "SELECT scope, item_kind, item_id FROM items_behind(?, ?) GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
    )
    with published.open() as con:
        quarters = con.execute(
            "SELECT period FROM period WHERE grain = 'quarter' ORDER BY period_start DESC LIMIT 3"
        ).fetchall()
        for metric, *_ in definitions(con):
            for (quarter,) in quarters:
                assert con.execute(twice, [metric, quarter]).fetchall() == []


def test_open_work_begun_before_the_first_quarter_with_items_is_published(published):
    # The scenario of an item that was started two years before the last day and never finished. It counts
    # from the day on which its service does, so only its beginning lies before all that is counted.
    with published.open() as con:
        begun = con.execute(
            "SELECT DISTINCT i.label, year(m.started_at), m.is_open FROM metric_item m "
            "JOIN item i ON i.item_id = m.item_id AND i.item_kind = m.item_kind "
            "WHERE m.metric = 'work_in_progress' AND m.started_at < "
            "(SELECT min(period_start) FROM (SELECT period_start FROM period WHERE grain = 'quarter' "
            "ORDER BY period_start DESC LIMIT 8))"
        ).fetchall()
    assert begun == [("ATT-1", 2024, True)]
