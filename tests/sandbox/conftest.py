"""A small world with the scenarios, and servers that show it."""

from collections.abc import Iterator

import pytest

from connectors.sandbox.servers import Running, serve
from connectors.sandbox.simulation import build
from connectors.sandbox.world import World


@pytest.fixture(scope="session")
def world() -> World:
    return build(seed=7, scale=0.2, with_scenarios=True)


@pytest.fixture(scope="session")
def running(world: World) -> Iterator[Running]:
    with serve(world, with_sonar=True) as servers:
        yield servers
