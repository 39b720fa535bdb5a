"""Retention by SQL: cohorts from a real database, bounds, and errors that show neither URL nor data."""

import sqlite3
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy
from pydantic import ValidationError

from connectors.base import AuthError, Cursor, InputError, SourceContext, SourceUnavailable
from connectors.records import RetentionCount
from connectors.registry import discover
from connectors.retention_query.source import RetentionQuerySource, Row, Settings

SECRET = "pa55w0rd-of-the-reader"

# Cohorts by month of the first visit, as a product's own database counts them.
QUERY = """
-- who came back; one row per cohort and month
WITH first AS (SELECT user, min(day) AS day FROM visit GROUP BY user),
     cohort AS (SELECT user, date(day, 'start of month') AS start FROM first),
     size AS (SELECT start, count(*) AS users FROM cohort GROUP BY start)
SELECT cohort.start AS Cohort_Start, 'month' AS grain,
       (strftime('%Y', day) - strftime('%Y', cohort.start)) * 12
           + strftime('%m', day) - strftime('%m', cohort.start) AS period_number,
       users, count(DISTINCT visit.user) AS retained
FROM visit JOIN cohort USING (user) JOIN size ON size.start = cohort.start
GROUP BY 1, 3;
"""


@pytest.fixture
def database(tmp_path, monkeypatch) -> Path:
    """Four people: two begin in January, two in February; of the first two one is back in March."""
    path = tmp_path / "product.sqlite"
    with sqlite3.connect(path) as con:
        con.execute("CREATE TABLE visit (user TEXT, day TEXT)")
        con.executemany(
            "INSERT INTO visit VALUES (?, ?)",
            [
                ("a", "2026-01-03"),
                ("a", "2026-01-20"),
                ("b", "2026-01-31"),
                ("a", "2026-03-01"),
                ("c", "2026-02-02"),
                ("d", "2026-02-28"),
                ("c", "2026-03-31"),
                ("d", "2026-03-31"),
            ],
        )
    con.close()
    monkeypatch.setenv("PRODUCT_DB", f"sqlite:///{path}")
    return path


@pytest.fixture
def make(tmp_path):
    def build(query: str | None = QUERY, **keys: Any) -> RetentionQuerySource:
        start = keys.pop("history_start", None)
        settings = Settings(
            **{"name": "shop", "kind": "retention_query", "url_env": "PRODUCT_DB", "query": query, **keys}
        )
        return RetentionQuerySource(settings, SourceContext(None, (), str(tmp_path), start))

    return build


def read(source: RetentionQuerySource) -> list[RetentionCount]:
    return [one for batch in source.fetch("cohorts", "*", Cursor()) for one in batch.records]


def select(*rows: str) -> str:
    """A query whose rows are written out."""
    return " UNION ALL ".join(f"SELECT {row}" for row in rows)


GOOD = "'2026-01-01' AS cohort_start, 'week' AS grain, 0 AS period_number, 9 AS users, 9 AS retained"


def test_cohorts_are_counted_from_a_real_database(make, database):
    found = read(make())
    assert found[0] == RetentionCount(
        id="shop:month:2026-01-01:0",
        product="shop",
        grain="month",
        cohort_start=date(2026, 1, 1),
        period_number=0,
        users=2,
        retained=2,
        retained_or_later=None,
    )
    assert {(one.cohort_start.month, one.period_number): (one.users, one.retained) for one in found} == {
        (1, 0): (2, 2),
        (1, 2): (2, 1),
        (2, 0): (2, 2),
        (2, 1): (2, 2),
    }


def test_every_column(make, database):
    query = select(
        f"{GOOD}, 'till' AS product, 9 AS retained_or_later".replace("9 AS retained,", "4 AS retained,")
    )
    (one,) = read(make(query))
    assert (one.product, one.grain, one.retained, one.retained_or_later) == ("till", "week", 4, 9)
    assert one.id == "till:week:2026-01-01:0"


def test_the_name_of_the_product_may_stand_in_the_settings(make, database):
    assert read(make(select(GOOD), product="Till"))[0].product == "Till"


def test_a_colon_before_a_word_is_written_with_a_backslash(make, database):
    assert read(make(select(rf"{GOOD}, 'a\:b \:c' AS product")))[0].product == "a:b :c"


def test_patterns_choose_products(make, database):
    query = select(f"{GOOD}, 'till' AS product", f"{GOOD}, 'shop' AS product")
    assert [one.product for one in read(make(query, exclude=["till"]))] == ["shop"]


def test_cohorts_before_the_start_of_history_are_left_out(make, database):
    start = datetime(2026, 2, 1, tzinfo=UTC)
    assert {one.cohort_start.month for one in read(make(history_start=start))} == {2}


