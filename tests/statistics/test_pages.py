"""What all numbers of a page say together is published beside them."""

from datetime import date

import duckdb
import polars as pl
import pytest

from pipelines.compute import prepare_published, write_pages


@pytest.fixture
def con():
    with duckdb.connect() as opened:
        prepare_published(opened, {})
        opened.execute(
            "CREATE SCHEMA staged; CREATE TABLE staged.stg_period AS SELECT 'quarter' AS grain, "
            "'2026-Q3' AS period, DATE '2026-07-01' AS period_start, DATE '2026-10-01' AS period_end"
        )
        yield opened


def add(con, **columns):
    names = ", ".join(columns)
    marks = ", ".join("?" for _ in columns)
    con.execute(f"INSERT INTO published.metric_values ({names}) VALUES ({marks})", list(columns.values()))


def test_headlines_and_false_signals_of_what_is_published(con):
    shared = {"scope": "team:pay", "metric": "cycle_time", "statistic": "p50", "unit": "days"}
    quarter = {**shared, "grain": "quarter", "period": "2026-Q3", "value": 9.0}
    add(con, **quarter, difference=4.0, p_value=0.001)
    add(con, **{**quarter, "metric": "lead_time"}, difference=None, p_value=None)
    week = {**shared, "grain": "week", "period_start": date(2026, 7, 6)}
    add(con, **week, expected_low=1.0, is_baseline=True, rule="outside_limits")
    add(con, **{**week, "metric": "lead_time"}, expected_low=None, is_baseline=False)
    write_pages(con)
    assert con.sql("SELECT * FROM published.headline").pl().rows() == [
        ("team:pay", "2026-Q3", "cycle_time", "p50", 1, 0.001, 0.001)
    ]
    [row] = con.sql("SELECT * FROM published.false_signals").pl().rows()
    assert row[:4] == ("team:pay", "2026-Q3", 1, 1)


def test_of_nothing_the_tables_are_empty_and_there(con):
    write_pages(con)
    for table in ("headline", "false_signals"):
        assert isinstance(con.sql(f"SELECT * FROM published.{table}").pl(), pl.DataFrame)
        assert con.sql(f"SELECT count(*) FROM published.{table}").fetchall() == [(0,)]
