"""What every asset works on: the home folder, its lock, the warehouse; and a run's options."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import dagster as dg
from pydantic import Field, PrivateAttr

from pipelines.home import Home, only_run
from pipelines.ledger import Ledger
from pipelines.warehouse import Warehouse

CONFIGURATION = dg.AssetKey(["config", "outcomes_toml"])
OWNER = "team:engineering-outcomes"
"""Whoever keeps the pipeline: the owner of all that names none itself, as metrics do."""
EVERY_NIGHT = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=26), fail_window=timedelta(hours=50))
"""One missed night is a warning, two are a failure, at whatever hour the nights are."""


class RunOptions(dg.Config):
    """How one run differs from the nightly one. Times are ISO texts."""

    as_of: str | None = None
    since: str | None = None
    sources: list[str] = Field(default_factory=list)
    full: bool = False
    rebuild: bool = False
    is_demo: bool = False

    def now(self) -> datetime:
        """The moment that every calculation of this run calls now."""
        return datetime.fromisoformat(self.as_of) if self.as_of else datetime.now(UTC)

    def since_moment(self) -> datetime | None:
        """The start of a first sync that replaces the configured one."""
        return datetime.fromisoformat(self.since) if self.since else None


class Workspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The home folder, locked for the whole run, with its warehouse open."""

    _home: Home = PrivateAttr()
    _warehouse: Warehouse = PrivateAttr()
    _ledger: Ledger = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Workspace"]:
        """Take the lock, open the warehouse, and let go of both at the end."""
        self._home = Home.from_environment()
        with only_run(self._home):
            self._warehouse = Warehouse(self._home.warehouse)
            try:
                self._ledger = Ledger(self._warehouse.con)
                yield self
            finally:
                self._warehouse.close()

    @property
    def home(self) -> Home:
        """The home folder."""
        return self._home

    @property
    def warehouse(self) -> Warehouse:
        """The open warehouse."""
        return self._warehouse

    @property
    def ledger(self) -> Ledger:
        """What this run knows of the tables' contents."""
        return self._ledger
