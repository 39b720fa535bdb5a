"""What holds for every test: no network and a clock that is always the same.

Sockets outside loopback are refused by pytest-socket (options in pyproject.toml), so a test that
forgets its local server fails rather than calling out. Processes that a test starts have the real
clock and the real network: give them explicit times and addresses on loopback.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

NOW = datetime(2026, 11, 4, 6, 0, tzinfo=UTC)
"""A Wednesday, two days after the last one of the sandbox organisation."""

COSTLY = ("address", "built", "line", "opened_once", "published", "running")
"""Fixtures that take long to make and serve many tests: one worker makes each and runs all of its tests."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a costly fixture together: before the workers look for groups."""
    for item in items:
        for name in COSTLY:
            if name in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.xdist_group(f"{item.path.parent.name} {name}"))
                break


@pytest.fixture(scope="session", autouse=True)
def fixed_clock() -> Iterator[None]:
    """Start the session at `NOW`; from there the clock ticks, since threads and servers wait by it."""
    with time_machine.travel(NOW, tick=True):
        yield
