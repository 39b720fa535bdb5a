"""The agenda of a review: its minutes, its questions, and what it leaves to write by hand."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from connectors.journal.entries import Action, Decision, WentWell
from dashboard.health.compose import compose
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
