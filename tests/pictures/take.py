"""Takes every page of a running demo, light and dark, wide and narrow, and checks what it sees.

    outcomes demo                                    # in another terminal
    python tests/pictures/take.py --into /tmp/pages   # pictures of every page, and a list of faults
    python tests/pictures/take.py --tour              # the pictures of the guided tour, into docs/pictures

It ends with 1 where a page has a fault: text that is cut, a page that scrolls sideways, a name of the code,
a number without what it counts, letters below 12 px, or not exactly one message.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[2]
TALLEST = 12_000
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTHS = (1280, 390)
VIEWS = ("Summary", "Waiting", "Flow", "Changes", "Reliability", "Survey", "Agreements", "Items")
PAGES = {
    "overview": "/",
    "overview-before": "/?quarter=Q2+2026",
    "health": "/health",
    "health-department": "/health?of=Delivery+Network",
    "health-team": "/health?of=Harbour",
    "health-open-quarter": "/health?of=Harbour&quarter=Q4+2026",
    "agenda": "/agenda",
    "agenda-team": "/agenda?of=Harbour",
    **{f"team-{view.lower()}": f"/team?team=Harbour&view={view}" for view in VIEWS},
    "services": "/services",
    "service": "/services?service=checkout-web",
    "survey": "/survey",
    "survey-department": "/survey?group=Ordering",
    "metric": "/metrics?metric=Change+failure+rate",
    "metric-of-a-team": "/metrics?metric=Change+lead+time&scope=Harbour%2C+team",
    "quality": "/quality",
    "ingest": "/ingest",
    "settings": "/settings",
    "protection": "/protection",
    "unknown": "/team?team=Harbor",
}
"""Every page, and every view of a page that has an address of its own."""
AT_THE_EDGES = {"overview": (360, 1920), "team-summary": (360, 1920)}
"""Two pages on the narrowest phone and on a wide screen too."""
TOUR: dict[str, tuple[str, int, Scheme, int]] = {
    "overview": ("overview", 1280, "light", 1500),
    "health-check": ("health-department", 1280, "light", 1700),
    "health-check-phone": ("health-team", 390, "dark", 1400),
    "team": ("team-summary", 1280, "light", 1500),
    "survey": ("survey", 1280, "light", 1200),
    "metric": ("metric", 1280, "dark", 1200),
}
"""File in docs/pictures: page, width, scheme, and how much of its height is shown."""
FAULTS = (Path(__file__).parent / "faults.js").read_text(encoding="utf-8")


def opened(browser: Browser, address: str, width: int, scheme: Scheme) -> Page:
    """A page with all of it in the window, drawn to its end."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(address)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=120_000)
    page.wait_for_timeout(1500)
    height = page.get_by_test_id("stMain").evaluate("e => e.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(max(900, height + 40), TALLEST)})
    page.wait_for_timeout(1500)
    return page


def take_all(browser: Browser, base: str, folder: Path, names: list[str]) -> int:
    """Every page in its widths, light and turned dark while it is open; how many faults there were."""
    faults = 0
    for name in names:
        for width in (*WIDTHS, *AT_THE_EDGES.get(name, ())):
            page = opened(browser, base + PAGES[name], width, "light")
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.wait_for_timeout(500)
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")
                for fault in page.evaluate(FAULTS):
                    faults += 1
                    print(f"{name} {width} {scheme}: {fault}", flush=True)
            page.context.close()
    return faults


def take_tour(browser: Browser, base: str, folder: Path) -> None:
    """The tour's pictures as WebP, which is a fifth of PNG."""
    with tempfile.TemporaryDirectory() as made:
        for file, (name, width, scheme, height) in TOUR.items():
            page = opened(browser, base + PAGES[name], width, scheme)
            shot = Path(made) / f"{file}.png"
            page.screenshot(path=shot, clip={"x": 0, "y": 0, "width": width, "height": height})
            page.context.close()
            Image.open(shot).convert("RGB").save(folder / f"{file}.webp", quality=82, method=6)


def main() -> int:
    """Read the options, take the pictures."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--base", default="http://127.0.0.1:8501", help="where the pages are served")
    options.add_argument("--into", type=Path, help="a folder for pictures of every page")
    options.add_argument("--only", action="append", choices=list(PAGES), help="a page; may be given again")
    options.add_argument("--tour", action="store_true", help="the tour's pictures, into docs/pictures")
    told = options.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        if told.tour:
            take_tour(browser, told.base, ROOT / "docs" / "pictures")
        if told.into is None:
            return 0
        told.into.mkdir(parents=True, exist_ok=True)
        return 1 if take_all(browser, told.base, told.into, told.only or list(PAGES)) else 0


if __name__ == "__main__":
    sys.exit(main())
