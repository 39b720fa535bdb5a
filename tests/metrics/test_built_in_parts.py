"""What a build keeps, what it makes anew, and that nothing half-made counts as built; on small tables."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from histories import Fill

from pipelines import incremental, ledger
from pipelines.catalog import load_metrics, load_models
from pipelines.catalog_headers import CatalogError, Model
from pipelines.compute import CALENDAR_TABLES, aggregation_frames
from pipelines.incremental import BuiltTable, build_table
from pipelines.incremental_metrics import build_metric, open_published
from pipelines.ledger import Ledger
from pipelines.models import build_all

TOTAL = "SELECT i.key, sum(i.amount) AS total FROM raw.item AS i GROUP BY i.key"
SEEN = (
    "SELECT i.key, count(*) AS total FROM raw.item AS i CROSS JOIN config.run AS r "
    "WHERE i.began <= r.as_of GROUP BY i.key"
)
AGE = (
    "SELECT i.key, sum(epoch_us(coalesce(i.ended, r.as_of)) - epoch_us(i.began)) AS total FROM raw.item AS i "
    "CROSS JOIN config.run AS r GROUP BY i.key"
)
NAMED = (
    "SELECT i.key, max(n.name) AS total FROM raw.item AS i "
    "LEFT JOIN raw.name AS n ON n.id = i.name GROUP BY i.key"
)
BY_KEY = {"by": ["key"], "inputs": {"raw.item": ["key"]}}


def model(sql: str, depends_on: list[str], how: dict[str, Any] | None = None, **header: Any) -> Model:
    return Model.model_validate(
        {
            "description": "One row per key.",
            "depends_on": depends_on,
            "key": ["key"],
            "columns": {"key": "the key", "total": "what comes of it"},
            "layer": "staged",
            "name": "stg_total",
            "sql": sql,
            "path": Path("stg_total.sql"),
            "incremental": how,
            **header,
        }
    )


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A thousand keys with two items each; one of key 7 begins after now, one of key 8 has not ended."""
    with duckdb.connect() as con:
        con.execute(
            "SET TimeZone = 'UTC'; CREATE SCHEMA raw; CREATE SCHEMA config; "
            "CREATE TABLE config.run AS SELECT 'a' AS run_id, TIMESTAMPTZ '2026-03-01T00:00Z' AS as_of; "
            "CREATE TABLE raw.name AS SELECT n AS id, 'name ' || n AS name FROM range(1000) t (n); "
            "CREATE TABLE raw.item AS SELECT n // 2 AS key, n AS amount, n % 1000 AS name, "
            "TIMESTAMPTZ '2026-02-01T00:00Z' AS began, TIMESTAMPTZ '2026-02-02T00:00Z' AS ended "
            "FROM range(2000) t (n); "
            "UPDATE raw.item SET began = '2026-03-01T06:00Z' WHERE amount = 14; "
            "UPDATE raw.item SET ended = NULL WHERE amount = 16"
        )
        yield con


def night(con: duckdb.DuckDBPyConnection, *models: Model) -> list[BuiltTable]:
    """A build of its own, and that it left what each query returns."""
    seen = Ledger(con)
    built = [build_table(con, seen, one) for one in models]
    for one, done in zip(models, built, strict=True):
        if not done.failures:
            fresh = con.execute(f"SELECT * FROM ({one.sql}) ORDER BY ALL").fetchall()
            assert con.execute(f"FROM {one.table} ORDER BY ALL").fetchall() == fresh
            assert done.rows == len(fresh)
    return built


def told(built: list[BuiltTable]) -> list[tuple[str, int]]:
    return [(one.how, one.parts) for one in built]


def test_what_has_not_changed_is_kept(con: duckdb.DuckDBPyConnection) -> None:
    plain = model(TOTAL, ["raw.item"])
    assert told(night(con, plain)) == [("whole", 0)]
    con.execute("CREATE OR REPLACE TABLE raw.item AS FROM raw.item ORDER BY amount DESC")
    assert told(night(con, plain)) == [("kept", 0)]
    con.execute("UPDATE raw.item SET amount = 5 WHERE amount = 4")
    assert told(night(con, plain)) == [("whole", 0)]


def test_what_rests_on_a_table_that_came_out_the_same_is_kept(con: duckdb.DuckDBPyConnection) -> None:
    first = model(TOTAL, ["raw.item"])
    second = model("SELECT key, total FROM staged.stg_total", ["staged.stg_total"], name="stg_again")
    night(con, first, second)
    con.execute("UPDATE raw.item SET name = 3")
    assert told(night(con, first, second)) == [("whole", 0), ("kept", 0)]


