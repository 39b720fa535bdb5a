"""The pages in a real browser: they show, they fit, they call nowhere else."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PAGES = {
    "/": ("Overview", "In Q3 2026 change lead time changed clearly in two of eight teams"),
    "/team?team=Beacon": ("Beacon", "Change lead time is clearly shorter than in Q2 2026"),
    "/metrics?metric=Change+failure+rate": (
        "Change failure rate",
        "Which share of deployments had to be mended?",
    ),
}
BACKGROUND = {"light": "rgb(251, 250, 247)", "dark": "rgb(20, 23, 26)"}
LINE = {"light": "rgb(27, 94, 158)", "dark": "rgb(125, 181, 238)"}
Visit = Callable[..., Page]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_shows_its_heading_its_finding_and_its_charts_in_the_theme_of_the_system(
    visit: Visit, path: str
) -> None:
    page = visit(path)
    heading, finding = PAGES[path]
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    expect(page.locator(".eo-lede")).to_contain_text(finding)
    chart = page.get_by_test_id("stVegaLiteChart").first
    expect(chart.locator("svg").first).to_be_visible()
    for scheme, background in BACKGROUND.items():
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        expect(page.locator('[data-testid="stApp"]').first).to_have_css("background-color", background)
        line = page.locator('[data-testid="stVegaLiteChart"] .mark-line path')
        if line.count():
            expect(line.first).to_have_css("stroke", LINE[scheme])
    assert line.count() or "metrics" in path


@pytest.mark.parametrize("path", ["/", pytest.param("/survey?group=Marketplace", marks=pytest.mark.soak)])
def test_nothing_scrolls_sideways(visit: Visit, path: str) -> None:
    page = visit(path, width=320)
    page.locator(".eo-lede").wait_for()
    if path in PAGES:
        page.get_by_test_id("stVegaLiteChart").first.locator("svg").first.wait_for()
    for width in (320, 390, 768, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        # A page turned to another width draws its charts anew.
        page.wait_for_function(
            "() => { const e = document.querySelector('[data-testid=stMain]'); "
            "return e.scrollWidth <= e.clientWidth }"
        )
        wide = page.get_by_test_id("stMain").evaluate(
            "e => [...e.querySelectorAll('.eo *')].filter(x => "
            "!x.closest('.eo-long, pre, caption, thead') && x.getBoundingClientRect().right > "
            "e.clientWidth + 1).map(x => x.className || x.tagName)"
        )
        assert (width, wide) == (width, [])


def test_every_chart_has_a_name_and_a_table(visit: Visit) -> None:
    page = visit("/team?team=Beacon")
    charts = page.get_by_test_id("stVegaLiteChart")
    charts.first.locator("svg").first.wait_for()
    assert 0 < charts.count() <= 9
    for i in range(charts.count()):
        name = charts.nth(i).evaluate(
            "e => [e, ...e.querySelectorAll('[aria-label]')].map(x => x.ariaLabel).find(Boolean)"
        )
        assert name
        assert "Beacon" in name or "Open work by age" in name
    fold = page.get_by_text("The same as a table").first
    fold.click()
    table = page.locator("table", has=page.locator("caption", has_text="Week by week")).first
    expect(table.get_by_role("columnheader").first).to_have_text("Week of")


def test_a_team_is_reached_by_keyboard(visit: Visit) -> None:
    page = visit("/")
    link = page.locator(".eo-table").first.get_by_role("link", name="Beacon", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Beacon")


def test_a_hostile_name_stays_text(visit: Visit) -> None:
    page = visit(
        "/team?team=%3Cb%3EAtlas%3C%2Fb%3E%20!%5Bx%5D(http%3A%2F%2Fevil.example%2Fx.png)%20%3Ared%5Br%5D%20%24x%24"
    )
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "<b>Atlas</b> ![x](http://evil.example/x.png) :red[r] $x$"
    )
    assert page.locator('img[src*="evil"]').count() == 0
