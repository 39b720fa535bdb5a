"""Names go out of all that was ever written, and nothing else changes."""

import hashlib
import json
import re
from datetime import timedelta

import pytest
from written import NOW, QUARTER, TEAM, a_decision, a_theme, an_action

from connectors.journal.entries import FREE_TEXT, KINDS, Action, Theme, WentWell
from connectors.journal.where import FILE


def redact(text):
    return re.sub("(?i)xenia( quist)?", "[erased]", text)


@pytest.fixture
def filled(journal):
    """An action whose first version names her, a text that was removed, and a frozen quarter with both."""
    action = journal.add(an_action(owner="Xenia Quist", update="With Xenia"), role="leader", at=NOW)
    journal.change(action.id, 1, an_action(owner="team payments"), role="leader", at=NOW + timedelta(1))
    praise = WentWell(scope=TEAM, quarter=QUARTER, text="Xenia's “café” runbook held\nall week")
    removed = journal.add(praise, role="team_member", at=NOW)
    journal.remove(removed.id, 1, role="team_member", at=NOW)
    journal.add(a_theme(), role="leader", at=NOW)
    for is_ascii in (True, False):
        content = json.dumps({"went": [praise.text], "team": "Xenia", "n": 7}, ensure_ascii=is_ascii)
        journal.freeze(TEAM, QUARTER, content, definitions="1", role="leader", at=NOW, reason="for Xenia")
    return journal, action.id, removed.id


def test_names_go_out_of_entries_history_and_frozen_quarters(filled):
    journal, action, removed = filled
    assert journal.erase(redact, is_trial=False) == 4  # both entries, and both revisions
    first, second = (change.body for change in journal.history(action))
    assert (first.owner, first.update) == ("[erased]", "With [erased"[: len("With Xenia")])
    assert second == an_action(owner="team payments")
    written, gone = journal.history(removed)
    assert written.body.text == "[erased]'s “café” runbook held\nall week"[: len(written.body.text)]
    assert gone.body is None
    for frozen in journal.frozen(TEAM, QUARTER):
        # Texts of the journal alone are treated: what a team is called is no text of it.
        assert json.loads(frozen.content) == {"went": [written.body.text], "team": "Xenia", "n": 7}
        assert frozen.sha256 == hashlib.sha256(frozen.content.encode()).hexdigest()
        assert frozen.reason == "for [erased]"
    assert journal.erase(redact, is_trial=False) == 0
    assert [one.body for one in journal.entries(Theme)] == [a_theme()]


def test_a_trial_counts_and_changes_nothing(filled):
    journal, action, _ = filled
    before = journal.history(action), journal.frozen(TEAM, QUARTER)
    assert journal.erase(redact, is_trial=True) == 4
    assert (journal.history(action), journal.frozen(TEAM, QUARTER)) == before


def test_what_was_written_over_is_not_in_the_file(tmp_path, opened):
    journal = opened(f"sqlite:///{tmp_path / FILE}")
    journal.add(an_action(update="Xenia " * 300), role="leader", at=NOW)
    assert b"Xenia" in (tmp_path / FILE).read_bytes()
    journal.erase(redact, is_trial=False)
    assert b"Xenia" not in (tmp_path / FILE).read_bytes()


def test_what_is_left_can_still_be_read(journal):
    entry = journal.add(an_action(what="Al " * 66 + "Al", issue="Al", reason="Al"), role="leader", at=NOW)
    journal.erase(lambda text: text.replace("Al", "[erased]"), is_trial=False)
    (left,) = journal.entries(Action)
    assert (left.id, left.version, left.body.issue) == (entry.id, 1, "[e")
    theme = journal.add(a_theme(markers=["Al", "smaller"]), role="leader", at=NOW)
    journal.erase(lambda text: text.replace("Al", "[erased]"), is_trial=False)
    assert [one.body.markers for one in journal.entries(Theme) if one.id == theme.id] == [("[e", "smaller")]
    link = journal.add(a_decision(link="https://x.example/Al"), role="leader", at=NOW)
    journal.erase(lambda text: text.replace("Al", "[erased]"), is_trial=False)
    assert journal.history(link.id)[0].body.link.startswith("https://x.example/[")


def test_every_text_that_people_write_is_looked_at():
    """A field that is neither chosen from a list, nor a key, nor a day, nor a number."""
    keys = {
        "scope",
        "pickup_hours",
        "is_issue_wanted",
        "asks_for_help",
        "quarter",
        "kind",
        "state",
        "effort",
        "risk",
        "reach",
        "owner_level",
        "indicators",
        "limit",
    }
    days = {"due", "proposed_on", "decided_on", "reversed_on", "valid_from", "valid_to", "on", "until"}
    fields = {name for kind in KINDS.values() for name in kind.model_fields}
    assert fields - keys - days == FREE_TEXT
