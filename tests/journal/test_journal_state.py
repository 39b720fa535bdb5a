"""Every change of what is written shows in the state, and nothing else does."""

from datetime import timedelta

from written import NOW, QUARTER, TEAM, an_action

from connectors.journal.entries import Action
from connectors.journal.where import FILE


def test_every_change_makes_another_state_and_looking_makes_none(journal, url, opened):
    """Five changes, by two that have it open: six states with the first, each seen by the other as well."""
    other = opened(url)
    states = [journal.state()]

    def changed():
        states.append(journal.state())
        assert states[-1] == other.state()

    entry = journal.add(an_action(owner="Xenia"), role="leader", at=NOW)
    changed()
    other.change(entry.id, 1, an_action(owner="team payments"), role="leader", at=NOW)
    changed()
    # A name as long as what takes its place: neither lengths nor times nor versions differ.
    assert journal.erase(lambda text: text.replace("Xenia", "-----"), is_trial=True) == 1
    assert journal.state() == states[-1]
    journal.erase(lambda text: text.replace("Xenia", "-----"), is_trial=False)
    changed()
    other.remove(entry.id, 2, role="leader", at=NOW)
    changed()
    journal.add(an_action(), role="leader", at=NOW - timedelta(days=400))
    changed()
    assert len(set(states)) == 6
    journal.entries(Action)
    journal.history(entry.id)
    journal.freeze(TEAM, QUARTER, "{}", definitions="1", role="leader", at=NOW, reason="closed")
    assert journal.erase(lambda text: text, is_trial=False) == 0
    assert journal.state() == states[-1]


def test_another_journal_in_its_place_has_another_state(tmp_path, opened):
    """The same written at the same time into two files, of which one takes the place of the other."""
    here, copy = tmp_path / FILE, tmp_path / "copy.sqlite"
    first, second = (opened(f"sqlite:///{path}") for path in (here, copy))
    for one in (first, second):
        one.add(an_action(), role="leader", at=NOW)
    before = first.state()
    copy.replace(here)
    assert first.state() != before


def test_an_erasure_is_no_change_of_any_entry(journal):
    entry = journal.add(an_action(owner="Xenia"), role="leader", at=NOW)
    journal.erase(lambda text: text.replace("Xenia", "[erased]"), is_trial=False)
    assert [change.version for change in journal.history(entry.id)] == [1]
    assert journal.histories(Action).keys() == {entry.id}
    assert [one.version for one in journal.entries(Action)] == [1]
