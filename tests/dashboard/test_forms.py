"""What people write: kept with its history, refused in a line, and never lost where two write at once."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from connectors.journal import database
from connectors.journal.entries import (
    Action,
    Agreement,
    Annotation,
    Closing,
    Context,
    Decision,
    Indicator,
    NotKnown,
    SaidDid,
    Theme,
    WentWell,
    WipLimit,
)
from connectors.journal.journal import Journal, Refused
from connectors.journal.where import url_of
from dashboard import access, written_here
from dashboard.access import Visitor

AT = datetime(2026, 10, 5, 8, tzinfo=UTC)
PAGE = """
import streamlit as st
from dashboard import access, snapshot, written_here
from dashboard.forms import editor, {module}
from dashboard.forms.desk import Desk
form = {module}.{form}
path = snapshot.current().path
desk = Desk(path, written_here.journal(), "{scope}", "{quarter}", access.visitor())
if "entries" not in st.session_state:
    st.session_state["entries"] = form.entries(desk)
editor.inside(desk, form, st.session_state["entries"])
"""


@pytest.fixture
def own_home(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder with the published snapshot and a journal of its own."""
    (tmp_path / "snapshots").symlink_to(published / "snapshots")
    monkeypatch.setenv("OUTCOMES_HOME", str(tmp_path))
    monkeypatch.delenv("OUTCOMES_JOURNAL_URL", raising=False)
    return tmp_path


@pytest.fixture
def journal(own_home: Path) -> Iterator[Journal]:
    with closing(Journal.open(url_of(own_home))) as opened:
        yield opened


Open = Callable[..., AppTest]


@pytest.fixture
def opened(own_home: Path) -> Open:
    def open_(
        module: str, scope: str = "team:beacon", quarter: str = "2026-Q3", form: str = "FORM"
    ) -> AppTest:
        script = PAGE.format(module=module, form=form, scope=scope, quarter=quarter)
        page = AppTest.from_string(script, default_timeout=60).run()
        assert not page.exception, page.exception
        return page

    return open_


def field(page: AppTest, name: str) -> Any:
    """The one widget of a field."""
    kinds = (page.text_input, page.text_area, page.date_input, page.number_input, page.checkbox)
    kinds = (*kinds, page.selectbox, page.multiselect, page.button_group)
    (found,) = [one for kind in kinds for one in kind if (one.key or "").endswith(f"|{name}")]
    return found


def save(page: AppTest) -> AppTest:
    next(one for one in page.button if one.label == "Save").click()
    page.run()
    assert not page.exception, page.exception
    return page


def press(page: AppTest, label: str) -> AppTest:
    next(one for one in page.button if one.label == label).click()
    page.run()
    assert not page.exception, page.exception
    return page


def told(page: AppTest) -> str:
    return "\n".join(str(one.value) for one in page.markdown)


def action(**changes: object) -> Action:
    body = {
        "scope": "team:beacon",
        "quarter": "2026-Q3",
        "what": "Try each runbook",
        "answers": "Safety",
        "owner": "Delivery lead",
        "due": date(2026, 12, 18),
        "known_by": "Half of the incidents end with it.",
        "effort": "small",
    }
    return Action.model_validate({**body, **changes})


def test_an_action_is_written_as_it_was_typed(opened: Open, journal: Journal) -> None:
    page = opened("actions")
    field(page, "what").input("Try each runbook")
    field(page, "known_by").input("Half of the incidents end with it.")
    field(page, "owner").input("Delivery lead")
    field(page, "answers").select("Safety")
    field(page, "due").set_value(date(2026, 12, 18))
    save(page)
    (entry,) = journal.entries(Action)
    assert entry.body == action()
    assert (entry.version, entry.author_role) == (1, "anyone")


def test_a_second_press_of_the_same_button_writes_nothing_twice(opened: Open, journal: Journal) -> None:
    journal.add(WentWell(scope="team:beacon", quarter="2026-Q3", text="It was dull."), role="anyone", at=AT)
    page = opened("went_well")
    press(page, "Add another")
    field(page, "text").input("It was dull.")
    save(page)
    assert len(journal.entries(WentWell)) == 1


def test_what_cannot_stay_is_told_by_its_field_and_stays_typed(opened: Open, journal: Journal) -> None:
    page = opened("actions")
    field(page, "what").input("Ask ada@example.org")
    field(page, "due").set_value(date(2026, 1, 1))
    save(page)
    said = told(page)
    assert "Not saved" in said
    assert "How we will know: is empty. Fill it in." in said
    assert "What: has an e-mail address or a login in it." in said
    assert field(page, "what").value == "Ask ada@example.org"
    assert journal.entries(Action) == []


