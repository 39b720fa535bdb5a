"""What holds for every test: no network and a clock that is always the same.

Sockets outside loopback are refused by pytest-socket (options in pyproject.toml), so a test that
forgets its local server fails rather than calling out. Processes that a test starts have the real
clock and the real network: give them explicit times and addresses on loopback.
"""

import gc
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import pytest
import time_machine
from sqlalchemy import Connection

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


def pytest_collection() -> None:
    """What is imported and collected stays until the end: nobody is to look for garbage in it."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor is any page or test, each of which would."""
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """At the end it goes as anything else: libraries complain of what they find alive."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def no_installed_components() -> Iterator[None]:
    """Whoever opens pages has imported Streamlit, which would look through all packages for each of them."""
    manager = "streamlit.components.v2.component_manager.BidiComponentManager"
    if "streamlit.testing.v1" not in sys.modules:
        yield
        return
    with mock.patch(f"{manager}.discover_and_register_components"):
        yield


@pytest.fixture(scope="session", autouse=True)
def parts_validated_once() -> Iterator[None]:
    """Altair holds each part of each chart against Vega-Lite's schema: each once."""
    if "altair" not in sys.modules:
        yield
        return
    from altair.utils import schemapi

    validate = schemapi.validate_jsonschema
    valid = set[tuple[str | int, str]]()

    def once(
        spec: Any, schema: dict[str, Any], rootschema: dict[str, Any] | None = None, **how: Any
    ) -> Exception | None:
        part = (schema.get("$ref", id(schema)), json.dumps(spec))
        error = None if part in valid else validate(spec, schema, rootschema, **how)
        if error is None:
            valid.add(part)
        return error

    with mock.patch.object(schemapi, "validate_jsonschema", once):
        yield


@pytest.fixture(scope="session", autouse=True)
def kept_connection() -> Iterator[None]:
    """Dagster's history in memory opens a connection and reads the columns of a table for each event."""
    if "dagster" not in sys.modules:
        yield
        return
    from dagster._core.storage.event_log.in_memory import InMemoryEventLogStorage

    @contextmanager
    def connect(self: InMemoryEventLogStorage) -> Iterator[Connection]:
        with self._db_lock, self._held_conn.begin():
            yield self._held_conn

    with (
        mock.patch.object(InMemoryEventLogStorage, "_connect", connect),
        mock.patch.object(InMemoryEventLogStorage, "_has_asset_key_col_on_connection", return_value=True),
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def fixed_clock() -> Iterator[None]:
    """Start the session at `NOW`; from there the clock ticks, since threads and servers wait by it."""
    with time_machine.travel(NOW, tick=True):
        yield
