"""The page on data quality: joins with the floor, what is withheld, every check, and the rows."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from page_text import markup, said, table
from streamlit.testing.v1 import AppTest

Open = Callable[..., AppTest]


def test_it_opens_with_what_asks_for_a_look(home: Path, open_page: Open) -> None:
    assert (
        "Three of five checks ask for a look: changes tied to a deployment, statuses without a meaning and "
        in (said(open_page("quality")))
    )
    assert (
        "Two of five checks ask for a look: statuses without a meaning and clocks that disagree. No metrics"
        in (said(open_page("quality", of="Atlas")))
    )


def test_the_organisation_says_what_is_withheld_of_its_teams(home: Path, open_page: Open) -> None:
    page = open_page("quality")
    listed = {row[0] for row in table(page, "Withheld, Q3 2026")}
    assert len(listed) == 3
    assert "Three metrics are withheld in Q3 2026, in the organisation or a team." in said(page)
    assert "Two metrics are withheld in Q3 2026." in said(open_page("quality", of="Grove"))


def test_joins_have_a_bar_with_the_floor_marked(home: Path, open_page: Open) -> None:
    page = open_page("quality")
    rows = table(page, "What is joined")
    # 100 - 20 of atlas and 50 - 30 of grove: 100 of 150 in all, two thirds; atlas stands just on the floor.
    assert ["Whole organisation", "", "67 %", "100 of 150 merged changes below the line"] in rows
    assert ["Atlas", "", "80 %", "80 of 100 merged changes"] in rows
    assert ["Grove", "", "40 %", "20 of 50 merged changes below the line"] in rows
    assert ["Beacon", "Nothing to look at", "", ""] in rows
    assert ["Incidents tied to a deployment. No line: not every one of them belongs to a deployment"] in rows
    bars = re.findall(r'<div class="eo-cover" aria-hidden="true">(.*?)</div>', markup(page))
    assert bars[:2] == [
        '<span style="width:66.7%"></span><i style="left:80%"></i>',
        '<span style="width:80.0%"></span><i style="left:80%"></i>',
    ]
    assert bars[-1] == '<span style="width:50.0%"></span>'


def test_what_is_withheld_says_of_whom_how_much_is_linked_and_why(home: Path, open_page: Open) -> None:
    rows = table(open_page("quality"), "Withheld, Q3 2026")
    [grove] = [row for row in rows if row[:2] == ["Change lead time", "Grove"]]
    path = next((home / "snapshots").glob("*.duckdb"))
    with duckdb.connect(str(path), read_only=True) as con:
        ((linked, eligible),) = con.execute(
            "select distinct coverage_linked, coverage_eligible from metric_values "
            "where scope = 'team:grove' and metric = 'change_lead_time' and period = '2026-Q3' "
            "and withheld_reason = 'low_coverage'"
        ).fetchall()
    assert grove[2] == f"{linked} of {eligible} changes"
    assert grove[3] == f"the deployment cannot be told ({eligible - linked})"
    assert "numbers are withheld below 80 % linked" in said(open_page("quality"))


def test_every_check_says_what_it_came_to(home: Path, open_page: Open) -> None:
    rows = {row[0]: row[1:] for row in table(open_page("quality"), "Checks")}
    assert rows["Changes tied to a deployment"] == [
        "Look at it",
        "50 of 150 merged changes",
        "Meaning of changes_to_deployments. Mend changes_to_deployments. In Atlas 20 and Grove 30",
    ]
    assert rows["Incidents tied to a deployment"][0] == "Note"
    assert rows["Impossible orders"] == ["Nothing found", "0 of 120 records", ""]
    assert rows["Clocks that disagree"] == ["Could not be made", "", ""]


def test_rows_link_to_their_source_and_say_how_many_there_are(home: Path, open_page: Open) -> None:
    page = open_page("quality", of="Grove")
    assert page.expander[0].label == "Changes tied to a deployment: 30"
    assert "20 of 30, the newest." in said(page)
    rows = table(page, "Changes tied to a deployment")
    assert len(rows) == 20
    assert ["grove 2", "search", "1 Sep 2026, 08:00", "it is odd"] in rows
    assert ["grove 1", "search", "now", "it is odd, by 1.5 h"] in rows
    assert 'href="https://git.example/grove/1"' in markup(page)
    assert "javascript:" not in markup(page)


def test_a_team_of_which_nothing_is_found(home: Path, open_page: Open) -> None:
    page = open_page("quality", of="Beacon", quarter="Q2 2026")
    text = said(page)
    assert "Nothing found No check found anything." in text
    assert "Nothing is withheld Enough is linked for every number." in text
    assert [one.label for one in page.expander] == ["Where the numbers come from"]


def test_a_configured_floor_is_said(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open
) -> None:
    other = shutil.copytree(published, tmp_path / "home")
    (path,) = (other / "snapshots").glob("*.duckdb")
    with duckdb.connect(str(path)) as con:
        con.execute("update run set coverage_floor = 0.925")
    monkeypatch.setenv("OUTCOMES_HOME", str(other))
    page = open_page("quality")
    assert "numbers are withheld below 92.5 % linked" in said(page)
    assert '<i style="left:92.5%"></i>' in markup(page)