def test_a_fourth_action_and_a_second_theme_are_refused_in_a_line(opened: Open, journal: Journal) -> None:
    for number in range(3):
        journal.add(action(what=f"Number {number}"), role="leader", at=AT)
    page = press(opened("actions"), "Add another")
    for name, words in {"what": "One more", "known_by": "We see it.", "owner": "Team"}.items():
        field(page, name).input(words)
    save(page)
    assert "there are 3 actions already" in told(page)
    assert field(page, "what").value == "One more"
    assert len(journal.entries(Action)) == 3


def test_what_may_be_a_name_is_asked_about_once(opened: Open, journal: Journal) -> None:
    page = opened("went_well")
    field(page, "text").input("Thanks to Wilhelmina for the quiet night.")
    save(page)
    assert "may be somebody" in told(page)
    assert journal.entries(WentWell) == []
    save(page)
    assert [one.body.text for one in journal.entries(WentWell)] == [
        "Thanks to Wilhelmina for the quiet night."
    ]


def test_dropping_a_promise_needs_its_reason(opened: Open, journal: Journal) -> None:
    entry = journal.add(action(), role="leader", at=AT)
    page = press(opened("actions", form="PROMISES"), "Change")
    field(page, "state").set_value("dropped")
    page.run()
    save(page)
    assert "Why it was dropped: is needed where an action was dropped" in told(page)
    field(page, "reason").input("Built elsewhere.")
    save(page)
    (now,) = journal.entries(Action)
    assert (now.body.state, now.body.reason, now.version) == ("dropped", "Built elsewhere.", 2)
    assert len(journal.history(entry.id)) == 2


def test_an_issue_says_whether_it_is_done_and_people_may_only_drop_it(opened: Open, journal: Journal) -> None:
    journal.add(action(issue="ACT-7"), role="leader", at=AT)
    page = press(opened("actions", form="PROMISES"), "Change")
    assert "Issue ACT-7 says whether it is done" in told(page)
    assert field(page, "state").options == ["Moving", "Dropped"]


