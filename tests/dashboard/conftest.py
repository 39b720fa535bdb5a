"""A published snapshot of a small made-up organisation, and pages opened on it."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
PAGE = """
from dashboard import layout, snapshot
from dashboard.app_pages import {name}
with layout.frame():
    {name}.page(snapshot.current())
"""


def load_builder() -> ModuleType:
    """The builder beside this file; tests/ is no package."""
    spec = importlib.util.spec_from_file_location("fake_snapshot", Path(__file__).parent / "fake_snapshot.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fake_snapshot"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session", autouse=True)
def _no_components_are_looked_for() -> Iterator[None]:
    """We use none, and Streamlit would read the metadata of every installed package for each page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", lambda *_: [])
        yield


@pytest.fixture(scope="session")
def fake() -> ModuleType:
    return load_builder()


@pytest.fixture(scope="session")
def published(fake: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder with one published snapshot; not to be changed by a test."""
    home = tmp_path_factory.mktemp("home")
    fake.build(home)
    return home


@pytest.fixture
def home(published: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OUTCOMES_HOME", str(published))
    return published


@pytest.fixture
def open_page() -> Callable[..., AppTest]:
    """Open `overview`, `team` or `metric` with selectors set through the address."""

    def opened(name: str, **query: str) -> AppTest:
        page = AppTest.from_string(PAGE.format(name=name), default_timeout=60)
        page.query_params.update(query)
        page.run()
        assert not page.exception, page.exception
        return page

    return opened


@pytest.fixture(scope="session")
def _opened() -> dict[tuple[str, ...], AppTest]:
    return {}


@pytest.fixture
def read_page(
    home: Path, open_page: Callable[..., AppTest], _opened: dict[tuple[str, ...], AppTest]
) -> Callable[..., AppTest]:
    """A page of the published snapshot that several tests read and none changes: opened once."""

    def found(name: str, **query: str) -> AppTest:
        key = (name, *(f"{one}={value}" for one, value in sorted(query.items())))
        if key not in _opened:
            _opened[key] = open_page(name, **query)
        return _opened[key]

    return found


@pytest.fixture
def whole_app() -> Callable[[], AppTest]:
    """Run the app as `streamlit run` would."""
    return lambda: AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
