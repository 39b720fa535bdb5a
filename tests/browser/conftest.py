"""A browser, and the app served on loopback from a snapshot of the made-up organisation."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from ports import free_port

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
HOSTILE = "<b>Atlas</b> ![x](http://evil.example/x.png) :red[r] $x$"


def is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the app; team Cedar has a hostile name."""
    spec = importlib.util.spec_from_file_location("fake_snapshot", ROOT / "tests/dashboard/fake_snapshot.py")
    assert spec is not None
    assert spec.loader is not None
    builder = importlib.util.module_from_spec(spec)
    sys.modules["fake_snapshot"] = builder
    spec.loader.exec_module(builder)
    home = tmp_path_factory.mktemp("home")
    builder.build(home, {"cedar": HOSTILE})
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard" / "app.py")]
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    served = subprocess.Popen(command, env={**os.environ, "OUTCOMES_HOME": str(home)}, cwd=home)
    found = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            if is_up(found) or served.poll() is not None:
                break
            time.sleep(0.25)
        assert is_up(found), "the app did not start"
        yield found
    finally:
        served.terminate()
        served.wait(timeout=20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert chromium, "the browser tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield launched
        launched.close()


Visit = Callable[..., Page]


def is_streamlits_probe(message: ConsoleMessage) -> bool:
    """On a page's own address Streamlit first asks for its server below that address, and is told 404."""
    path = urlsplit(message.location.get("url", "")).path
    return path.count("/") > 2 and path.endswith(("/_stcore/health", "/_stcore/host-config"))


@pytest.fixture(scope="session")
def visitors(browser: Browser) -> dict[tuple[int, str], BrowserContext]:
    """Visitors by the width and the colours of their screens; they keep what they loaded, as people do."""
    return {}


@pytest.fixture
def visit(browser: Browser, visitors: dict[tuple[int, str], BrowserContext], address: str) -> Iterator[Visit]:
    """Open a page; afterwards nothing may stand on the console, and no other host may have been asked."""
    asked: set[str] = set()
    said: list[str] = []
    pages = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not is_streamlits_probe(message):
            said.append(message.text)

    def opened(path: str, width: int = 1280, scheme: str = "light") -> Page:
        if (width, scheme) not in visitors:
            screen = {"width": width, "height": 900}
            visitors[width, scheme] = browser.new_context(viewport=screen, color_scheme=scheme)  # type: ignore[arg-type]
        page = visitors[width, scheme].new_page()
        pages.append(page)
        page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
        page.on("console", note)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(address + path)
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=60_000)
        return page

    yield opened
    for page in pages:
        page.close()
    assert said == []
    assert asked <= {urlsplit(address).netloc, ""}