def test_a_query_may_stand_in_a_file(make, database, tmp_path):
    (tmp_path / "retention.sql").write_text("\ufeff" + QUERY, encoding="utf-8")
    assert len(read(make(None, query_file="retention.sql"))) == 4


def test_a_long_result_comes_in_batches(make, database):
    numbers = "WITH n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 2499) "
    query = f"{numbers} SELECT {GOOD.replace('0 AS period_number', 'i AS period_number')} FROM n"
    batches = list(make(query).fetch("cohorts", "*", Cursor()))
    assert [(len(batch.records), batch.is_final) for batch in batches] == [
        (1000, False),
        (1000, False),
        (500, True),
    ]


def test_an_empty_result(make, database):
    (batch,) = make(f"SELECT {GOOD} WHERE 1 = 0").fetch("cohorts", "*", Cursor())
    assert (batch.records, batch.is_final) == ([], True)


# --- rows that cannot be


@pytest.mark.parametrize(
    ("change", "place", "message"),
    [
        (
            ("9 AS retained", "10 AS retained"),
            "shop row 1",
            "retained <= retained_or_later <= users does not",
        ),
        (("9 AS users", "-1 AS users"), "shop row 1 column users", "greater than or equal to 0"),
        (("0 AS period_number", "0.5 AS period_number"), "shop row 1 column period_number", "integer"),
        (("'week'", "'fortnight'"), "shop row 1 column grain", "'day', 'week' or 'month'"),
        (("'2026-01-01'", "20260101"), "shop row 1 column cohort_start", "is not a day"),
        (("'2026-01-01'", "'2026-01-01 10:00:00'"), "shop row 1 column cohort_start", "is not a day"),
        (("'2026-01-01'", "NULL"), "shop row 1 column cohort_start", "is not a day"),
        (("9 AS users", "NULL AS users"), "shop row 1 column users", "integer"),
    ],
)
def test_a_row_that_cannot_be_is_named_without_its_data(make, database, change, place, message):
    with pytest.raises(InputError, match=message) as raised:
        read(make(select(GOOD.replace(*change))))
    assert raised.value.where == place
    assert "fortnight" not in str(raised.value)
    assert "20260101" not in str(raised.value)


def test_a_period_that_comes_twice_is_not_guessed(make, database):
    other = GOOD.replace("0 AS period_number", "1 AS period_number")
    (batch,) = make(select(GOOD, GOOD, other)).fetch("cohorts", "*", Cursor())
    assert [one.period_number for one in batch.records] == [0, 1]
    assert [(one.place, one.reason) for one in batch.unread] == [
        ("shop row 2", "a cohort's period comes twice")
    ]


def test_one_odd_row_does_not_cost_those_after_it(make, database):
    odd = GOOD.replace("'week'", "'fortnight'")
    later = GOOD.replace("0 AS period_number", "1 AS period_number")
    (batch,) = make(select(odd, GOOD, later)).fetch("cohorts", "*", Cursor())
    assert [one.period_number for one in batch.records] == [0, 1]
    assert [one.place for one in batch.unread] == ["shop row 1 column grain"]
    assert "fortnight" not in batch.unread[0].reason


def test_what_the_query_no_longer_returns_is_gone(make, database):
    """And it is asked for once."""
    source = make(exclude=["till"])
    source_of_all = make()
    assert read(source) == read(source_of_all)
    assert sorted(source.census("cohorts", "*")) == sorted(one.id for one in read(source_of_all))
    assert source.traffic.calls == 1
    assert discover()["retention_query"].census == {"cohorts": timedelta(0)}


def test_what_is_not_wanted_is_not_counted(make, database):
    source = make(select(f"{GOOD}, 'till' AS product", f"{GOOD}, 'shop' AS product"), exclude=["till"])
    read(source)
    assert list(source.census("cohorts", "*")) == ["shop:week:2026-01-01:0"]


def test_nothing_is_taken_for_gone_unless_all_was_read(make, database):
    source = make()
    with pytest.raises(SourceUnavailable, match=r"^shop: what the query returns was not read to its end"):
        list(source.census("cohorts", "*"))
    read(source)
    walk = source.fetch("cohorts", "*", Cursor())
    walk.send(None)
    walk.close()
    assert len(list(source.census("cohorts", "*"))) == 4, "one batch was all"
    source = make(most_rows=2)
    with pytest.raises(InputError):
        read(source)
    with pytest.raises(SourceUnavailable):
        list(source.census("cohorts", "*"))