def test_an_issue_can_be_wished_for_where_issues_are_made(
    opened: Open, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.add(action(), role="leader", at=AT)
    page = press(opened("actions"), "Change")
    assert not [one for one in page.checkbox if one.key.endswith("is_issue_wanted")]
    monkeypatch.setenv("OUTCOMES_ACTIONS", "1")
    page = press(opened("actions"), "Change")
    field(page, "is_issue_wanted").check()
    save(page)
    assert journal.entries(Action)[0].body.is_issue_wanted


# ---- two people, and a journal that cannot be used --------------------------------------------------------


@pytest.fixture
def meanwhile(opened: Open, journal: Journal) -> AppTest:
    """Somebody saves an action that another has changed since the dialog was opened."""
    entry = journal.add(action(), role="leader", at=AT)
    page = press(opened("actions"), "Change")
    field(page, "what").input("Try each runbook, twice")
    journal.change(entry.id, 1, action(what="Try <b>half</b> of them", effort="large"), role="leader", at=AT)
    return save(page)


def test_both_texts_are_shown_and_nothing_is_overwritten(meanwhile: AppTest, journal: Journal) -> None:
    said = told(meanwhile)
    assert "While you wrote, a leader changed this entry" in said
    assert "Try each runbook, twice" in said
    assert "Try &lt;b&gt;half&lt;/b&gt; of them" in said
    assert journal.entries(Action)[0].body.what == "Try <b>half</b> of them"


def test_one_may_keep_the_own_text(meanwhile: AppTest, journal: Journal) -> None:
    press(meanwhile, "Keep mine")
    (entry,) = journal.entries(Action)
    assert (entry.body.what, entry.body.effort, entry.version) == ("Try each runbook, twice", "small", 3)


def test_one_may_take_the_other_text(meanwhile: AppTest, journal: Journal) -> None:
    press(meanwhile, "Take the other")
    assert journal.entries(Action)[0].version == 2


def test_one_may_go_on_writing_over_what_the_other_left(meanwhile: AppTest, journal: Journal) -> None:
    page = press(meanwhile, "Go on writing")
    assert field(page, "what").value == "Try each runbook, twice"
    field(page, "what").input("Try half of them, twice")
    save(page)
    (entry,) = journal.entries(Action)
    assert (entry.body.what, entry.version) == ("Try half of them, twice", 3)


def test_what_was_taken_away_meanwhile_can_be_written_again(opened: Open, journal: Journal) -> None:
    entry = journal.add(action(), role="leader", at=AT)
    page = press(opened("actions"), "Change")
    field(page, "what").input("Still worth it")
    journal.remove(entry.id, 1, role="leader", at=AT)
    save(page)
    assert "somebody took this entry away" in told(page)
    press(page, "Write it again")
    assert [one.body.what for one in journal.entries(Action)] == ["Still worth it"]


def test_a_locked_journal_is_a_line_and_the_text_stays(
    opened: Open, own_home: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    written_here._open.clear()
    page = opened("went_well")
    field(page, "text").input("A long text that took an hour.")
    with closing(sqlite3.connect(own_home / "journal.sqlite", isolation_level=None)) as other:
        other.execute("begin exclusive")
        save(page)
        said = told(page)
        assert "journal.sqlite: cannot be used (another process holds it)" in said
        assert "What you typed is still here." in said
        other.execute("rollback")
    assert field(page, "text").value == "A long text that took an hour."
    save(page)
    assert [one.body.text for one in journal.entries(WentWell)] == ["A long text that took an hour."]
    written_here._open.clear()


def test_a_journal_that_is_taken_away_is_a_line_until_it_is_back(
    own_home: Path, journal: Journal, open_page: Callable[..., AppTest]
) -> None:
    journal.add(action(quarter="2026-Q2", what="Kept in mind"), role="leader", at=AT)
    file, away = own_home / "journal.sqlite", own_home / "away"

    def shown() -> str:
        return told(open_page("health", of="Beacon", quarter="Q3 2026"))

    line = "journal.sqlite: is not there any more. Put it back, or start this program again"
    assert "Kept in mind" in shown()
    file.rename(away)
    without = shown()
    assert line in without
    assert "Change lead time" in without
    assert "Kept in mind" not in without
    assert not file.exists()
    away.rename(file)
    again = shown()
    assert "Kept in mind" in again
    assert line not in again


def test_a_full_disk_is_a_line_and_the_text_stays(
    opened: Open, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = opened("went_well")
    field(page, "text").input("A long text that took an hour.")

    def full(*_: object, **__: object) -> None:
        raise database.JournalError("journal.sqlite: cannot be used (the disk is full). Free some space")

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "add", full)
        save(page)
    assert "the disk is full" in told(page)
    assert field(page, "text").value == "A long text that took an hour."


# ---- the other kinds --------------------------------------------------------------------------------------


def test_a_decision_has_the_place_that_was_chosen_in_the_matrix(opened: Open, journal: Journal) -> None:
    page = opened("decisions")
    press(page, "○ High risk, further than one team")
    field(page, "what").input("One cluster for all")
    field(page, "owner_level").set_value("organisation")
    field(page, "proposed_on").set_value(date(2026, 9, 1))
    field(page, "decided_on").set_value(date(2026, 9, 14))
    save(page)
    assert [one.body for one in journal.entries(Decision)] == [
        Decision(
            scope="team:beacon",
            quarter="2026-Q3",
            what="One cluster for all",
            risk="high",
            reach="organisation",
            owner_level="organisation",
            proposed_on=date(2026, 9, 1),
            decided_on=date(2026, 9, 14),
        )
    ]


def test_a_theme_watches_numbers_of_the_catalogue_from_their_baseline(opened: Open, journal: Journal) -> None:
    page = opened("theme")
    field(page, "sentence").input("Within a day")
    field(page, "why").input("Customers wait.")
    field(page, "indicators").select("change_lead_time")
    page.run()
    assert "Baseline, Q2 2026: " in told(page)
    field(page, "markers").input("lead-time BEA-7")
    save(page)
    (entry,) = journal.entries(Theme)
    assert entry.body.markers == ("lead-time", "BEA-7")
    assert entry.body.indicators == (
        Indicator(metric="change_lead_time", statistic="p50", baseline_quarter="2026-Q2", expected="down"),
    )
    second = Theme.model_validate({**entry.body.model_dump(), "sentence": "Another one"})
    with pytest.raises(database.JournalError, match="there is a theme"):
        journal.add(second, role="leader", at=AT)


def test_closing_without_actions_needs_the_reason(opened: Open, journal: Journal) -> None:
    page = save(opened("closing"))
    assert "says why nothing changes" in told(page)
    field(page, "no_change_reason").input("We watch the last change.")
    save(page)
    assert journal.entries(Closing)[0].body.no_change_reason == "We watch the last change."


DAY = date(2026, 9, 1)
KINDS: list[tuple[str, type[Any], dict[str, Any]]] = [
    ("said_did", SaidDid, {"said": "Too slow", "did": "Quicker"}),
    ("not_known", NotKnown, {}),
    ("not_known", NotKnown, {"text": "Who asked"}),
    ("context", Context, {"text": "Two away", "asks_for_help": True}),
    ("wip_limits", WipLimit, {"limit": 8, "valid_from": DAY}),
    ("agreements", Agreement, {"kind": "ritual", "text": "Monday: what waits", "valid_from": DAY}),
    (
        "agreements",
        Agreement,
        {"kind": "agreement", "text": "We look soon", "valid_from": DAY, "pickup_hours": 24},
    ),
    ("annotations", Annotation, {"kind": "ai_assistant", "text": "In editors", "on": DAY}),
]


@pytest.mark.parametrize(("module", "kind", "typed"), KINDS)
def test_each_kind_is_written_as_typed(
    opened: Open, journal: Journal, module: str, kind: type[Any], typed: dict[str, Any]
) -> None:
    page = opened(module)
    for name, words in typed.items():
        field(page, name).set_value(words)
    save(page)
    quarter = {"quarter": "2026-Q3"} if "quarter" in kind.model_fields else {}
    assert [one.body for one in journal.entries(kind)] == [kind(scope="team:beacon", **quarter, **typed)]


def test_what_is_taken_away_keeps_its_history(opened: Open, journal: Journal) -> None:
    entry = journal.add(action(), role="leader", at=AT)
    page = press(opened("actions"), "Change")
    press(page, "Yes, take it away")
    assert journal.entries(Action) == []
    assert [one.body is None for one in journal.history(entry.id)] == [False, True]


def test_the_history_says_by_which_role_in_which_week_and_what_was_before(
    journal: Journal, published: Path
) -> None:
    from dashboard.forms import history
    from dashboard.forms.desk import Desk

    entry = journal.add(action(), role="team_member", at=AT)
    journal.change(entry.id, 1, action(effort="large"), role="leader", at=AT.replace(hour=9))
    path = str(next((published / "snapshots").glob("*.duckdb")))
    desk = Desk(path, journal, "team:beacon", "2026-Q3", access.ON_THIS_MACHINE)
    newest, first = history._rows(desk, journal.history(entry.id))
    # 5 October 2026, a Monday; of a day one would know who was there.
    assert "Changed by a leader, week of 5 Oct 2026" in newest
    assert "Effort: Large (before: Small)" in newest
    assert "Written by a team member, week of 5 Oct 2026" in first


# ---- who sees which buttons -------------------------------------------------------------------------------

HEALTH = """
from dashboard import snapshot
from dashboard.forms import health_forms
health_forms.draw(snapshot.current(), "{scope}", "2026-Q3")
"""


@pytest.mark.parametrize(
    ("visitor", "scope", "expected"),
    [
        (access.ON_THIS_MACHINE, "team:beacon", 12),
        (Visitor("anyone", frozenset(), is_signed_in=True, may_write=False), "team:beacon", 0),
        (Visitor("team_member", frozenset({"beacon"}), is_signed_in=True, may_write=True), "team:beacon", 11),
        (Visitor("team_member", frozenset({"drift"}), is_signed_in=True, may_write=True), "team:beacon", 0),
        # Of a team: promises, actions, two themes, what is not known, and the freezing.
        (Visitor("leader", frozenset(), is_signed_in=True, may_write=True), "team:beacon", 6),
        (Visitor("leader", frozenset(), is_signed_in=True, may_write=True), "organisation", 12),
    ],
)
def test_buttons_are_those_of_the_role(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, visitor: Visitor, scope: str, expected: int
) -> None:
    monkeypatch.setattr(access, "visitor", lambda: visitor)
    page = AppTest.from_string(HEALTH.format(scope=scope), default_timeout=60).run()
    assert not page.exception
    assert len(page.button) == expected, [one.label for one in page.button]


TEAM = """
from dashboard import snapshot
from dashboard.forms import team_forms
team_forms.draw(snapshot.current(), "team:beacon", "2026-Q3")
"""


@pytest.mark.parametrize(
    ("opens", "closes", "state", "label"),
    [
        ("2026-11-02", "2026-11-04", "open", "Annotations: after the survey, 4 Nov"),
        ("2026-11-04", "2026-11-14", "open", "Annotations: after the survey, 14 Nov"),
        ("2026-11-05", "2026-11-15", "open", "Annotations"),
        ("2026-10-24", "2026-11-03", "open", "Annotations"),
        ("2026-11-02", "2026-11-12", "closed", "Annotations"),
    ],
)
def test_no_note_is_written_while_a_survey_is_answered(
    own_home: Path, journal: Journal, opens: str, closes: str, state: str, label: str
) -> None:
    from dashboard.forms import editor
    from dashboard.forms.desk import Desk

    snapshots = (own_home / "snapshots").resolve()
    (own_home / "snapshots").unlink()
    path = next(shutil.copytree(snapshots, own_home / "snapshots").glob("*.duckdb"))
    with duckdb.connect(str(path)) as con:
        con.execute(
            "insert into open_survey values ('w', 'pulse', 'Pulse', ?, ?, ?, 'about 40', 'about 120')",
            [opens, closes, state],
        )
    page = AppTest.from_string(TEAM, default_timeout=60).run()
    assert not page.exception
    buttons = {one.label: one.disabled for one in page.button}
    is_closed = label != "Annotations"
    assert buttons[label] is is_closed
    assert buttons["Limit of work in progress"] is False
    # Nor from a dialog that was open before.
    desk = Desk(str(path), journal, "team:beacon", "2026-Q3", access.ON_THIS_MACHINE)
    note = Annotation.model_validate(
        {"scope": "team:beacon", "kind": "event", "text": "Moved", "on": AT.date()}
    )
    if is_closed:
        with pytest.raises(Refused, match="A survey is open until"):
            editor.write(desk, None, note)
    else:
        editor.write(desk, None, note)
    assert len(journal.entries(Annotation)) == (not is_closed)


@pytest.fixture
def desk(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A desk on the first day of a survey to come, beside a snapshot that knows nothing of it."""
    from asked_waves import NOW, place_in

    from dashboard.forms.desk import Desk

    place = place_in(tmp_path)
    monkeypatch.setenv("OUTCOMES_HOME", str(place.home.path))
    monkeypatch.setattr(Desk, "now", staticmethod(lambda: NOW))
    path = str(next((published / "snapshots").glob("*.duckdb")))
    with closing(Journal.open(url_of(place.home.path))) as opened:
        yield Desk(path, opened, "team:beacon", "2026-Q3", access.ON_THIS_MACHINE), place


NOTE = Annotation.model_validate(
    {"scope": "team:beacon", "kind": "event", "text": "Moved", "on": date(2026, 9, 14)}
)


@pytest.mark.parametrize("end", ["close", "discard"])
def test_notes_close_when_a_survey_opens_and_open_when_it_ends(desk: Any, end: str) -> None:
    """From 14 to 24 September: at once, not when the next snapshot is made."""
    from asked_waves import NOW

    from dashboard.forms import editor
    from pipelines.survey.asking import close_wave, discard_wave, open_wave

    at, place = desk
    assert at.closed_until(Annotation) is None
    open_wave(place.configuration, place.home, place.key, NOW)
    with pytest.raises(Refused, match=r"^A survey is open until 24 Sep.* 2026; notes can be written after"):
        editor.write(at, None, NOTE)
    assert at.closed_until(Context) == date(2026, 9, 24)
    assert at.closed_until(WipLimit) is None
    if end == "close":
        close_wave(place.home, NOW)
    else:
        discard_wave(place.home, NOW, is_sure=True)
    editor.write(at, None, NOTE)
    assert len(at.journal.entries(Annotation)) == 1


def test_notes_are_open_where_a_survey_could_not_be_opened(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asked_waves import NOW

    from connectors.ballots.box import Box, BoxError
    from pipelines.survey.asking import open_wave

    def full(*_: Any) -> None:
        raise BoxError("the disk is full")

    at, place = desk
    monkeypatch.setattr(Box, "open_wave", full)
    with pytest.raises(BoxError):
        open_wave(place.configuration, place.home, place.key, NOW)
    assert at.closed_until(Annotation) is None


@pytest.mark.parametrize(
    "held",
    ["", "{", "[]", "{}", '{"until": "soon"}', '{"until": 3}', b"\xff", None],
)
def test_what_cannot_be_read_counts_as_a_survey_that_is_open(
    own_home: Path, held: str | bytes | None
) -> None:
    from connectors.journal import open_survey

    file, today = own_home / open_survey.FILE, date(2026, 9, 14)
    if held is None:
        file.mkdir()
    else:
        file.write_bytes(held.encode() if isinstance(held, str) else held)
    assert open_survey.notes_closed_until(own_home, today) == today


@pytest.mark.parametrize(
    ("today", "until"), [((2026, 9, 24), date(2026, 9, 24)), ((2026, 9, 25), None)], ids=["last day", "after"]
)
def test_notes_open_when_the_last_day_is_over(
    own_home: Path, today: tuple[int, int, int], until: date | None
) -> None:
    from connectors.journal import open_survey

    days = date(2026, 9, 14), date(2026, 9, 24)
    open_survey.say(own_home, open_survey.Said("2026-Q3", "Quarterly survey", *days, "open"))
    assert open_survey.notes_closed_until(own_home, date(*today)) == until
    assert {one.name for one in own_home.iterdir()} == {"snapshots", open_survey.FILE}


def test_a_journal_that_does_not_open_is_a_line(own_home: Path) -> None:
    (own_home / "journal.sqlite").write_bytes(b"no journal at all, but forty bytes of text")
    written_here._open.clear()
    page = AppTest.from_string(HEALTH.format(scope="team:beacon"), default_timeout=60).run()
    assert not page.exception
    assert "Nothing can be written now" in told(page)
    assert "it is not a sound SQLite file" in told(page)


# ---- freezing ---------------------------------------------------------------------------------------------

FREEZING = """
import streamlit as st
from dashboard import access, snapshot, written_here
from dashboard.forms import freezing
from dashboard.forms.desk import Desk
desk = Desk(snapshot.current().path, written_here.journal(), "team:beacon", "{quarter}", access.visitor())
freezing.inside(desk, desk.journal.frozen(desk.scope, desk.quarter))
"""


def test_a_quarter_is_frozen_once_and_again_only_where_something_changed(
    own_home: Path, journal: Journal
) -> None:
    def freeze(reason: str | None = None) -> AppTest:
        page = AppTest.from_string(FREEZING.format(quarter="2026-Q3"), default_timeout=60).run()
        if reason:
            page.text_input[0].input(reason)
        next(one for one in page.button if one.label == "Freeze").click()
        page.run()
        assert not page.exception, page.exception
        return page

    freeze()
    assert "Nothing has changed since revision 1" in told(freeze("Again"))
    journal.add(action(), role="leader", at=AT)
    freeze("An action was missing.")
    assert [(one.revision, one.reason) for one in journal.frozen("team:beacon", "2026-Q3")] == [
        (1, "The review of Q3 2026."),
        (2, "An action was missing."),
    ]


LEADER = Visitor("leader", frozenset(), is_signed_in=True, may_write=True)


@pytest.mark.parametrize(("until", "is_refused"), [(2100, True), (2020, False)])
def test_a_quarter_is_not_frozen_during_the_teams_first_look(
    own_home: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch, until: int, is_refused: bool
) -> None:
    monkeypatch.setattr(access, "visitor", lambda: LEADER)
    monkeypatch.setattr(
        "dashboard.health.first_look.opens_to_leaders", lambda *_: datetime(until, 1, 1, tzinfo=UTC)
    )
    page = AppTest.from_string(FREEZING.format(quarter="2026-Q3"), default_timeout=60).run()
    refusal = "The teams have the first look at this survey. It opens to everybody on 1 Jan 2100"
    assert (refusal in told(page)) == is_refused
    assert [one.label for one in page.button] == ([] if is_refused else ["Freeze"])


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (" ", "Reason: is empty. Fill it in."),
        ("Asked for by ada@example.org", "Reason: has an e-mail address"),
    ],
)
def test_a_reason_that_cannot_stay_is_a_line_and_nothing_is_frozen(
    own_home: Path, journal: Journal, reason: str, said: str
) -> None:
    page = AppTest.from_string(FREEZING.format(quarter="2026-Q3"), default_timeout=60).run()
    page.text_input[0].input(reason)
    assert said in told(press(page, "Freeze"))
    assert not journal.frozen("team:beacon", "2026-Q3")


def test_an_open_quarter_is_not_frozen(own_home: Path, journal: Journal) -> None:
    page = AppTest.from_string(FREEZING.format(quarter="2026-Q4"), default_timeout=60).run()
    assert "is still open" in told(page)
    assert not page.button
