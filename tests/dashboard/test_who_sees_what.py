"""Whoever looks, in whichever role, is shown numbers of surveys that everybody is shown, and never others.

Where nobody signs in all published numbers are open; each role is held against that. While a survey is its
teams' alone, a role sees what everybody saw before it was published, and its own team what all will see.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
import time_machine
from page_text import markup
from streamlit.testing.v1 import AppTest

from dashboard import access
from dashboard.access import ON_THIS_MACHINE, Role, Visitor

FIRST_LOOK = datetime(2026, 9, 18, 12, tzinfo=UTC)
"""The newest survey was published the day before."""
AFTERWARDS = datetime(2026, 9, 21, 12, tzinfo=UTC)
OWN = frozenset({"beacon"})
ROLES = {
    role: Visitor(role, frozenset(), True, role == "leader", role == "operator") for role in get_args(Role)
}
ROLES |= {"own team": Visitor("team_member", OWN, is_signed_in=True, may_write=True, is_operator=False)}


def page() -> None:
    """The page of the survey, the view of two teams, and what a health check says of three scopes."""
    from dashboard import layout, looks, snapshot
    from dashboard.app_pages import survey
    from dashboard.components import show
    from dashboard.health import people
    from dashboard.health.written import Entries
    from dashboard.team_views import survey as view
    from dashboard.team_views.looked_at import Looked

    shown, quarter = snapshot.current(), "2026-Q3"
    with layout.frame():
        survey.page(shown)
        for team in ("Beacon", "Ember"):
            show(f"<part>{team}</part>")
            view.draw(Looked(shown, team.lower(), team, team, quarter, Entries(), ()), ())
        for scope in ("organisation", "team:beacon", "team:ember"):
            show(f"<part>{scope}</part>")
            sees = looks.sees(shown.path, quarter, scope)
            found = people.load(shown.path, scope, "It", quarter, sees_survey=sees)
            show(" ".join(people.sentence(found, one) for one in found.said))


Parts = dict[str, list[str]]
Look = Callable[..., Parts]


@pytest.fixture
def look(home: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What somebody is shown at a moment: of each part the tables, pictures and sentences."""

    def looked(who: Visitor, at: datetime, **query: str) -> Parts:
        monkeypatch.setattr(access, "visitor", lambda: who)
        found = AppTest.from_function(page, default_timeout=60)
        found.query_params.update(query)
        with time_machine.travel(at, tick=True):
            found.run()
        assert not found.exception, found.exception
        first, *others = re.split(r"<part>(.*?)</part>", markup(found))
        parts = {"survey": first, **dict(zip(others[::2], others[1::2], strict=True))}
        return {name: re.findall(TOLD, part, re.DOTALL) for name, part in parts.items()}

    return looked


TOLD = r'<table.*?</table>|<div class="eo-topics">.*?$|[A-Z][^:<>]*: (?:about )?\d[^<>]* answered[^<>]*'


def test_every_role_is_shown_the_numbers_that_everybody_is_shown(look: Look) -> None:
    everybody = look(ON_THIS_MACHINE, AFTERWARDS)
    assert all(everybody.values()), {name: len(part) for name, part in everybody.items()}
    for role, who in ROLES.items():
        assert look(who, AFTERWARDS) == everybody, role


def test_during_the_first_look_a_role_sees_what_was_open_before_and_its_team_what_will_be(look: Look) -> None:
    before = look(ON_THIS_MACHINE, FIRST_LOOK, survey="Q2 2026")
    after = look(ON_THIS_MACHINE, FIRST_LOOK)
    for role, who in ROLES.items():
        found = look(who, FIRST_LOOK)
        assert found["survey"] == before["survey"] != after["survey"], role
        own = role == "own team"
        assert (found["Beacon"] == after["Beacon"]) == own, role
        assert found["team:beacon"] == (after["team:beacon"] if own else []), role
        assert found["organisation"] == found["team:ember"] == [], role
        for name in ("Ember", *([] if own else ["Beacon"])):
            assert found[name], (role, name)
            assert not re.search("Q3 (?:20)?26", " ".join(found[name])), (role, name)
