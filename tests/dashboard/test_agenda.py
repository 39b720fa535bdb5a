"""The agenda of a review: its minutes, its questions, and what it leaves to write by hand."""

import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path

import duckdb
import pytest
from page_text import markup
from streamlit.testing.v1 import AppTest

from connectors.journal.entries import Action, Decision, WentWell
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from dashboard.health.compose import compose
from dashboard.health.tables import extract
from dashboard.health.written import Entries, Note
from dashboard.report import agenda

MONDAY = date(2026, 10, 5)
HOSTILE = "<script>alert(1)</script> =1+1"


def entries() -> Entries:
    common = {"scope": "team:beacon", "due": "2026-12-18", "owner": "Team", "effort": "small"}
    action = {**common, "quarter": "2026-Q2", "answers": "", "known_by": "We see it.", "what": HOSTILE}
    bodies = [
        Action.model_validate(action),
        Action.model_validate({**action, "quarter": "2026-Q3", "what": "Try each runbook"}),
        WentWell(scope="team:beacon", quarter="2026-Q3", text="A dull Friday"),
        Decision.model_validate(
            {"scope": "organisation", "quarter": "2026-Q3", "what": "One cluster", "risk": "high",
             "reach": "organisation", "owner_level": "organisation", "proposed_on": "2026-09-01"}
        ),
    ]  # fmt: skip
    return Entries(tuple(Note(body, MONDAY) for body in bodies))


def plain(markup: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup))


@pytest.fixture
def path(published: Path) -> str:
    return str(next((published / "snapshots").glob("*.duckdb")))


def test_a_teams_session_takes_an_hour_and_opens_with_people_then_promises(path: str) -> None:
    check = compose(path, entries(), "team:beacon", "2026-Q3")
    assert [(part.minutes, part.title) for part in agenda.parts(check)] == [
        (10, "Check-in"),
        (10, "What we said we would do"),
        (12, "What stands out"),
        (12, "Two kinds of evidence"),
        (11, "Actions, at most three"),
        (5, "Close"),
    ]
    assert agenda.minutes(check) == 60
    sheet = agenda.sheet(check)
    assert "How are you, really?" in sheet
    assert "&lt;script&gt;alert(1)&lt;/script&gt; =1+1" in sheet
    assert "<script>" not in sheet
    assert "Try each runbook (due 18 Dec 2026)" in plain(sheet)
    assert "“A dull Friday”" in sheet
    assert sheet.count("<td>&nbsp;</td>") == 2 * 4  # one of three actions is agreed already


def test_leaders_take_three_quarters_and_see_the_decisions_that_wait(path: str) -> None:
    check = compose(path, entries(), "organisation", "2026-Q3")
    assert agenda.minutes(check) == 45
    sheet = plain(agenda.sheet(check))
    assert "What did I get wrong this quarter?" in sheet
    assert "One cluster (since 1 Sep 2026)" in sheet
    assert "No change, and why:" in sheet


def test_it_has_a_page_of_its_own_address(home: Path, open_page: Callable[..., AppTest]) -> None:
    page = open_page("agenda", of="Drift", quarter="Q3 2026")
    shown = plain("\n".join(str(one.value) for one in page.markdown))
    assert "Agenda, Q3 2026" in shown
    assert "Drift The team's session, 60 minutes" in shown


@pytest.fixture
def frozen(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home where Beacon's quarter was frozen twice; since then nothing of it stands out any more."""
    (tmp_path / "snapshots").mkdir()
    today = Path(shutil.copy(path, tmp_path / "snapshots"))
    (tmp_path / "snapshots" / "CURRENT").write_text(today.name)
    with duckdb.connect(str(today)) as con:
        con.execute("delete from headline")
    content = extract(path, entries(), "team:beacon", "2026-Q3")
    freeze(tmp_path, content, content.replace("A dull Friday", "A second Friday"))
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    return tmp_path


def freeze(home: Path, *contents: str) -> None:
    at = datetime(2026, 10, 10, 9, tzinfo=UTC)
    journal = Journal.open(url_of(home))
    for held in contents:
        journal.freeze(
            "team:beacon", "2026-Q3", held, definitions="v1", role="leader", at=at, reason="A review."
        )
    journal.close()


STANDS_OUT = "Change lead time is clearly shorter"


@pytest.mark.parametrize(
    ("version", "kept", "friday"),
    [
        ({}, "frozen 10 Oct 2026, 11:00 , revision 2", "“A second Friday”"),
        ({"version": "Revision 1"}, "frozen 10 Oct 2026, 11:00 , revision 1", "“A dull Friday”"),
    ],
)
def test_that_of_a_frozen_quarter_is_of_what_was_frozen(
    frozen: Path, open_page: Callable[..., AppTest], version: dict[str, str], kept: str, friday: str
) -> None:
    page = open_page("agenda", of="Beacon", quarter="Q3 2026", **version)
    shown = plain(markup(page))
    assert f"Beacon {kept} The team's session" in shown
    assert STANDS_OUT in shown
    assert friday in shown
    assert shown.count(" Friday”") == 1


def test_todays_numbers_are_a_choice_and_stand_in_for_what_does_not_open(
    frozen: Path, open_page: Callable[..., AppTest]
) -> None:
    page = open_page("agenda", of="Beacon", quarter="Q3 2026", version="Today's numbers")
    assert not re.search(f"{STANDS_OUT}|frozen|Friday", plain(markup(page)))
    freeze(frozen, "{}")
    page = open_page("agenda", of="Beacon", quarter="Q3 2026")
    told = (
        "Revision 3 of Q3 2026 was frozen by another version of this app and does not open here: "
        "these are today's numbers."
    )
    assert told in unescape(plain(markup(page)))


def test_the_health_check_leads_to_each_revision_and_to_the_agenda_of_its_own(
    frozen: Path, open_page: Callable[..., AppTest]
) -> None:
    page = open_page("health", of="Beacon", quarter="Q3 2026", version="Revision 1")
    own = [unescape(link) for link in re.findall(r'href="([^"]+)"', markup(page)) if "version" in link]
    asked = "of=Beacon&quarter=Q3+2026&version=Revision"
    assert sorted(own) == [f"agenda?{asked}+1", f"health?{asked}+1", f"health?{asked}+2"]