def test_another_definition_header_or_code_builds_the_whole(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(con, model(TOTAL, ["raw.item"], BY_KEY))
    assert told(night(con, model(f"{TOTAL} HAVING true", ["raw.item"], BY_KEY))) == [("whole", 0)]
    changed = model(f"{TOTAL} HAVING true", ["raw.item"], BY_KEY, not_null=["total"])
    assert told(night(con, changed)) == [("whole", 0)]
    monkeypatch.setattr(ledger, "code_digest", lambda: "another version")
    assert told(night(con, changed)) == [("whole", 0)]
    assert told(night(con, changed)) == [("kept", 0)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE raw.item SET amount = 1000 WHERE amount = 12",
        "INSERT INTO raw.item (key, amount) VALUES (6, 1)",
        "INSERT INTO raw.item (key, amount) VALUES (5000, 1)",
        "DELETE FROM raw.item WHERE key = 6",
        "DELETE FROM raw.item WHERE amount = 12",
    ],
)
def test_of_many_keys_the_changed_one_is_built_anew(con: duckdb.DuckDBPyConnection, change: str) -> None:
    parted = model(TOTAL, ["raw.item"], BY_KEY)
    night(con, parted)
    con.execute(change)
    assert told(night(con, parted)) == [("parts", 1)]
    assert told(night(con, parted)) == [("kept", 0)]


def test_a_key_that_changes_hands_touches_both(con: duckdb.DuckDBPyConnection) -> None:
    parted = model(TOTAL, ["raw.item"], BY_KEY)
    night(con, parted)
    con.execute("UPDATE raw.item SET key = 9 WHERE amount = 12")
    assert told(night(con, parted)) == [("parts", 2)]


def test_where_most_has_changed_or_what_is_read_whole_the_whole_is_built(
    con: duckdb.DuckDBPyConnection,
) -> None:
    joined = model(NAMED, ["raw.item", "raw.name"], BY_KEY)
    night(con, joined)
    con.execute("UPDATE raw.item SET amount = amount + 1 WHERE key < 600")
    assert told(night(con, joined)) == [("whole", 0)]
    con.execute("UPDATE raw.name SET name = 'another' WHERE id = 3")
    assert told(night(con, joined)) == [("whole", 0)]


def test_a_row_that_is_referred_to_touches_those_that_name_it(con: duckdb.DuckDBPyConnection) -> None:
    reference = {"table": "raw.name", "key": ["id"], "input": "raw.item", "names": ["name"]}
    joined = model(NAMED, ["raw.item", "raw.name"], {**BY_KEY, "references": [reference]})
    night(con, joined)
    con.execute("UPDATE raw.name SET name = 'another' WHERE id = 3")
    # Items 3 and 1003 name it: those of keys 1 and 501.
    assert told(night(con, joined)) == [("parts", 2)]
    con.execute("INSERT INTO raw.name VALUES (5000, 'new')")
    assert told(night(con, joined)) == [("parts", 0)]
    con.execute("UPDATE raw.item SET name = 5000 WHERE amount = 500")
    assert told(night(con, joined)) == [("parts", 1)]


def test_now_touches_what_it_has_passed_on_its_way_on_and_back(con: duckdb.DuckDBPyConnection) -> None:
    parted = model(SEEN, ["raw.item", "config.run"], {**BY_KEY, "sees_until_now": True})
    night(con, parted)
    con.execute("UPDATE config.run SET run_id = 'b'")
    assert told(night(con, parted)) == [("kept", 0)]
    for moment, count in (("05:59", 0), ("06:00", 1), ("00:00", 1)):
        con.execute(f"UPDATE config.run SET as_of = '2026-03-01T{moment}Z'")
        assert told(night(con, parted)) == [("parts", count)]
    assert told(night(con, model(SEEN, ["raw.item", "config.run"], BY_KEY))) == [("whole", 0)]


def test_now_touches_what_still_lasts(con: duckdb.DuckDBPyConnection) -> None:
    parted = model(AGE, ["raw.item", "config.run"], {**BY_KEY, "lasting": {"raw.item": "ended IS NULL"}})
    night(con, parted)
    con.execute("UPDATE config.run SET as_of = as_of + INTERVAL 1 DAY")
    assert told(night(con, parted)) == [("parts", 1)]


