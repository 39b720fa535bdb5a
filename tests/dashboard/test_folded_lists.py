"""Long lists of teams and services: what is open is drawn, all can be reached, few questions are asked."""

import re
import shutil
from collections.abc import Callable
from html import unescape
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import fold, snapshot_file

Open = Callable[..., AppTest]
MARKETPLACE = ["Atlas", "Beacon", "Cedar", "Drift"]
PLATFORM = ["Ember", "Fjord", "Grove", "Harvest"]


def markup(page: AppTest) -> str:
    return "\n".join(str(m.value) for m in page.markdown)


def said(page: AppTest) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup(page))))


def rows(page: AppTest, caption: str) -> list[list[str]]:
    """The rows of a table as plain texts; one that heads a group has a single cell."""
    found = re.findall(rf"<caption>{caption}[^<]*</caption>.*?<tbody>(.*?)</tbody>", markup(page))
    return [
        [
            unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell))).strip()
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
        ]
        for table in found
        for row in re.findall(r"<tr.*?>(.*?)</tr>", table)
    ]


def teams(page: AppTest) -> list[str]:
    return [row[0].split()[0] for row in rows(page, "Teams, ") if len(row) > 1]


@pytest.fixture
def folds_above(monkeypatch: pytest.MonkeyPatch, home: Path) -> Callable[[int], None]:
    """Call it with how many rows are drawn at once: the made-up organisation has eight teams."""
    return lambda rows: monkeypatch.setattr(fold, "AT_ONCE", rows)


def test_a_long_index_lists_its_departments_with_links_that_open_them(
    folds_above: Callable[[int], None], open_page: Open
) -> None:
    folds_above(5)
    page = open_page("overview", quarter="Q3 2026")
    assert teams(page) == []
    # The fixture makes Beacon faster and more frequent, and Drift slower; nobody has written anything.
    assert rows(page, "Departments") == [
        ["Marketplace", "4", "2", "0", "0"],
        ["Platform", "4", "0", "0", "0"],
    ]
    assert "8 of 8 teams. Open a department, or find a team by its name." in said(page)
    assert '<a href="?quarter=Q3+2026&amp;department=Platform" target="_self">Platform</a>' in markup(page)
    page = open_page("overview", quarter="Q3 2026", department="Platform")
    assert teams(page) == PLATFORM
    assert "4 of 8 teams." in said(page)
    assert [one.label for one in page.selectbox] == ["Quarter", "Department"]


def test_a_list_that_is_short_enough_has_no_selectors_of_its_own(
    folds_above: Callable[[int], None], open_page: Open
) -> None:
    folds_above(8)
    page = open_page("overview")
    assert teams(page) == MARKETPLACE + PLATFORM
    assert [one.label for one in page.selectbox] == ["Quarter"]
    assert not page.text_input


def test_filters_look_through_all_departments(folds_above: Callable[[int], None], open_page: Open) -> None:
    folds_above(2)
    page = open_page("overview", quarter="Q3 2026", show="Something changed")
    assert teams(page) == ["Beacon", "Drift"]
    assert "2 of 8 teams." in said(page)
    folds_above(1)
    page = open_page("overview", quarter="Q3 2026", show="Something changed")
    assert rows(page, "Departments") == [["Marketplace", "2", "2", "0", "0"]]
    assert 'href="?quarter=Q3+2026&amp;show=Something+changed&amp;department=Marketplace"' in markup(page)
    page = open_page("overview", quarter="Q3 2026", show="Something changed", department="Platform")
    assert teams(page) == []
    assert "0 of 8 teams." in said(page)


def test_a_team_is_found_by_a_part_of_its_name(folds_above: Callable[[int], None], open_page: Open) -> None:
    folds_above(5)
    assert teams(open_page("overview", find=" BEA ")) == ["Beacon"]
    assert teams(open_page("overview", find="r", department="Marketplace")) == ["Cedar", "Drift"]
    page = open_page("overview", find="<b>nobody")
    assert teams(page) == []
    assert "No team here has “<b>nobody” in its name." in said(page)
    assert "<b>nobody" not in markup(page)


def test_every_team_of_a_large_department_is_in_one_of_its_parts(
    folds_above: Callable[[int], None], open_page: Open
) -> None:
    folds_above(3)
    first = open_page("overview", department="Marketplace")
    second = open_page("overview", department="Marketplace", part="2")
    assert teams(first) + teams(second) == MARKETPLACE
    assert "4 of 8 teams. These are 1 to 3, in alphabetical order." in said(first)
    assert "4 of 8 teams. These are 4 to 4, in alphabetical order." in said(second)


def test_departments_and_parts_that_are_not_there_are_named(
    folds_above: Callable[[int], None], open_page: Open
) -> None:
    folds_above(3)
    assert "There is no department “Plattform”" in said(open_page("overview", department="Plattform"))
    assert "Did you mean Platform" in said(open_page("overview", department="Plattform"))
    assert "There is no part “9”" in said(open_page("overview", department="Platform", part="9"))


def test_the_list_of_services_folds_as_well(folds_above: Callable[[int], None], open_page: Open) -> None:
    folds_above(10)  # of twelve
    page = open_page("services", quarter="Q3 2026")
    assert rows(page, "Services, ") == []
    # By who owns them: two each of Atlas, Beacon and Drift, one of Cedar; five of Platform.
    assert rows(page, "Departments") == [["Marketplace", "7"], ["Platform", "5"]]
    assert 'href="services?quarter=Q3+2026&amp;department=Platform"' in markup(page)
    page = open_page("services", department="Platform")
    drawn = [row[0].split()[0] for row in rows(page, "Services, ") if len(row) > 1]
    assert drawn == ["identity", "ledger", "notifications", "sign-in", "warehouse-feed"]


@pytest.fixture
def larger(published: Path, tmp_path: Path) -> Callable[[int], Path]:
    """The made-up organisation with so many teams more, each with Beacon's numbers."""

    def made(more: int) -> Path:
        home = shutil.copytree(published, tmp_path / f"with-{more}")
        with duckdb.connect(str(next((home / "snapshots").glob("*.duckdb")))) as con:
            for n in range(more):
                con.execute("insert into team values (?, ?, 'platform', null)", [f"more-{n}", f"More {n:03}"])
            for table in ("metric_values", "headline"):
                con.execute(
                    f"insert into {table} select v.* replace ('team:more-' || copy as scope) "
                    f"from {table} v, range({more}) as made(copy) where scope = 'team:beacon'"
                )
        return home

    return made


def test_the_overview_asks_as_many_questions_whatever_the_number_of_teams(
    folds_above: Callable[[int], None],
    larger: Callable[[int], Path],
    open_page: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    real = snapshot_file.ask

    def ask(path: str, query: str, **bound: object) -> object:
        asked.append(query)
        return real(path, query, **bound)

    monkeypatch.setattr(snapshot_file, "ask", ask)
    folds_above(5)
    counts = []
    for more in (4, 12):
        monkeypatch.setenv("OUTCOMES_HOME", str(larger(more)))
        asked.clear()
        page = open_page("overview", quarter="Q3 2026", department="Platform")
        assert f"{4 + more} of {8 + more} teams." in said(page)
        assert len(teams(page)) == 5
        counts.append(len(asked))
    assert counts[0] == counts[1]
