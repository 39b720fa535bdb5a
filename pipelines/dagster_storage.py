"""Dagster's history in SQLite, as it is by default, but with connections that are kept.

Dagster opens a new engine for every event, which a run writes by the thousand: each statement is
compiled anew, which takes four times as long as writing the event. And for each event of an asset it
reads again which columns a table has. Files and tables are the same; who goes back to Dagster's own class
in `dagster.yaml` finds everything.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from sqlalchemy import Connection, Engine, create_engine

KEPT_CONNECTIONS = 4
"""How many files stay open: a run writes into its own and into the index of all runs."""
BUSY_SECONDS = 60
"""How long to wait for another process that writes, as Dagster does."""


class EventLog(SqliteEventLogStorage):
    """Events of runs, a file for each run and one for what is asked across runs."""

    def __init__(self, base_dir: str) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._known_columns = set[str]()
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        """Whether the table of assets has a column: asked for each event, and true once it is so."""
        if column_name not in self._known_columns and super()._has_asset_key_col_on_connection(
            conn, column_name
        ):
            self._known_columns.add(column_name)
        return column_name in self._known_columns

    def _engine(self, shard: str) -> Engine:
        """The engine of a file; the one that was used longest ago is closed for a new one."""
        if shard not in self._engines:
            # The lock above sees to it that one thread at a time uses the only connection.
            self._engines[shard] = create_engine(
                self.conn_string_for_shard(shard),
                pool_size=1,
                connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
            )
        self._engines.move_to_end(shard)
        while len(self._engines) > KEPT_CONNECTIONS:
            _, eldest = self._engines.popitem(last=False)
            eldest.dispose()
        return self._engines[shard]

    def _close(self) -> None:
        with self._db_lock:
            while self._engines:
                _, engine = self._engines.popitem()
                engine.dispose()

    def wipe(self) -> None:
        """Delete every event; the files go, so their connections must."""
        self._close()
        super().wipe()

    def dispose(self) -> None:
        """Close what is open."""
        super().dispose()
        self._close()


class SqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite with the event log above."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(str(Path(base_dir, "history", "runs")))

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "SqliteStorage":
        """As Dagster makes it from `dagster.yaml`."""
        return cls.from_local(inst_data=inst_data, **config_value)