@pytest.mark.parametrize("step", ["build_model", "check_model", "replace_parts"])
def test_what_was_killed_is_built_whole_next_time(
    con: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    parted = model(TOTAL, ["raw.item"], BY_KEY)
    if step == "replace_parts":
        night(con, parted)
        con.execute("UPDATE raw.item SET amount = 5000 WHERE amount = 12")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(incremental, step, die)
        with pytest.raises(KeyboardInterrupt):
            night(con, parted)
    assert told(night(con, parted)) == [("whole", 0)]


def test_what_breaks_its_promises_is_never_kept(con: duckdb.DuckDBPyConnection) -> None:
    parted = model(TOTAL, ["raw.item"], BY_KEY, not_null=["total"])
    night(con, parted)
    con.execute("UPDATE raw.item SET amount = NULL WHERE key = 6")
    for how in ("parts", "whole", "whole"):
        [built] = night(con, parted)
        assert (built.how, [failure.check for failure in built.failures]) == (how, ["not_null"])
    con.execute("UPDATE raw.item SET amount = 1 WHERE key = 6")
    assert night(con, parted)[0].failures == []


def test_rows_of_two_parts_may_not_share_a_key(con: duckdb.DuckDBPyConnection) -> None:
    by_amount = {"by": ["total"], "inputs": {"raw.item": ["amount"]}}
    parted = model("SELECT key, amount AS total FROM raw.item WHERE amount % 2 = 0", ["raw.item"], by_amount)
    night(con, parted)
    con.execute("UPDATE raw.item SET key = 9 WHERE amount = 12")
    [built] = night(con, parted)
    assert (built.how, [failure.check for failure in built.failures]) == ("parts", ["key"])


def test_the_ledger_tells_contents_apart_and_not_their_order(con: duckdb.DuckDBPyConnection) -> None:
    seen = Ledger(con)
    frame = pl.DataFrame({"a": ["x", None, "x"], "b": [None, "x", "y"], "c": [[1], [2, 3], None]})
    same = seen.digest_of(frame)
    assert seen.digest_of(frame.reverse()) == same
    for other in (
        frame.with_columns(pl.col("b").alias("a"), pl.col("a").alias("b")),
        frame.with_columns(pl.col("c").shift(1)),
        pl.concat([frame, frame.head(1)]),
        pl.concat([frame, frame]),
        frame.head(2),
        frame.clear(),
    ):
        assert seen.digest_of(other) != same


def test_an_emptied_ledger_builds_everything(con: duckdb.DuckDBPyConnection) -> None:
    plain = model(TOTAL, ["raw.item"])
    night(con, plain)
    Ledger(con).empty()
    assert told(night(con, plain)) == [("whole", 0)]
    assert told(night(con, plain)) == [("kept", 0)]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (
            {"by": ["amount"], "inputs": {"raw.item": ["amount"]}},
            "incremental.by: amount not among `columns`",
        ),
        (
            {"by": ["key"], "inputs": {"raw.other": ["key"]}},
            "incremental.inputs: raw.other not among `depends_on`",
        ),
        (
            {"by": ["key"], "inputs": {"raw.item": ["key", "began"]}},
            "each must have as many expressions as `by`",
        ),
        ({**BY_KEY, "lasting": {"raw.name": "id > 3"}}, "incremental.lasting: raw.name not among"),
        ({**BY_KEY, "sees": True}, "incremental.sees: Extra inputs are not permitted"),
    ],
)
def test_a_header_that_cannot_be_followed_is_refused(
    tmp_path: Path, how: dict[str, Any], message: str
) -> None:
    lines = "\n".join(f"{key} = {_toml(value)}" for key, value in how.items())
    (tmp_path / "staged").mkdir()
    (tmp_path / "staged" / "stg_total.sql").write_text(
        '/*\ndescription = "One row per key."\ndepends_on = ["raw.item"]\nkey = ["key"]\n'
        f'[columns]\nkey = "k"\ntotal = "t"\n[incremental]\n{lines}\n*/\n{TOTAL}',
        encoding="utf-8",
    )
    with pytest.raises(CatalogError) as refused:
        load_models(tmp_path)
    assert message in str(refused.value)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {_toml(one)}' for key, one in value.items()) + " }"
    return json.dumps(value)


def test_a_metric_is_computed_where_its_numbers_may_differ(
    fill_tables: Fill, models_behind: Callable[[list[str]], list[Model]]
) -> None:
    """One deployment; then an hour more, another deployment, and a metric that was gone for a while."""
    frequency = load_metrics()["deployment_frequency"].model_copy(update={"statistics": ["count"]})
    models = models_behind([*frequency.depends_on, *CALENDAR_TABLES])
    only = {frequency.name: frequency}
    with duckdb.connect() as con:

        def again() -> tuple[bool, float]:
            seen = Ledger(con)
            seen.look_at("facts.fct_deployment")
            is_kept = build_metric(con, seen, frequency, models, aggregation_frames(con)).is_kept
            ((count,),) = con.execute(
                "SELECT value FROM published.metric_values WHERE scope = 'organisation' AND grain = 'quarter'"
            ).fetchall()
            return is_kept, count

        fill_tables(
            con, {"deployment": [{"id": "d", "at": "2026-03-31T08:00Z"}], "as_of": "2026-03-31T20:00Z"}
        )
        build_all(con, models)
        open_published(con, Ledger(con), only)
        assert [again(), again()] == [(False, 1.0), (True, 1.0)]
        con.execute("UPDATE config.run SET as_of = as_of + INTERVAL 1 HOUR")
        assert again() == (True, 1.0)
        con.execute(
            "INSERT INTO facts.fct_deployment SELECT * REPLACE ('e' AS item_id) FROM facts.fct_deployment"
        )
        assert again() == (False, 2.0)
        open_published(con, Ledger(con), {})
        open_published(con, Ledger(con), only)
        assert again() == (False, 2.0)


def test_the_parts_beside_a_table_are_gone_afterwards(con: duckdb.DuckDBPyConnection) -> None:
    parted = model(TOTAL, ["raw.item"], BY_KEY)
    night(con, parted)
    con.execute("UPDATE raw.item SET amount = 5000 WHERE amount = 12")
    night(con, parted)
    attached = con.execute("SELECT database_name FROM duckdb_databases() WHERE NOT internal").fetchall()
    assert (attached, con.execute("SELECT current_database()").fetchall()) == ([("memory",)], [("memory",)])
