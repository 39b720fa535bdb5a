"""The index of teams: what each filter shows, what people wrote, and what is never sorted."""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from page_text import markup, rows, said
from streamlit.testing.v1 import AppTest

from connectors.journal.entries import Action, Agreement, Context
from connectors.journal.journal import Journal
from connectors.journal.where import url_of

Open = Callable[..., AppTest]
AT = datetime(2026, 10, 5, 9, tzinfo=UTC)
TEAMS = ["Atlas", "Beacon", "Cedar", "Drift", "Ember", "Fjord", "Grove", "Harvest"]


def index(page: AppTest) -> dict[str, list[str]]:
    """The rows of the table of teams by team, as plain texts, in their order."""
    found = re.findall(r"<caption>Teams, [^<]+</caption>.*?<tbody>(.*?)</tbody>", markup(page))
    listed = rows(found[0]) if found else []
    return {cells[0].split()[0]: cells for cells in listed if len(cells) > 1}


def action(scope: str, what: str, **told: object) -> Action:
    kept = {
        "answers": "Pace",
        "owner": "the team",
        "known_by": "waits",
        "effort": "small",
        "due": date(2026, 9, 1),
    }
    return Action.model_validate({"scope": scope, "quarter": "2026-Q2", "what": what} | kept | told)


@pytest.fixture(scope="module")
def written(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home folder with a journal: Cedar asked for help, Drift is silent on an action, Ember on none."""
    home = shutil.copytree(published, tmp_path_factory.mktemp("written") / "home")
    journal = Journal.open(url_of(home))
    for body in (
        Context(scope="team:cedar", quarter="2026-Q3", text="Two of us moved.", asks_for_help=True),
        Context(scope="team:ember", quarter="2026-Q2", text="Asked a quarter ago.", asks_for_help=True),
        Context(scope="team:fjord", quarter="2026-Q3", text="No help is asked for."),
        action("team:drift", "Split the build"),
        action("team:drift", "One queue", state="done"),
        action("team:ember", "Smaller changes", update="On its way."),
        action("team:grove", "Of the quarter after", quarter="2026-Q3", due=date(2026, 12, 1)),
        Agreement(
            scope="organisation",
            kind="error_budget_policy",
            text="Planned work pauses.",
            valid_from=date(2026, 1, 1),
        ),
    ):
        journal.add(body, role="leader", at=AT)
    journal.close()
    return home


@pytest.mark.parametrize(
    ("show", "teams"),
    [
        # The fixture makes Beacon faster and more frequent, and Drift slower.
        ("Something changed", ["Beacon", "Drift"]),
        ("Asked for help", ["Cedar"]),
        ("No update on actions", ["Drift"]),
    ],
)
def test_each_filter_shows_its_teams_in_alphabetical_order(
    written: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open, show: str, teams: list[str]
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(written))
    page = open_page("overview", show=show)
    assert list(index(page)) == teams
    assert f"{len(teams)} of 8 teams." in said(page)


def test_a_team_says_what_became_of_its_actions_and_that_it_asked(
    written: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open
) -> None:
    monkeypatch.setenv("OUTCOMES_HOME", str(written))
    page = open_page("overview")
    rows = index(page)
    assert list(rows) == TEAMS
    assert rows["Drift"][-2] == "1 of 2 1 no update"
    assert rows["Ember"][-2] == "0 of 1"
    assert rows["Grove"][-2] == "none due"
    assert "asked for help" in rows["Cedar"][0]
    assert "asked for help" not in rows["Ember"][0]
    assert re.search(r'href="health\?of=Cedar&amp;quarter=Q3\+2026"', markup(page))


def test_without_a_journal_a_filter_says_that_nobody_asked(home: Path, open_page: Open) -> None:
    page = open_page("overview", show="Asked for help")
    assert index(page) == {}
    assert "Asked for help No team asked for help in Q3 2026." in said(page)
    assert "Week by week" not in said(page)


def test_a_journal_that_cannot_be_read_takes_no_number_away(
    published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open
) -> None:
    home = shutil.copytree(published, tmp_path / "home")
    (home / "journal.sqlite").write_bytes(b"not a database, but long enough to be looked at as one" * 40)
    monkeypatch.setenv("OUTCOMES_HOME", str(home))
    page = open_page("overview")
    assert "Numbers are not touched by it." in said(page)
    assert list(index(page)) == TEAMS


def test_what_changed_stands_before_the_outcomes(read_page: Open) -> None:
    text = said(read_page("overview"))
    assert (
        text.index("What changed in Q3 2026")
        < text.index("All services together")
        < text.index("In alphabetical")
    )


def test_what_a_team_says_of_pace_has_who_answered_or_why_it_is_withheld(read_page: Open) -> None:
    rows = index(read_page("overview"))
    place = 4  # team, lead time, its quarters, failure rate, pace
    for team in TEAMS:
        assert re.search(r"answered|withheld", rows[team][place]), rows[team]
