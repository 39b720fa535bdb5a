"""Beside the numbers: headlines, differences, rare events, parts, other definitions, forecasts."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import judged
from dashboard.words import Scale

SIGNAL = "leave their expected range, or stay on one side of its middle for eight weeks,"
Open = Callable[..., AppTest]


def _text(page: AppTest) -> str:
    """Everything that our blocks say, without their markup."""
    said = unescape(" ".join(re.sub(r"<[^>]+>", " ", str(one.value)) for one in page.markdown))
    return re.sub(r"\s+", " ", said)


def _table(page: AppTest, caption: str) -> str:
    return next(str(one.value) for one in page.markdown if f"<caption>{caption}" in str(one.value))


def test_a_team_sees_what_changed_by_which_rule_and_how_many_signals_are_chance(
    home: Path, open_page: Open
) -> None:
    text = _text(open_page("team", team="Beacon"))
    assert "What changed in Q3 2026" in text
    found = re.search(r"Change lead time \d+ h, before \d+ h Clear change: shorter, better half of \d+", text)
    assert found
    assert "; by chance in 1 of 1,000 cases, with all numbers considered in 4 of 1,000 cases" in text
    rule = "A clear change needs 1 in 100 or less by itself, and a headline 5 in 100 with all "
    assert len(re.findall(rf"{rule}\d+ tested numbers considered\.", text)) == 1
    assert f"Of 7 weekly series of Beacon about 1.2 would {SIGNAL} by chance alone; three do." in text


def test_without_a_headline_the_overview_says_so_calmly_and_names_where_there_are(
    home: Path, open_page: Open
) -> None:
    page = open_page("overview")
    text = _text(page)
    assert re.search(
        r"Nothing stands out: of \d+ numbers compared with the quarter before, none changed", text
    )
    assert f"Of 6 weekly series of Fennel & Rye about 1 would {SIGNAL} by chance alone; one does." in text
    assert "On pages of their own something changed: Beacon ." in text


def test_an_open_quarter_has_no_headlines(home: Path, open_page: Open) -> None:
    assert "What changed in" not in _text(open_page("overview", quarter="Q4 2026"))


def test_a_rate_says_its_difference_with_the_range_and_what_could_have_been_seen(
    home: Path, open_page: Open
) -> None:
    text = _text(open_page("metric", metric="Change failure rate", scope="Beacon, team"))
    assert (
        "no clear change: by Newcombe's interval, chance alone makes a difference as large in 30 of" in text
    )
    assert re.search(r"Difference [\d.]+ points (more|less) than [\d.]+ % in Q2 2026", text)
    assert re.search(r"Its range between [\d.]+ points less and [\d.]+ points more, 95 of 100", text)
    assert "Could be seen a change of 12 points or more, in four of five cases" in text
    cards = _text(open_page("team", team="Beacon"))
    assert "We could see a change of 12 points or more" in cards


@pytest.mark.parametrize(
    ("p_value", "said"),
    [
        (0.0001, "fewer than 1 of 1,000 cases"),
        (0.001, "1 of 1,000 cases"),
        (0.0423, "42 of 1,000 cases"),
        (0.095, "10 of 100 cases"),
        (1.0, "100 of 100 cases"),
    ],
)
def test_a_p_value_as_people_say_it(p_value: float, said: str) -> None:
    assert judged.chance(p_value) == said


@pytest.mark.parametrize(
    ("change", "said"),
    [(0.034, "3.4 points more"), (-0.12, "12 points less"), (0.0, "the same")],
)
def test_a_difference_of_shares_is_one_in_points(change: float, said: str) -> None:
    assert judged.difference(Scale(100, "%"), change) == said


def test_rare_events_have_their_days_between(home: Path, open_page: Open) -> None:
    page = open_page("metric", metric="Deployment frequency", scope="notifications, service")
    text = _text(page)
    assert "Days between deployments In Q3 2026 one longer gap was not as expected." in text
    table = _table(page, "Days between deployments")
    assert re.findall(r"<div>(\d+)(?: so far)?</div>", table) == ["30", "30", "150", "94"]
    assert "94 so far" in table
    assert "outside the range" in table
    assert "Days between" not in _text(open_page("metric", metric="Deployment frequency"))


def test_parts_are_shown_with_their_own_past_and_their_names_are_text(home: Path, open_page: Open) -> None:
    page = open_page("metric", metric="Work in progress", scope="Beacon, team")
    table = _table(page, "By category, Q3 2026")
    # Three quarters of it are stories: the largest part stands first.
    assert re.findall(r'<th scope="row">([^<]+)</th>', table) == ["Story", "Bug &lt;b&gt;"]
    assert "By category" not in _text(open_page("metric", metric="Work in progress"))


def test_neighbouring_definitions_stand_beside_the_published_one(home: Path, open_page: Open) -> None:
    page = open_page("metric", metric="Change failure rate", scope="Beacon, team")
    table = _table(page, "Under another definition")
    rows = re.findall(r'<th scope="row">([^<]+)</th>.*?<b>([\d.]+)\s%</b>.*?<svg.*?</svg>.*?</tr>', table)
    assert [words for words, _ in rows] == ["12 hours", "24 hours", "48 hours"]
    half, used, more = (float(value) for _, value in rows)
    assert half == pytest.approx(used / 2, rel=0.05)
    assert more == pytest.approx(used * 1.5, rel=0.05)
    assert table.count("as published") == 1
    # One filled dot, the published one.
    assert table.count('fill="var(--sys)"') == 1


def test_the_mean_is_told_of_a_median_and_never_published(home: Path, open_page: Open) -> None:
    page = open_page("team", team="Beacon", metric="Change lead time", period="Q3 2026")
    table = _table(page, "Under another definition")
    assert re.findall(r'<th scope="row">([^<]+)</th>', table) == ["median", "mean"]


def test_a_forecast_says_how_many_and_when_and_what_to_be_careful_about(home: Path, open_page: Open) -> None:
    page = open_page("team", team="Beacon", view="Flow")
    text = _text(page)
    assert (
        "Items finished, if the weeks to come are like the last 26 weeks, each as likely as any other."
        in text
    )
    told = "A week among them lies outside what was expected of throughput, or eight lie on one side."
    assert f"May mislead {told}" in text
    assert "compared with what came: 34 of 40 kept" in text
    table = re.sub(r"<[^>]+>", " ", _table(page, "Forecast"))
    assert re.search(r"in 4 weeks\s+16\s+12\s+10", table)
    assert re.search(r"20 items\s+in 5 weeks\s+in 7 weeks\s+beyond two years", table)


def test_a_short_history_has_no_forecast_and_says_why(home: Path, open_page: Open) -> None:
    assert "5 weeks of throughput; a forecast needs more of them." in _text(
        open_page("team", team="Fjord", view="Flow")
    )
    assert "Forecast" not in _text(open_page("team", team="Atlas", view="Flow"))


def test_a_changed_definition_and_its_worked_example_stand_on_the_page(home: Path, open_page: Open) -> None:
    text = _text(open_page("metric", metric="Change lead time"))
    assert "definition changed on 2 Mar 2026: Counted from the first commit." in text
    assert "1 Jan 2026, version 2: Bots are left out." in text
    assert "A worked example" not in text
    page = open_page("metric", metric="Change failure rate")
    table = re.sub(r"<[^>]+>", " ", _table(page, "A worked example"))
    assert re.search(r"gh:3\s+no\s+not yet evaluated", table)
    assert "One of four failed: 25 %." in _text(page)
