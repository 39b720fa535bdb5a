"""A published snapshot of a small made-up organisation, and pages opened on it."""

import importlib.util
import sys
from collections.abc import Callable
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


@pytest.fixture
def whole_app() -> Callable[[], AppTest]:
    """Run the app as `streamlit run` would."""
    return lambda: AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=60).run()
