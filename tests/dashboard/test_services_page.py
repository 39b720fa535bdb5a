"""The pages on services: all of them with what is nobody's, and one with its owners over time."""

import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import duckdb
import pytest
from page_text import markup, said, table
from streamlit.testing.v1 import AppTest

from dashboard import budgets

Open = Callable[..., AppTest]


@pytest.fixture
def changed(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Change a copy of the published snapshot, and show that one."""

    def change(*statements: str) -> None:
        home = shutil.copytree(published, tmp_path / "home")
        (path,) = (home / "snapshots").glob("*.duckdb")
        with duckdb.connect(str(path)) as con:
            for statement in statements:
                con.execute(statement)
        monkeypatch.setenv("OUTCOMES_HOME", str(home))

    return change


def test_it_opens_with_what_changed_and_what_is_nobodys(home: Path, open_page: Open) -> None:
    text = said(open_page("services"))
    assert (
        "In Q3 2026 change lead time changed clearly in two of 12 services: shorter in checkout; longer in "
        "pricing. Every service has an owner and two repositories are nobody's." in text
    )


def test_services_stand_under_departments_with_their_owners(read_page: Open) -> None:
    rows = table(read_page("services"), "Services, Q3 2026")
    heads = [row[0] for row in rows if len(row) == 1]
    names = [row[0] for row in rows if len(row) > 1]
    assert heads == ["Marketplace", "Platform"]
    assert names == [
        *("basket Beacon", "catalogue Atlas", "checkout Beacon", "pricing Drift", "promotions Drift"),
        *("reviews Cedar", "search Atlas"),
        *("identity Ember", "ledger Fjord", "notifications Harvest", "sign-in Ember", "warehouse-feed Grove"),
    ]
    assert len(set(re.findall(r'href="services\?service=([^&]+)', markup(read_page("services"))))) == 12


def test_what_is_nobodys_is_named_and_no_people_are(read_page: Open) -> None:
    rows = table(read_page("services"), "What is nobody&#x27;s")
    assert [row[:3] for row in rows] == [
        ["fennel/old-shop", "repository", "github"],
        ["fennel/tools", "repository", "github"],
        ["Mainframe", "service that incidents name (4)", "pagerduty"],
    ]


def test_a_service_that_nobody_owns_is_said(changed: Callable[..., None], open_page: Open) -> None:
    changed("update service_owner set valid_to = DATE '2026-10-01' where service = 'search'")
    assert "One service has no owner today" in said(open_page("services"))
    page = open_page("services", service="search")
    assert table(page, "Owners over time") == [
        ["Atlas", "31 Mar 2025", "1 Oct 2026", "not told"],
        ["No owner", "1 Oct 2026", "today", ""],
    ]


def test_owners_over_time_have_their_gaps(changed: Callable[..., None], open_page: Open) -> None:
    changed(
        "alter table service_owner add column origin VARCHAR; alter table service_owner add column "
        "is_assumed BOOLEAN",
        "delete from service_owner where service = 'search'",
        "insert into service_owner values ('search', 'atlas', NULL, DATE '2026-01-15', 'configuration', "
        "false)",
        "insert into service_owner values ('search', 'beacon', DATE '2026-03-01', NULL, 'catalogue', true)",
    )
    page = open_page("services", service="search")
    assert "owned by Beacon" in said(page)
    assert table(page, "Owners over time") == [
        ["Atlas", "the beginning", "15 Jan 2026", "the configuration"],
        ["Beacon", "1 Mar 2026", "today", "the service catalogue; for the time before it was told, assumed"],
        ["No owner", "15 Jan 2026", "1 Mar 2026", ""],
    ]


def test_one_service_has_all_its_numbers_beside_their_past(read_page: Open) -> None:
    page = read_page("services", service="checkout")
    assert "<h1>checkout</h1>" in markup(page)
    assert "Change lead time is clearly shorter than in Q2 2026" in said(page)
    rows = {row[0]: row for row in table(page, "Numbers of checkout, Q3 2026")}
    assert "Work in progress" in rows
    assert "Change lead time" not in rows, "it has a card"
    link = re.search(r'href="(metrics\?[^"]+)"[^>]*>Work in progress', markup(page))
    assert link
    assert unescape(link[1]) == "metrics?metric=Work+in+progress&scope=checkout%2C+service&quarter=Q3+2026"


def test_a_service_in_its_first_quarter(read_page: Open) -> None:
    assert "Q3 2026 is this service's first quarter" in said(read_page("services", service="ledger"))


@pytest.mark.parametrize(
    ("value", "floor", "left", "width", "is_low"),
    [
        (0.6, 0.0, "0.0", "60.0", False),  # all of the track is what may go wrong
        (0.15, 0.0, "0.0", "15.0", True),
        (0.5, -0.25, "20.0", "40.0", False),  # a quarter of a whole is left of zero: 0.25 of 1.25
        (-0.25, -0.25, "0.0", "20.0", True),
        (-3.0, -1.0, "0.0", "50.0", True),  # drawn to the edge
    ],
)
def test_a_bar_begins_at_nothing_left(
    value: float, floor: float, left: str, width: str, is_low: bool
) -> None:
    drawn = budgets.bar(value, floor)
    assert f'style="left:{left}%;width:{width}%"' in drawn
    assert ("eo-low" in drawn) == is_low


def budgets_of_three() -> tuple[str, str]:
    """What publishes an error budget of three services, of two quarters."""
    rows = ", ".join(
        f"('error_budget_left_in_quarter', 1, 'service', 'service:{service}', 'quarter', '{quarter}', "
        f"DATE '{start}', DATE '{end}', {complete}, 'ratio', {value}, 'ratio', 1)"
        for quarter, start, end, complete in (
            ("2026-Q2", "2026-04-01", "2026-07-01", True),
            ("2026-Q3", "2026-07-01", "2026-10-01", True),
        )
        for service, value in (("search", -0.12), ("basket", 0.18), ("checkout", 0.71))
    )
    catalogue = """insert into metric_catalog by name
        select * replace ('error_budget_left_in_quarter' as metric,
          'Error budget left in the quarter' as title, 'level' as kind, 'ratio' as unit,
          ['ratio'] as statistics, '{"ratio": 1}' as min_n, ['quarter'] as grains)
        from metric_catalog where metric = 'change_failure_rate'"""
    values = f"""insert into metric_values (metric, definition_version, scope_kind, scope, grain, period,
        period_start, period_end, is_complete, statistic, value, unit, n) values {rows}"""
    return catalogue, values


def test_budgets_are_told_beside_the_agreed_policy(changed: Callable[..., None], open_page: Open) -> None:
    changed(*budgets_of_three())
    page = open_page("services")
    finding = (
        "Of three services with a budget, search has used more than its budget and basket is below the line."
    )
    assert finding in said(page)
    assert "No policy was written down for below 25 %." in said(page)
    budget = {row[0]: row[2] for row in table(page, "Error budgets, Q3 2026")}
    assert budget == {"search": "12 % over", "basket": "18 %", "checkout": "71 %"}
    assert "No objective is set for catalogue," in said(page)


def test_a_journal_that_cannot_be_read_takes_no_number_away(
    changed: Callable[..., None], tmp_path: Path, open_page: Open
) -> None:
    changed(*budgets_of_three())
    (tmp_path / "home" / "journal.sqlite").write_bytes(b"not a database, but long enough for a look" * 40)
    page = open_page("services")
    assert "Numbers are not touched by it." in said(page)
    budget = {row[0]: row[2] for row in table(page, "Error budgets, Q3 2026")}
    assert budget == {"search": "12 % over", "basket": "18 %", "checkout": "71 %"}
