"""Runs one reading query on any database that SQLAlchemy reaches: bounded, and silent about its URL.

Nothing is ever committed, and where the database knows how, the connection is told to refuse writing and
to end the query itself when its time is up. Of other databases a query is called off by the driver's
`interrupt` or `cancel`; where there is neither, the time is looked at with each row, so that a query which
gives no row at all runs as long as the database lets it.
"""

import math
import os
import threading
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from connectors.base import AuthError, InputError, SourceUnavailable
from connectors.traffic import Traffic

if TYPE_CHECKING:
    from sqlalchemy import Connection

PREPARATIONS = {
    "postgresql": ("SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = {milliseconds}"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION MAX_EXECUTION_TIME = {milliseconds}"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION max_statement_time = {seconds}"),
    "sqlite": ("PRAGMA query_only = ON",),
}
"""What makes a connection refuse to write and end long queries, by the database's kind."""
CONNECT_SECONDS = 60.0
QUERY_AT_FAULT = ("22", "25006", "42")
"""What SQLSTATEs begin with that are about the query: data, writing, syntax and access."""
SQLITE_QUERY_AT_FAULT = (1, 8)
"""Its codes for an error in SQL and for writing."""


class Database:
    """A database as a URL in an environment variable names it.

    Args:
        name: the source's, for errors.
        url_env: the variable with the URL, which holds a secret.
        timeout_seconds: after which a query is called off.
        most_rows: that a result may have.
        traffic: counts the queries.
    """

    def __init__(
        self, name: str, url_env: str, timeout_seconds: float, most_rows: int, traffic: Traffic
    ) -> None:
        self._name = name
        self._url_env = url_env
        self._timeout_seconds = timeout_seconds
        self._most_rows = most_rows
        self._traffic = traffic

    def reach(self) -> str:
        """Connect, and tell the kind of database. Raises `SourceError`."""
        with self._connected() as connection:
            return str(connection.dialect.name)

    def rows(self, query: str, columns: Mapping[str, bool]) -> Generator[Mapping[str, Any], None, None]:
        """Run a query and yield its rows by column names in lower case. Close it, and the connection ends.

        Args:
            query: one statement that reads.
            columns: the names that the result may have, and whether each is required.

        Raises:
            SourceError: the database cannot be reached, refuses the query, or the result has other
                columns or too many rows.
        """
        import sqlalchemy  # noqa: PLC0415 - heavy, and most organisations need none

        with self._connected() as connection, self._deadline(connection) as is_late:
            self._traffic.calls += 1
            try:
                streaming = connection.execution_options(stream_results=True, max_row_buffer=1000)
                result = streaming.execute(sqlalchemy.text(query))
                keys = result.keys() if result.returns_rows else ()
                names = [str(key).lower() for key in keys]
                self._require(names, columns)
                for number, row in enumerate(result):
                    self._within_bounds(number, is_late)
                    yield dict(zip(names, row, strict=True))
            except sqlalchemy.exc.SQLAlchemyError as failure:
                self._within_bounds(0, is_late)
                raise self._refused(failure) from None

    def _within_bounds(self, number: int, is_late: threading.Event) -> None:
        if is_late.is_set():
            what = f"the query took longer than {self._timeout_seconds:g} seconds"
            raise SourceUnavailable(self._name, what, "Let it read less, or raise timeout_seconds") from None
        if number >= self._most_rows:
            fix = "Let the query group further, or raise most_rows"
            raise InputError(self._name, f"the query returns more than {number} rows", fix)

    def _refused(self, failure: Exception) -> InputError | SourceUnavailable:
        """What a failed query means. The database's own words may repeat data and are not told."""
        kind = type(getattr(failure, "orig", None) or failure).__name__
        fix = "Try it in the database's own client, as the same user"
        if _is_about_the_query(failure):
            return InputError(self._name, f"the database refuses the query ({kind})", fix)
        what = f"the database broke off the query ({kind})"
        return SourceUnavailable(self._name, what, f"Run again; where it lasts: {fix.lower()}")

    def _require(self, names: list[str], columns: Mapping[str, bool]) -> None:
        """Raise `InputError` where the result's columns are not those that are meant."""
        for name in names:
            if name not in columns or names.count(name) > 1:
                what = f"the query returns an unknown or second column {name[:40]!r}"
                fix = f"Return only {', '.join(columns)}"
                raise InputError(self._name, what, fix, reason="an unknown or second column")
        missing = [name for name, is_required in columns.items() if is_required and name not in names]
        if missing:
            what = f"the query returns no column {missing[0]}"
            raise InputError(self._name, what, f"Return {', '.join(columns)}")

    @contextmanager
    def _connected(self) -> Iterator["Connection"]:
        """A connection that refuses to write, where it can. Raises `SourceError`."""
        import sqlalchemy  # noqa: PLC0415 - see above

        engine = self._engine()
        try:
            connection = self._connect(engine)
            dialect = connection.dialect
            kind = "mariadb" if getattr(dialect, "is_mariadb", False) else dialect.name
            for statement in PREPARATIONS.get(kind, ()):
                seconds = self._timeout_seconds
                connection.exec_driver_sql(
                    statement.format(seconds=seconds, milliseconds=math.ceil(seconds * 1000))
                )
        except (sqlalchemy.exc.SQLAlchemyError, OSError) as failure:
            kind = type(getattr(failure, "orig", None) or failure).__name__
            what = f"the database cannot be reached or refuses the credential ({kind})"
            raise SourceUnavailable(self._name, what, f"Check the URL in {self._url_env}") from None
        try:
            yield connection
        finally:
            with suppress(Exception):  # what was read is read; a broken connection cannot be closed
                connection.close()
            engine.dispose()

    def _connect(self, engine: Any) -> "Connection":
        """A connection, if it comes in time; drivers differ in how long they would wait."""
        coming: Future[Connection] = Future()

        def connect() -> None:
            try:
                connection = engine.connect()
            except BaseException as failure:  # noqa: BLE001 - raised where it is waited for
                if coming.set_running_or_notify_cancel():
                    coming.set_exception(failure)
                return
            if coming.set_running_or_notify_cancel():
                coming.set_result(connection)
            else:  # nobody waits any more
                connection.close()

        threading.Thread(target=connect, daemon=True).start()
        try:
            return coming.result(min(CONNECT_SECONDS, self._timeout_seconds))
        except TimeoutError:
            if coming.cancel():
                what = "the database does not answer in time"
                raise SourceUnavailable(self._name, what, f"Check the URL in {self._url_env}") from None
            return coming.result()

    def _engine(self) -> Any:
        import sqlalchemy  # noqa: PLC0415 - see above

        url = os.environ.get(self._url_env, "").strip()
        if not url:
            fix = f"Set the environment variable {self._url_env} to a SQLAlchemy URL"
            raise AuthError(self._name, f"{self._url_env} is not set", fix)
        try:
            return sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool, hide_parameters=True)
        except (ImportError, sqlalchemy.exc.NoSuchModuleError):
            what = f"the driver that the URL in {self._url_env} names is not installed"
            fix = "Install it beside this program, for example psycopg, or name another one in the URL"
            raise SourceUnavailable(self._name, what, fix) from None
        except (sqlalchemy.exc.ArgumentError, ValueError):
            fix = "Write dialect+driver://user:password@host/database"
            raise AuthError(self._name, f"{self._url_env} holds no SQLAlchemy URL", fix) from None

    @contextmanager
    def _deadline(self, connection: "Connection") -> Iterator[threading.Event]:
        """Call the query off when its time is up; the event tells that this has happened."""
        is_up = threading.Event()
        driver = connection.connection.driver_connection
        call_off = getattr(driver, "interrupt", None) or getattr(driver, "cancel", None)

        def strike() -> None:
            is_up.set()
            with suppress(Exception):  # a driver that cannot is asked between two rows
                call_off and call_off()

        timer = threading.Timer(self._timeout_seconds, strike)
        timer.daemon = True
        timer.start()
        try:
            yield is_up
        finally:
            timer.cancel()


def _is_about_the_query(failure: Exception) -> bool:
    """Whether a query is refused for what it says; else the database or the way to it is in trouble."""
    import sqlalchemy  # noqa: PLC0415 - see above

    if getattr(failure, "connection_invalidated", False):
        return False
    orig = getattr(failure, "orig", None)
    state = getattr(orig, "sqlstate", None) or getattr(orig, "pgcode", None)
    if isinstance(state, str):
        return state.startswith(QUERY_AT_FAULT)
    code = getattr(orig, "sqlite_errorcode", None)
    if code is not None:
        return code in SQLITE_QUERY_AT_FAULT
    trouble = (
        sqlalchemy.exc.InterfaceError,
        sqlalchemy.exc.InternalError,
        sqlalchemy.exc.OperationalError,
        sqlalchemy.exc.TimeoutError,
    )
    return not isinstance(failure, trouble)
