"""The small organisation of `planted_work`, published once for the tests that only read it."""

import pytest
from planted_work import build, publish_planted


@pytest.fixture(scope="session")
def published(tmp_path_factory):
    """A connection to the warehouse from which snapshots are published, and the path of an honest one."""
    folder = tmp_path_factory.mktemp("planted")
    warehouse = build(folder)
    yield warehouse.con, publish_planted(warehouse.con, folder / "snapshot.duckdb")
    warehouse.close()