@pytest.mark.parametrize(
    "value", ["2026-01-01", "2026-01-01 00:00:00", date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC)]
)
def test_days_come_in_several_forms(value):
    row = {"cohort_start": value, "grain": "day", "period_number": Decimal(3), "users": 5.0, "retained": "2"}
    assert Row.model_validate(row).cohort_start == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (f"SELECT {GOOD}, 'ada@example.org' AS email", "unknown or second column 'email'"),
        (f"SELECT {GOOD}, 1 AS USERS", "unknown or second column 'users'"),
        ("SELECT 1 AS users", "returns no column cohort_start"),
    ],
)
def test_columns_that_are_not_meant_are_refused(make, database, query, message):
    """What is not counted here may be about people, and is not taken along."""
    with pytest.raises(InputError, match=message) as raised:
        read(make(query))
    assert "ada" not in str(raised.value)


# --- bounds


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM visit",
        "SELECT 1; DROP TABLE visit",
        "/* SELECT */ UPDATE visit SET day = ''",
        "PRAGMA query_only = OFF",
        "",
        "-- SELECT 1",
    ],
)
def test_what_is_not_one_reading_query_is_refused(query):
    with pytest.raises(ValidationError, match="is not one query that reads"):
        Settings(name="shop", kind="retention_query", url_env="PRODUCT_DB", query=query)


def test_a_semicolon_in_a_text_is_no_second_statement():
    query = "SELECT ';' AS product -- a; b\n/* c; */ ;  "
    assert Settings(name="shop", kind="retention_query", url_env="PRODUCT_DB", query=query).query == query


def test_a_query_that_writes_after_all_is_refused_by_the_database(make, database):
    """A common table expression may hide a write; the connection itself refuses it."""
    with pytest.raises(InputError, match="the database refuses the query"):
        read(make("WITH gone AS (SELECT 1) DELETE FROM visit"))
    with sqlite3.connect(database) as con:
        assert con.execute("SELECT count(*) FROM visit").fetchone() == (8,)
    con.close()


def test_too_many_rows_end_the_reading(make, database):
    with pytest.raises(InputError, match=r"^shop: the query returns more than 3 rows\. "):
        read(make(most_rows=3))
    assert len(read(make(most_rows=4))) == 4


def test_a_query_that_takes_too_long_is_called_off(make, database):
    endless = "WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS users FROM n"
    with pytest.raises(SourceUnavailable, match=r"^shop: the query took longer than 0\.2 seconds\. "):
        read(make(endless, timeout_seconds=0.2))


class Connection:
    """Stands for one to a server: its dialect, and what it is told."""

    def __init__(self, name, failure=None, **dialect):
        self.dialect = SimpleNamespace(name=name, **dialect)
        self.connection = SimpleNamespace(driver_connection=object())
        self.told: list[str] = []
        self.is_closed = threading.Event()
        self._failure = failure

    def exec_driver_sql(self, statement):
        self.told.append(statement)

    def execution_options(self, **_):
        return self

    def execute(self, _):
        raise self._failure

    def close(self):
        self.is_closed.set()


@pytest.fixture
def serve(monkeypatch):
    """Put a server's connection in the place of a real one; there is no server here."""

    def answering(connect):
        monkeypatch.setenv("PRODUCT_DB", f"postgresql://reader:{SECRET}@db.example.org/x")
        engine = SimpleNamespace(connect=connect, dispose=lambda: None)
        monkeypatch.setattr(sqlalchemy, "create_engine", lambda *_, **__: engine)

    return answering


@pytest.mark.parametrize(
    ("connection", "told"),
    [
        (Connection("postgresql"), ["SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = 1500"]),
        (
            Connection("mysql", is_mariadb=False),
            ["SET SESSION TRANSACTION READ ONLY", "SET SESSION MAX_EXECUTION_TIME = 1500"],
        ),
        (
            Connection("mysql", is_mariadb=True),
            ["SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = 1.5"],
        ),
        (Connection("oracle"), []),
    ],
    ids=["postgresql", "mysql", "mariadb", "another"],
)
def test_the_server_itself_ends_a_query_that_takes_too_long(make, serve, connection, told):
    """Not every driver can call one off from another thread."""
    serve(lambda: connection)
    assert make(timeout_seconds=1.5).check()[0].is_fine
    assert connection.told == told


def test_a_database_that_does_not_answer_is_not_waited_for(make, serve):
    late, connection = threading.Event(), Connection("postgresql")

    def connect():
        late.wait(30)
        return connection

    serve(connect)
    with pytest.raises(SourceUnavailable, match=r"^shop: the database does not answer in time\. Check"):
        read(make(timeout_seconds=0.1))
    late.set()
    assert connection.is_closed.wait(10), "what comes too late is not left open"


