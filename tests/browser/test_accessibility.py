"""Every page with axe: nothing serious of WCAG 2.2 A and AA, light and dark; and what axe cannot see."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def in_soak(path: str) -> Any:
    """Pages of parts that others have too are looked at in the long trials."""
    return pytest.param(path, marks=pytest.mark.soak)


ADDRESSES = [
    "/",
    "/health?of=Beacon",
    in_soak("/agenda?of=Beacon"),
    in_soak("/team?team=Nobody"),
    "/services",
    in_soak("/services?service=checkout"),
    "/survey?group=Marketplace",
    "/metrics?metric=Change+failure+rate",
    in_soak("/quality"),
    in_soak("/ingest"),
    in_soak("/settings"),
    "/protection",
]
VIEWS = ("Summary", "Waiting", "Flow", "Changes", "Reliability", "Survey", "Agreements", "Items")
EVERYTHING = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
BY_THEME = {"type": "rule", "values": ["color-contrast"]}
"""What another theme can break: the page's structure is the same in both."""
AXE = Axe()


def faults(page: Page, rules: dict[str, Any]) -> list[str]:
    """What axe calls serious or critical, on all that is on the page."""
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    response: dict[str, Any] = AXE.run(page, options=options).response
    found = []
    for violation in response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            nodes = violation["nodes"]
            found += [f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}" for node in nodes]
    return found


def check(page: Page, where: str) -> None:
    """Both themes of what is open, turned while it is open."""
    for scheme, rules in (("light", EVERYTHING), ("dark", BY_THEME)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert (where, scheme, faults(page, rules)) == (where, scheme, [])


@pytest.mark.parametrize("path", ADDRESSES)
def test_axe_finds_nothing_serious(path: str, visit: Visit) -> None:
    page = visit(path)
    page.locator(".eo").first.wait_for()
    check(page, path)


def test_axe_finds_nothing_serious_in_any_view_of_a_team(visit: Visit) -> None:
    page = visit("/team?team=Beacon")
    page.emulate_media(reduced_motion="reduce")  # else what is drawn anew is looked at while it fades in
    for view in VIEWS:
        tab = page.get_by_role("tab", name=view, exact=True)
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        page.get_by_role("tabpanel").locator(".eo").first.wait_for()
        page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        check(page, view)


def test_axe_finds_nothing_serious_in_a_form(visit: Visit) -> None:
    """Chosen numbers stand in chips of Streamlit's own, at whose contrast axe does not look."""
    page = visit("/health?of=Beacon&quarter=Q3+2026")
    page.get_by_role("button", name="Theme of Q3 2026").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").first.click()
    page.get_by_role("option").first.click()
    page.keyboard.press("Tab")
    chip = dialog.locator("[data-tag] span").first
    chip.wait_for()
    check(page, "theme")
    expect(chip).to_have_css("color", "rgb(20, 23, 26)")
