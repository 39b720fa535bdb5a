"""Every page with axe: nothing serious of WCAG 2.2 A and AA, light and dark; and what axe cannot see."""

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

ADDRESSES = [
    "/",
    "/health?of=Beacon",
    "/team?team=Beacon",
    "/survey?group=Marketplace",
    "/metrics?metric=Change+failure+rate",
    "/quality",
    "/protection",
]
OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "resultTypes": ["violations"],
}
AXE = Axe()


def faults(page: Page) -> list[str]:
    """What axe calls serious or critical, on all that is on the page."""
    response: dict[str, Any] = AXE.run(page, options=OPTIONS).response
    found = []
    for violation in response["violations"]:
        if violation["impact"] in ("serious", "critical"):
            nodes = violation["nodes"]
            found += [f"{violation['id']}: {node['html'][:200]}: {node['failureSummary']}" for node in nodes]
    return found


@pytest.mark.parametrize("path", ADDRESSES)
def test_axe_finds_nothing_serious(path: str, visit: Callable[..., Page]) -> None:
    page = visit(path)
    page.locator(".eo").first.wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert (scheme, faults(page)) == (scheme, [])