def failed(kind, **told):
    orig = Exception("ada@example.org")
    for name, value in told.items():
        setattr(orig, name, value)
    return kind("SELECT 1", {}, orig)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (failed(sqlalchemy.exc.OperationalError, sqlstate="57014"), SourceUnavailable),
        (failed(sqlalchemy.exc.OperationalError, pgcode="57P01"), SourceUnavailable),
        (failed(sqlalchemy.exc.DBAPIError, sqlstate="08006"), SourceUnavailable),
        (failed(sqlalchemy.exc.OperationalError), SourceUnavailable),
        (failed(sqlalchemy.exc.InterfaceError), SourceUnavailable),
        (failed(sqlalchemy.exc.OperationalError, sqlite_errorcode=sqlite3.SQLITE_BUSY), SourceUnavailable),
        (failed(sqlalchemy.exc.InternalError, sqlstate="25006"), InputError),
        (failed(sqlalchemy.exc.ProgrammingError, sqlstate="42P01"), InputError),
        (failed(sqlalchemy.exc.DataError, sqlstate="22012"), InputError),
        (failed(sqlalchemy.exc.ProgrammingError), InputError),
    ],
    ids=[
        "called off",
        "shut down",
        "cut off",
        "mysql",
        "interface",
        "locked",
        "writes",
        "table",
        "data",
        "syntax",
    ],
)
def test_a_database_in_trouble_is_nobodys_mistake(make, serve, failure, error):
    serve(lambda: Connection("postgresql", failure))
    with pytest.raises(error) as raised:
        read(make())
    assert type(raised.value) is error
    assert "ada" not in str(raised.value)


def test_nothing_waits_after_the_reading(make, database):
    read(make(timeout_seconds=600))
    walk = make(timeout_seconds=600).fetch("cohorts", "*", Cursor())
    next(walk)
    walk.close()
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(5)
            assert not thread.is_alive()


# --- the database


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("", AuthError, "PRODUCT_DB is not set"),
        (f"not a url {SECRET}", AuthError, "PRODUCT_DB holds no SQLAlchemy URL"),
        (f"postgresql://reader:{SECRET}@db:port/x", AuthError, "PRODUCT_DB holds no SQLAlchemy URL"),
        (f"nosuchdb://reader:{SECRET}@db/x", SourceUnavailable, "is not installed"),
        (f"mysql+nosuchdriver://reader:{SECRET}@db/x", SourceUnavailable, "is not installed"),
        (f"sqlite:////nonexistent/{SECRET}/x", SourceUnavailable, "cannot be reached or refuses"),
    ],
)
def test_a_database_that_cannot_be_used(make, monkeypatch, url, error, message, caplog, capfd):
    monkeypatch.setenv("PRODUCT_DB", url)
    with pytest.raises(error, match=f"^shop: .*{message}") as raised:
        read(make())
    (finding,) = make().check()
    said = f"{raised.value}{finding.message}{caplog.text}{''.join(capfd.readouterr())}"
    assert SECRET not in said
    assert not finding.is_fine
    assert raised.value.__cause__ is None


def test_a_driver_that_is_not_installed_is_one_clear_line(make, monkeypatch):
    monkeypatch.setenv("PRODUCT_DB", f"postgresql+psycopg2://reader:{SECRET}@127.0.0.1/x")
    monkeypatch.setitem(sys.modules, "psycopg2", None)
    with pytest.raises(
        SourceUnavailable, match="the driver that the URL in PRODUCT_DB names is not installed"
    ):
        read(make())


def test_a_query_that_the_database_refuses(make, database, caplog):
    with pytest.raises(
        InputError, match=r"^shop: the database refuses the query \(OperationalError\)"
    ) as raised:
        read(make("SELECT secret_column FROM no_such_table"))
    assert "no_such_table" not in str(raised.value) + caplog.text


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"DROP TABLE visit", "is not one query that reads"),
    ],
)
def test_a_query_file_at_fault(make, database, tmp_path, content, message):
    if content is not None:
        (tmp_path / "q.sql").write_bytes(content)
    source = make(None, query_file="q.sql")
    with pytest.raises(InputError, match=f"^shop/query_file: {message}"):
        read(source)
    assert not source.check()[0].is_fine


@pytest.mark.parametrize("keys", [{}, {"query": "SELECT 1", "query_file": "q.sql"}])
def test_exactly_one_query(keys):
    with pytest.raises(ValidationError, match="needs either query or query_file"):
        Settings(name="shop", kind="retention_query", url_env="PRODUCT_DB", **keys)


def test_check_connects_and_does_not_run_the_query(make, database):
    source = make("SELECT * FROM no_such_table")
    (finding,) = source.check()
    assert (finding.where, finding.is_fine) == ("shop", True)
    assert finding.message == "connected to sqlite; the query is not run here"
    assert source.traffic.calls == 0
