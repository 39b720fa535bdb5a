"""A browser, and the app served on loopback from a snapshot of the made-up organisation."""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
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
