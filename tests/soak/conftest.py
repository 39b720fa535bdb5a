"""One organisation for all long runs, and what an undisturbed run leaves of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import chaos_proxy
import pytest
from running_site import Site, Undisturbed, assert_same_content, site_of, undisturbed_run

from pipelines.home import Home

SCALE = 0.25


@pytest.fixture(scope="session")
def chaos() -> ModuleType:
    """The module of the proxy."""
    return chaos_proxy


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A smaller organisation than the demo's."""
    with site_of(SCALE, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home folder that does not exist yet."""
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def undisturbed(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """One run with nothing in its way."""
    return undisturbed_run(site, Home(tmp_path_factory.mktemp("undisturbed") / "home"))


@pytest.fixture
def leaves_the_same(undisturbed: Undisturbed) -> Callable[[Home], None]:
    """Assert that a home holds what an undisturbed run leaves."""
    return lambda home: assert_same_content(home, undisturbed)
