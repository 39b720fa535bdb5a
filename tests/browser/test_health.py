"""The health check in a real browser: its address, writing an action, taking it along, a phone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
HOSTILE = "<img src=x onerror=alert(1)> =HYPERLINK(1) **runbook**"


def test_every_view_has_its_address(visit: Visit) -> None:
    page = visit("/health?of=Beacon&quarter=Q2+2026")
    expect(page.get_by_role("heading", level=1)).to_have_text("Health check, Q2 2026")
    expect(page.locator(".eo-meta b").first).to_have_text("Beacon")
    page.get_by_label("Quarter").click()
    page.get_by_role("option", name="Q3 2026").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Health check, Q3 2026")
    again = visit(page.url.removeprefix(page.url.partition("/health")[0]))
    expect(again.get_by_role("heading", level=1)).to_have_text("Health check, Q3 2026")
    expect(again.locator(".eo-meta b").first).to_have_text("Beacon")


def test_an_action_that_is_written_is_text_and_stays(visit: Visit) -> None:
    page = visit("/health?of=Atlas&quarter=Q3+2026")
    page.get_by_role("button", name="Actions", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What", exact=True).fill(HOSTILE)
    dialog.get_by_label("How we will know").fill("Half of the incidents end with it.")
    dialog.get_by_role("textbox", name="Owner").fill("Atlas, lead")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    row = page.locator("table", has=page.locator("caption", has_text="Actions for the next quarter"))
    expect(row).to_contain_text(HOSTILE)
    other = visit("/health?of=Atlas&quarter=Q3+2026")
    expect(other.locator(".eo-part").last).to_contain_text(HOSTILE)
    assert other.locator("img[src=x]").count() == 0


def test_it_can_be_taken_along(visit: Visit) -> None:
    """Of a department, whose PDF has a page for each of its teams."""
    page = visit("/health?of=Marketplace")
    for label, begins in (("Markdown", b"# Health check"), ("HTML", b"<!"), ("PDF", b"%PDF-")):
        with page.expect_download() as waited:
            page.get_by_role("button", name=f"Download as {label}").click()
        taken = Path(waited.value.path()).read_bytes()
        assert taken.startswith(begins)
    counted = re.findall(rb"/Type\s*/Pages\s*/Count (\d+)", taken)
    assert max(map(int, counted)) >= 1 + 1 + 4, "for leaders, what that leaves out, and four teams"


def test_an_unknown_team_is_said_and_none_shown_in_its_place(visit: Visit) -> None:
    page = visit("/health?of=Nobody")
    expect(page.get_by_role("heading", level=1)).to_have_text("Nothing by that name")
    expect(page.get_by_role("link", name="This page from its start")).to_be_visible()


def test_on_a_phone_nothing_scrolls_sideways(visit: Visit) -> None:
    page = visit("/health?of=Marketplace", width=320)
    page.locator(".eo-part").last.wait_for()
    for width in (320, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            "() => { const e = document.querySelector('[data-testid=stMain]'); "
            "return e.scrollWidth <= e.clientWidth }"
        )
