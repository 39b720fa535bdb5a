"""What is written into the journal, and what is kept of it."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from written import NOW, QUARTER, TEAM, a_closing, a_decision, a_limit, a_theme, an_action

from connectors.journal.entries import Action, Annotation, NotKnown, Theme, WipLimit
from connectors.journal.journal import Conflict, JournalError, Refused

LATER = NOW + timedelta(hours=1)


def test_what_was_written_is_read_back(journal, url, opened):
    theme = journal.add(a_theme(), role="leader", at=NOW)
    action = journal.add(an_action(what="<b>Review</b> =1+1"), role="team_member", at=NOW)
    other = opened(url)
    assert other.entries(Theme) == [theme]
    assert other.entries(Action, scope=TEAM, quarter=QUARTER) == [action]
    assert other.entries(Action, quarter="2026-Q2") == other.entries(Action, scope="organisation") == []
    assert (action.version, action.author_role, action.body.what) == (1, "team_member", "<b>Review</b> =1+1")


def test_entries_come_in_the_order_in_which_they_were_made(journal):
    written = [
        journal.add(an_action(what=f"{n}"), role="leader", at=NOW - timedelta(days=n)) for n in range(3)
    ]
    journal.change(written[0].id, 1, an_action(what="0", state="done"), role="leader", at=LATER)
    assert [one.id for one in journal.entries(Action)] == [one.id for one in written]


def test_a_time_is_kept_in_utc(journal):
    at = datetime(2026, 10, 12, 11, 0, tzinfo=timezone(timedelta(hours=2)))
    journal.add(a_limit(), role="operator", at=at)
    (entry,) = journal.entries(WipLimit)
    assert (entry.changed_at, entry.changed_at.tzinfo) == (NOW, UTC)


def test_every_change_keeps_its_history_and_role(journal):
    first, second = an_action(), an_action(state="dropped", reason="The build was at fault.")
    entry = journal.add(first, role="leader", at=NOW)
    changed = journal.change(entry.id, entry.version, second, role="team_member", at=LATER)
    journal.remove(entry.id, changed.version, role="steward", at=LATER)
    assert [(one.version, one.at, one.author_role, one.body) for one in journal.history(entry.id)] == [
        (1, NOW, "leader", first),
        (2, LATER, "team_member", second),
        (3, LATER, "steward", None),
    ]
    assert journal.entries(Action) == []
    assert journal.history("nothing") == []


def test_a_change_that_changes_nothing_is_none(journal):
    entry = journal.add(an_action(), role="leader", at=NOW)
    assert journal.change(entry.id, 1, an_action(), role="team_member", at=LATER) == entry
    assert len(journal.history(entry.id)) == 1


def test_two_who_edit_the_same_are_told(journal):
    entry = journal.add(an_action(), role="leader", at=NOW)
    ours = journal.change(entry.id, 1, an_action(update="Begun."), role="leader", at=LATER)
    for late in (
        lambda: journal.change(entry.id, 1, an_action(update="Stuck."), role="leader", at=LATER),
        lambda: journal.remove(entry.id, 1, role="leader", at=LATER),
    ):
        with pytest.raises(Conflict, match="was changed in the meantime") as told:
            late()
        assert told.value.current == ours
    assert journal.entries(Action) == [ours]


@pytest.mark.parametrize("entry_id", ["removed", "never was"])
def test_what_is_gone_cannot_be_changed(journal, entry_id):
    entry = journal.add(an_action(), role="leader", at=NOW)
    journal.remove(entry.id, 1, role="leader", at=NOW)
    for version in (1, 2):
        with pytest.raises(Conflict, match="was removed in the meantime") as told:
            journal.change(
                entry.id if entry_id == "removed" else "x", version, an_action(), role="leader", at=LATER
            )
        assert told.value.current is None


def test_an_entry_stays_of_its_kind(journal):
    entry = journal.add(an_action(), role="leader", at=NOW)
    with pytest.raises(Refused, match="stays of its kind"):
        journal.change(entry.id, 1, a_limit(), role="leader", at=LATER)


def test_a_second_theme_is_refused(journal):
    first = journal.add(a_theme(), role="leader", at=NOW)
    with pytest.raises(Refused, match="there is a theme for this quarter already"):
        journal.add(a_theme(sentence="Fewer incidents"), role="leader", at=NOW)
    journal.add(a_theme(scope="organisation"), role="leader", at=NOW)
    moved = journal.add(a_theme(quarter="2026-Q2"), role="leader", at=NOW)
    with pytest.raises(Refused, match="theme"):
        journal.change(moved.id, 1, a_theme(sentence="Moved here"), role="leader", at=NOW)
    journal.remove(first.id, 1, role="leader", at=NOW)
    journal.change(moved.id, 1, a_theme(sentence="Moved here"), role="leader", at=NOW)
    assert [one.body.sentence for one in journal.entries(Theme, scope=TEAM)] == ["Moved here"]


def test_a_fourth_action_is_refused(journal):
    for number in range(3):
        journal.add(an_action(what=f"Action {number}", state="done"), role="leader", at=NOW)
    with pytest.raises(Refused, match="3 actions already"):
        journal.add(an_action(), role="leader", at=NOW)
    assert len(journal.entries(Action)) == 3


def test_a_review_without_actions_is_closed_with_a_reason(journal):
    with pytest.raises(Refused, match="says why nothing changes"):
        journal.add(a_closing(), role="leader", at=NOW)
    closing = journal.add(a_closing(no_change_reason="We are in the middle of it."), role="leader", at=NOW)
    with pytest.raises(Refused, match="closed already"):
        journal.add(a_closing(no_change_reason="Again."), role="leader", at=NOW)
    action = journal.add(an_action(), role="leader", at=NOW)
    journal.change(closing.id, 1, a_closing(), role="leader", at=NOW)
    with pytest.raises(Refused, match="says why nothing changes"):
        journal.remove(action.id, 1, role="leader", at=NOW)
    assert journal.entries(Action) == [action]


def test_one_limit_begins_on_a_day(journal):
    journal.add(a_limit(), role="team_member", at=NOW)
    with pytest.raises(Refused, match="a limit from this day on already"):
        journal.add(a_limit(limit=7), role="team_member", at=NOW)
    journal.add(a_limit(scope="team:search"), role="team_member", at=NOW)


@pytest.mark.parametrize("changed", [{"proposed_on": "2026-10-14"}, {"decided_on": "2026-10-14"}])
def test_a_decision_of_a_day_to_come_is_refused(journal, changed):
    journal.add(a_decision(decided_on="2026-10-13"), role="leader", at=NOW)  # somewhere it is
    with pytest.raises(Refused, match="still to come"):
        journal.add(a_decision(**changed), role="leader", at=NOW)


def test_not_this_time_is_written_too(journal):
    entry = journal.add(NotKnown(scope=TEAM, quarter=QUARTER), role="leader", at=NOW)
    assert journal.entries(NotKnown) == [entry]


def test_only_roles_and_real_times_are_taken(journal):
    with pytest.raises(Refused, match="one of leader, team_member"):
        journal.add(a_limit(), role="ada", at=NOW)
    with pytest.raises(Refused, match="its zone"):
        journal.add(a_limit(), role="leader", at=NOW.replace(tzinfo=None))
    assert journal.entries(WipLimit) == []


def test_a_frozen_quarter_is_never_changed(journal):
    first = journal.freeze(TEAM, QUARTER, "{}", definitions="d1", role="leader", at=NOW, reason="review")
    assert first.sha256 == hashlib.sha256(b"{}").hexdigest()
    same = journal.freeze(TEAM, QUARTER, "{}", definitions="d1", role="anyone", at=LATER, reason="again")
    second = journal.freeze(
        TEAM, QUARTER, '{"é":1}', definitions="d1", role="leader", at=LATER, reason="late"
    )
    assert same == first
    assert second.sha256 == hashlib.sha256('{"é":1}'.encode()).hexdigest()
    assert journal.frozen(TEAM, QUARTER) == [first, second]
    assert [one.revision for one in journal.frozen(TEAM, QUARTER)] == [1, 2]
    assert journal.frozen(TEAM, "2026-Q2") == []


def test_an_annotation_of_a_scope_is_found_without_a_quarter(journal):
    body = Annotation(
        scope=TEAM, kind="ai_assistant", on="2026-09-01", text="The assistant is there for all."
    )
    entry = journal.add(body, role="team_member", at=NOW)
    assert journal.entries(Annotation, scope=TEAM) == [entry]


def test_a_refusal_is_an_error_of_the_journal():
    assert issubclass(Refused, JournalError)
    assert issubclass(Conflict, JournalError)
