"""However a history is cut into nights, the warehouse ends as if it had been read at once.

The real connectors read the sandbox's servers, which show the organisation as of any moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.registry import discover
from connectors.sandbox.configuration import TOKEN_VARIABLE, write_configuration
from connectors.sandbox.servers import Running, serve
from connectors.sandbox.simulation import build
from connectors.sandbox.world import World
from pipelines.config import load
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.ingest import ingest
from pipelines.sources import censuses, create_sources, history_start
from pipelines.warehouse import RECORD_BY_TABLE, Warehouse, columns_of

SCALE = 0.04
MANY = 25
PARTS = st.lists(st.floats(0.05, 0.99), min_size=1, max_size=3).map(sorted)
"""The moments of earlier nights, as parts of the history."""

Rows = Mapping[str, list[tuple[Any, ...]]]


@dataclass
class Place:
    """The servers, what they show, and the configuration that leads to them."""

    world: World
    running: Running
    configuration: Configuration
    folder: Path

    def read(self, parts: Sequence[float]) -> tuple[Rows, int]:
        """Read in nights at these parts of the history, at its end, and once more.

        Returns what is there in the end, and how many rows the last night changed.
        """
        home = Home(Path(mkdtemp(dir=self.folder)) / "home")  # an example may come twice
        start = min(one.created_at for one in self.world.work_items)
        span = self.world.as_of - start
        with closing(Warehouse(home.warehouse)) as warehouse:
            for number, part in enumerate([*parts, 1.0, 1.0]):
                self.running.move_to(start + timedelta(seconds=int(span.total_seconds() * part)))
                changed = self._night(warehouse, home, f"night-{number}")
            return _present(warehouse), changed

    def _night(self, warehouse: Warehouse, home: Home, run_id: str) -> int:
        kinds = {one.name: one.kind for one in self.configuration.sources}
        sources = {
            name: (source, tuple(discover()[kinds[name]].streams))
            for name, source in create_sources(self.configuration, home).items()
        }
        results = ingest(
            warehouse,
            run_id,
            sources,
            history_start=history_start(self.configuration),
            censuses=censuses(self.configuration),
        )
        assert [one.error for one in results if one.error] == []
        return sum(one.rows_changed for one in results)


def _present(warehouse: Warehouse) -> Rows:
    """Every row that has not left its source, nor its parent, without when it was read."""
    found = {}
    for table, record in RECORD_BY_TABLE.items():
        names = ", ".join(f'"{name}"' for name in columns_of(record))
        parents = " UNION ALL ".join(
            f'SELECT source, id FROM raw."{one.table}" WHERE gone_at IS NOT NULL'
            for one in RECORD_BY_TABLE.values()
            if table in one.children
        )
        is_orphan = f' AND (source, "{record.parent}") IN ({parents})' if parents else " AND false"
        found[table] = warehouse.con.execute(
            f'SELECT source, {names} FROM raw."{table}" WHERE gone_at IS NULL '
            f"AND NOT (true{is_orphan}) ORDER BY source, id"
        ).fetchall()
    return found


@contextmanager
def _place(folder: Path) -> Iterator[Place]:
    world = build(seed=5, scale=SCALE, with_scenarios=True)
    with pytest.MonkeyPatch.context() as patch, serve(world) as running:
        patch.setenv(TOKEN_VARIABLE, "any")
        write_configuration(folder / "outcomes.toml", running.urls, world)
        yield Place(world, running, load(folder / "outcomes.toml"), folder)


def _agree(place: Place, at_once: Rows, parts: Sequence[float]) -> None:
    rows, changed = place.read(parts)
    assert changed == 0, "fetching again changes nothing"
    for table, expected in at_once.items():
        assert rows[table] == expected, table


@pytest.mark.soak
def test_many_nights_end_alike(tmp_path: Path) -> None:
    with _place(tmp_path) as place:
        at_once, changed = place.read([])
        assert changed == 0
        assert at_once["pull_request"]
        assert at_once["incident"]

        @settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
        @given(parts=PARTS)
        def any_nights(parts: list[float]) -> None:
            _agree(place, at_once, parts)

        any_nights()
