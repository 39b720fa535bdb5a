"""A page of a quarter after which another has closed is of that quarter: nothing later is drawn on it."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from page_text import markup, said
from streamlit.testing.v1 import AppTest

from dashboard import snapshot, trends

Open = Callable[..., AppTest]
NAMED = re.compile(r'class="eo-spark"[^>]* aria-label="([^"]*)"')


def last_quarters(page: AppTest) -> set[str]:
    """The quarter in which each line of quarters ends."""
    return {re.findall(r"Q[1-4] 20\d\d", label)[-1] for label in NAMED.findall(markup(page))}


def test_lines_of_quarters_end_with_the_quarter_or_with_the_open_one_after_it(
    home: Path, open_page: Open
) -> None:
    assert last_quarters(open_page("overview", quarter="Q2 2026")) == {"Q2 2026"}
    assert last_quarters(open_page("overview", quarter="Q3 2026")) == {"Q4 2026"}


def test_weeks_after_a_past_quarter_are_not_drawn(home: Path) -> None:
    # Beacon got faster on 13 July 2026: nothing of that is of the second quarter.
    path = snapshot.current().path
    past = trends.load(path, "change_lead_time", "team:beacon", "2026-Q2")
    last = trends.load(path, "change_lead_time", "team:beacon", "2026-Q3")
    assert past
    assert last
    assert (past.end, past.weeks[-1].start, past.open_week) == (date(2026, 7, 1), date(2026, 6, 29), None)
    assert [name for name, _ in past.quarters] == ["Q4 25", "Q1 26", "Q2 26"]
    assert [name for name, _ in last.quarters] == ["Q1 26", "Q2 26", "Q3 26", "Q4 26, open"]


def test_what_is_of_today_says_so_on_the_page_of_a_past_quarter(home: Path, open_page: Open) -> None:
    assert "8 teams, 12 services of today, in Q2 2026" in said(open_page("overview", quarter="Q2 2026"))
    assert "8 teams, 12 services of today" not in said(open_page("overview", quarter="Q3 2026"))
    past = said(open_page("team", team="Beacon", view="Flow", quarter="Q2 2026"))
    assert "Open work by age As of 5 Nov 2026. Items, not people." in past
