"""Building, checking and observing, with small models made for the purpose."""

from pathlib import Path

import duckdb
import pytest

from pipelines.catalog import load_metrics
from pipelines.catalog_headers import CatalogError, Metric, Model
from pipelines.models import Failure, build_all, build_model, check_model, observe

GOOD = "SELECT * FROM (VALUES ('a', 'red'), ('b', 'blue')) AS t (thing_id, colour)"


def _model(sql: str | None, name: str = "stg_thing") -> Model:
    return Model(
        description="One row per thing.",
        depends_on=[],
        key=["thing_id"],
        not_null=["colour"],
        accepted_values={"colour": ["red", "blue", "rust 'n' ruby"]},
        columns={"thing_id": "its id", "colour": "its colour"},
        layer="staged",
        name=name,
        sql=sql,
        path=Path(f"{name}.sql"),
    )


def _failures(sql: str) -> list[Failure]:
    con = duckdb.connect()
    build_model(con, _model(sql))
    return check_model(con, _model(sql))


def test_building_replaces_the_table_and_counts_its_rows() -> None:
    con = duckdb.connect()
    assert build_model(con, _model(GOOD)) == 2
    assert build_model(con, _model(GOOD + " WHERE colour = 'red'")) == 1
    assert con.sql("SELECT thing_id FROM staged.stg_thing").fetchall() == [("a",)]


def test_a_table_that_keeps_its_promises_has_no_failures() -> None:
    assert _failures(GOOD) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("('a', 'red'), ('a', 'blue'), ('a', 'red')", [("key", 2)]),
        ("(NULL, 'red'), (NULL, 'blue')", [("key", 1)]),
        ("('a', NULL), ('b', 'red')", [("not_null", 1)]),
        ("('a', 'green'), ('b', 'rust ''n'' ruby')", [("accepted_values", 1)]),
        ("('a', 'green'), ('a', NULL)", [("key", 1), ("not_null", 1), ("accepted_values", 1)]),
    ],
)
def test_each_broken_promise_is_counted(values: str, expected: list[tuple[str, int]]) -> None:
    failures = _failures(f"SELECT * FROM (VALUES {values}) AS t (thing_id, colour)")
    assert [(failure.check, failure.rows) for failure in failures] == expected
    assert {failure.table for failure in failures} == {"staged.stg_thing"}


def test_other_columns_than_the_documented_ones_are_a_failure() -> None:
    (failure,) = _failures("SELECT 'red' AS colour, 'a' AS thing_id")
    assert failure.check == "columns"
    assert failure.message == "columns are colour, thing_id; the header says thing_id, colour"


def test_a_header_without_sql_needs_a_python_step() -> None:
    with pytest.raises(CatalogError, match=r"stg_thing\.sql: there is no Python step for staged\.stg_thing"):
        build_model(duckdb.connect(), _model(None))


def test_build_all_builds_what_it_is_given_in_order() -> None:
    con = duckdb.connect()
    build_all(con, [_model(GOOD), _model("SELECT * FROM staged.stg_thing", "stg_copy")])
    assert con.sql("SELECT count(*) FROM staged.stg_copy").fetchall() == [(2,)]


def _metric(sql: str) -> Metric:
    return load_metrics()["deployment_frequency"].model_copy(update={"sql": sql})


OBSERVATION = """
SELECT 'deployment' AS item_kind, 'gh:1' AS item_id, 'shop' AS service_id, 'team' AS team_id,
    TIMESTAMPTZ '2026-03-01 08:00:00+00' AS started_at, NULL::TIMESTAMPTZ AS ended_at,
    DATE '2026-03-01' AS on_date, 1::DOUBLE AS value, true AS is_event, false AS is_open,
    NULL::VARCHAR AS excluded_reason, NULL::VARCHAR AS link_method, NULL::VARCHAR AS confidence
"""


def test_observations_have_the_columns_of_the_contract() -> None:
    assert observe(duckdb.connect(), _metric(OBSERVATION))["item_id"].to_list() == ["gh:1"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1::DOUBLE", "1", "deployment_frequency.sql:\\d+: columns: .*INTEGER"),
        (" AS on_date", " AS day", "deployment_frequency.sql:\\d+: columns: .*'day'"),
        ("NULL::VARCHAR AS excluded_reason", "'whim' AS excluded_reason", "reasons: whim not explained"),
    ],
)
def test_observations_that_break_the_contract_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(CatalogError, match=message):
        observe(duckdb.connect(), _metric(OBSERVATION.replace(old, new)))
