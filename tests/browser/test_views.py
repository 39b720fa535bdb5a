"""Finding one's way: addresses, from a number to its items, files of the charts, paper, two who write."""

import csv
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
SHOWN = re.compile(r"([\d.,]+) (min|h|d)\b")
HOURS = {"min": 1 / 60, "h": 1.0, "d": 24.0}


def address_of(page: Page) -> str:
    """What would be sent to somebody else."""
    return re.sub(r"^https?://[^/]+", "", page.url)


def pick(page: Page, label: str, option: str) -> None:
    """Choose as people do with a long list: by typing."""
    box = page.get_by_label(label, exact=True).first
    box.click()
    box.fill(option)
    page.get_by_role("option", name=option, exact=True).click()


def cells(row: Locator) -> list[str]:
    return [cell.strip() for cell in row.locator("th, td").all_inner_texts()]


def test_selectors_and_tabs_write_the_address_and_the_address_opens_what_was_seen(visit: Visit) -> None:
    page = visit("/team?team=Beacon")
    page.get_by_role("tab", name="Items").click()
    pick(page, "Metric", "Deployment frequency")
    expect(page).to_have_url(re.compile("metric=Deployment"))
    pick(page, "Period", "week 33, 2026")
    found = "Deployment frequency, Beacon, week 33, 2026"
    expect(page.locator("p", has_text=found).first).to_be_visible()
    address = address_of(page)
    for named in ("team=Beacon", "view=Items", "metric=Deployment+frequency", "period=week+33%2C+2026"):
        assert named in address
    again = visit(address)
    expect(again.get_by_role("tab", name="Items")).to_have_attribute("aria-selected", "true")
    expect(again.locator("p", has_text=found).first).to_be_visible()


def test_a_number_is_followed_down_to_its_items(visit: Visit) -> None:
    page = visit("/")
    page.locator(".eo-table").first.get_by_role("link", name="Beacon", exact=True).click()
    card = page.locator(".eo-card", has_text="Change lead time")
    counted = re.search(r"half of (\d+) changes", card.inner_text())
    assert counted
    page.get_by_role("tab", name="Items").click()
    steps = page.locator("table", has=page.locator("caption", has_text="From rows to the number"))
    expect(steps).to_have_count(1)
    assert cells(steps.locator("tr").last)[:2] == ["Changes that make the number", counted[1]]
    items = page.locator("table", has=page.locator("caption", has_text="Items behind Change lead time"))
    assert items.locator("tbody tr").count() == min(20, int(counted[1]))
    assert items.get_by_role("link").first.get_attribute("href").startswith("https://git.example/")  # type: ignore[union-attr]


def body_of(table: Locator) -> list[list[str]]:
    """The cells of a table's rows, without its head."""
    read = "t => [...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.innerText.trim()))"
    rows: list[list[str]] = table.evaluate(read)
    return rows


def fold_of(page: Page, caption: str) -> Locator:
    """The folded table of a chart, opened and at rest: until then what it holds moves under the pointer."""
    fold = page.get_by_test_id("stExpander").filter(has=page.locator("caption", has_text=caption))
    fold.locator("summary").click()
    fold.locator("table").wait_for()
    # One that is cut short, since the page is drawn again, ends with an error: it is at rest then too.
    ended = "Promise.allSettled(f.getAnimations({subtree: true}).map(one => one.finished))"
    fold.evaluate(f"f => {ended}")
    return fold


def file_below(page: Page, fold: Locator) -> list[list[str]]:
    """The chart's file."""
    with page.expect_download() as waited:
        fold.get_by_role("button", name="Download as CSV").click()
    assert waited.value.suggested_filename.endswith(".csv")
    return list(csv.reader(Path(waited.value.path()).read_text(encoding="utf-8-sig").splitlines()))


@pytest.mark.parametrize("path", ["/", "/team?team=Beacon&view=Changes", "/services?service=checkout"])
def test_the_file_of_weekly_charts_holds_what_their_table_shows(visit: Visit, path: str) -> None:
    page = visit(path)
    fold = fold_of(page, "Change lead time") if path != "/" else fold_of(page, "week by week")
    table = fold.locator("table")
    names = cells(table.locator("thead tr"))[1:]
    shown = {}
    for week, *values in body_of(table):
        shown |= {(name, week): value for name, value in zip(names, values, strict=True)}
    shown = {place: value for place, value in shown.items() if value != "no number"}
    heads, *rows = file_below(page, fold)
    assert heads[:5] == ["series", "week of", "value", "unit", "state"]
    assert len(rows) == len(shown) > 0
    lead_times = 0
    for series, week, value, unit, state, *_ in rows:
        told = shown[series, spoken(week)]
        assert ("still open" in told) == (state == "still open")
        if unit in HOURS and (amount := SHOWN.match(told)):
            lead_times += 1
            said = float(amount[1].replace(",", "")) * HOURS[amount[2]]
            assert said == pytest.approx(float(value) * HOURS[unit], rel=0.06, abs=0.01)
    assert lead_times


def spoken(day: str) -> str:
    """`2 Nov 2026` of `2026-11-02`."""
    return f"{date.fromisoformat(day):%-d %b %Y}"


def test_the_file_of_a_metrics_dots_holds_what_their_table_shows(visit: Visit) -> None:
    page = visit("/metrics?metric=Change+failure+rate")
    fold = fold_of(page, "counted")
    shown = body_of(fold.locator("table"))
    heads, *rows = file_below(page, fold)
    assert heads == ["week from", "deployments", "counted against it"]
    assert rows == shown
    assert sum(int(row[1]) for row in rows) > sum(int(row[2]) for row in rows) > 0


def write_action(page: Page, what: str) -> None:
    page.get_by_role("button", name="Actions", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("What", exact=True).fill(what)
    dialog.get_by_label("How we will know").fill("We see it.")
    dialog.get_by_role("textbox", name="Owner").fill("Drift, lead")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()


def test_of_two_who_change_an_action_the_second_sees_both_texts_and_decides(visit: Visit) -> None:
    address = "/health?of=Drift&quarter=Q3+2026"
    page, other = visit(address), visit(address)
    write_action(page, "Try each runbook")
    for one in (page, other):
        one.get_by_role("button", name="Actions", exact=True).click()
        one.get_by_role("dialog").get_by_role("button", name="Change").click()
    for one, text in ((page, "Try half of them"), (other, "Try each of them, twice")):
        one.get_by_role("dialog").get_by_label("What", exact=True).fill(text)
        one.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    dialog = other.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing is lost yet.")
    expect(dialog.get_by_role("table")).to_contain_text("Try half of them")
    expect(dialog.get_by_role("table")).to_contain_text("Try each of them, twice")
    dialog.get_by_role("button", name="Keep mine").click()
    expect(dialog).to_be_hidden()
    expect(other.locator(".eo-part").last).to_contain_text("Try each of them, twice")
    expect(other.locator(".eo-part").last).not_to_contain_text("Try half of them")


def test_on_paper_there_is_the_page_and_nothing_to_press(visit: Visit) -> None:
    page = visit("/health?of=Beacon", scheme="dark")
    page.locator(".eo-part").last.wait_for()
    page.emulate_media(media="print")
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    for kind in ("combobox", "button"):
        assert [one.inner_text() for one in page.get_by_role(kind).all() if one.is_visible()] == []  # type: ignore[arg-type]
    expect(page.locator(".eo-part").last).to_be_visible()
    ink = page.locator("h1").evaluate("e => getComputedStyle(e).color")
    assert ink == "rgb(31, 35, 40)"
