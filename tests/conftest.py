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


@pytest.fixture(scope="session", autouse=True)
def fixed_clock() -> Iterator[None]:
    """Start the session at `NOW`; from there the clock ticks, since threads and servers wait by it."""
    with time_machine.travel(NOW, tick=True):
        yield
