"""Issues of actions, from the journal to the sandbox's Jira and back."""

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.base import MadeIssue, SourceUnavailable, Unanswered
from connectors.jira.settings import Settings
from connectors.journal.entries import Action
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from connectors.sandbox.organisation import found
from connectors.sandbox.servers import serve
from connectors.sandbox.work_items import ACTIVE, DONE, TO_DO
from connectors.sandbox.world import Transition
from connectors.traffic import Traffic
from pipelines import agreed_actions
from pipelines.agreed_actions import ASKED_FILE, settle
from pipelines.config_model import Actions, Configuration, Organisation
from pipelines.home import Home

NOW = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)


class FakeTracker:
    """A Jira in memory. `fault` is raised by the next call of `make`, after or before the issue is there."""

    def __init__(self) -> None:
        self.traffic = Traffic()
        self.issues: dict[str, MadeIssue] = {}
        self.asked = 0
        self.searched = 0
        self.fault: Exception | None = None
        self.is_made_all_the_same = False
        self.hidden: set[str] = set()

    def made(self):
        self.searched += 1
        return {key: one for key, one in self.issues.items() if key not in self.hidden}

    def make(self, wish):
        self.asked += 1
        fault, self.fault = self.fault, None
        if fault is None or self.is_made_all_the_same:
            self.issues[wish.id] = MadeIssue(f"ACT-{len(self.issues) + 1}", "new")
        if fault is not None:
            raise fault
        return self.issues[wish.id].key

    def close(self):
        pass


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("JIRA_WRITER", "any")
    monkeypatch.delenv("OUTCOMES_JOURNAL_URL", raising=False)
    return Home(tmp_path)


@pytest.fixture
def journal(home: Home) -> Iterator[Journal]:
    with closing(Journal.open(url_of(home.path))) as opened:
        yield opened


def action(**changes):
    body = {
        "scope": "team:harbour",
        "quarter": "2026-Q3",
        "what": "Write down what we do not test",
        "answers": "Quality",
        "owner": "Team Harbour",
        "due": date(2026, 12, 18),
        "known_by": "The list is there.",
        "effort": "small",
        "is_issue_wanted": True,
    }
    return Action.model_validate({**body, **changes})


def configured(url: str = "http://127.0.0.1:9") -> Configuration:
    return Configuration(
        organisation=Organisation(id="alder", name="Alder"),
        source=[Settings(name="jira", kind="jira", base_url=url, max_wait_seconds=0)],
        actions=Actions(source="jira", project="HAR", issue_type="Task", token_env="JIRA_WRITER"),
    )


def add(journal, **changes):
    return journal.add(action(**changes), role="team_member", at=NOW - timedelta(days=1))


@pytest.fixture
def tracker(monkeypatch: pytest.MonkeyPatch) -> FakeTracker:
    one = FakeTracker()
    monkeypatch.setattr(agreed_actions, "_tracker", lambda _configuration: one)
    return one


def stands(journal):
    return [
        (one.body.issue, one.body.state, one.body.update, one.author_role) for one in journal.entries(Action)
    ]


def test_a_wish_becomes_an_issue_once_and_its_state_comes_back(home, journal):
    """Over HTTP against the sandbox's Jira: made, found again, moved on, done, opened again."""
    add(journal)
    add(journal, what="Not wished for", is_issue_wanted=False)
    world = found(7)
    with serve(world) as running:
        before = running.requests("jira")
        first = settle(configured(running.urls["jira"]), home, NOW)
        assert first is not None
        assert (first.error, first.rows_changed, first.scope) == (None, 1, "HAR")
        assert stands(journal) == [
            ("HAR-1", "moving", None, "operator"),
            (None, "moving", None, "team_member"),
        ]
        (item,) = world.work_items
        assert (item.summary, item.type) == ("Write down what we do not test", "Task")
        assert "outcomes-action" in item.labels
        again = settle(configured(running.urls["jira"]), home, NOW)
        assert again is not None
        assert (again.rows_changed, len(world.work_items)) == (0, 1)
        item.transitions.append(Transition(1, NOW - timedelta(hours=3), TO_DO, ACTIVE))
        settle(configured(running.urls["jira"]), home, NOW)
        assert stands(journal)[0][:3] == ("HAR-1", "moving", "HAR-1 is in progress.")
        item.transitions.append(Transition(2, NOW - timedelta(hours=2), ACTIVE, DONE))
        settle(configured(running.urls["jira"]), home, NOW)
        assert stands(journal)[0][1:3] == ("done", None), "it is in progress no more"
        item.transitions.append(Transition(3, NOW - timedelta(hours=1), DONE, ACTIVE))
        settle(configured(running.urls["jira"]), home, NOW)
        assert stands(journal)[0][1] == "moving"
        # Two questions each time (what the server is, and one search), and one issue was made.
        assert running.requests("jira") - before == 5 * 2 + 1


def test_nothing_is_asked_where_nobody_wishes_for_anything(home, journal, tracker):
    add(journal, is_issue_wanted=False)
    result = settle(configured(), home, NOW)
    assert result is not None
    assert (result.calls, tracker.searched, tracker.asked) == (0, 0, 0)


def test_a_lost_answer_makes_no_second_issue_even_while_the_search_is_behind(home, journal, tracker):
    entry = add(journal)
    tracker.fault, tracker.is_made_all_the_same = Unanswered("jira", "the connection fails", "Wait"), True
    tracker.hidden = {entry.id}
    assert settle(configured(), home, NOW).error == "jira: the connection fails. Wait"
    soon = settle(configured(), home, NOW + timedelta(minutes=2))
    assert "asked for at 04:00 UTC, and the answer is lost" in soon.error
    assert tracker.asked == 1
    tracker.hidden = set()
    later = settle(configured(), home, NOW + timedelta(minutes=3))
    assert (later.error, later.rows_changed) == (None, 1)
    assert stands(journal)[0][0] == "ACT-1"
    assert json.loads((home.path / ASKED_FILE).read_text()) == {}


def test_a_process_that_ends_right_after_asking_is_as_a_lost_answer(home, journal, tracker):
    entry = add(journal)
    tracker.fault, tracker.is_made_all_the_same = KeyboardInterrupt(), True
    tracker.hidden = {entry.id}
    with pytest.raises(KeyboardInterrupt):
        settle(configured(), home, NOW)
    assert settle(configured(), home, NOW + timedelta(minutes=1)).error is not None
    assert tracker.asked == 1


def test_what_is_not_found_ten_minutes_later_was_not_made(home, journal, tracker):
    add(journal)
    tracker.fault = Unanswered("jira", "the connection fails", "Wait")
    settle(configured(), home, NOW)
    assert settle(configured(), home, NOW + timedelta(minutes=11)).error is None
    assert (tracker.asked, stands(journal)[0][0]) == (2, "ACT-1")


def test_a_refusal_is_tried_again_in_the_next_run(home, journal, tracker):
    add(journal)
    tracker.fault = SourceUnavailable("jira", "the credential may not create issues", "Let it")
    result = settle(configured(), home, NOW)
    assert (result.status, result.error) == ("failed", "jira: the credential may not create issues. Let it")
    assert settle(configured(), home, NOW + timedelta(minutes=1)).error is None
    assert tracker.asked == 2


def test_states_are_read_back_though_an_issue_cannot_be_made(home, journal, tracker):
    add(journal, what="Made of it nothing can be")
    known = add(journal, what="Made long ago", issue="ACT-9")
    tracker.issues[known.id] = MadeIssue("ACT-9", "done")
    tracker.fault = SourceUnavailable("jira", "the server makes no Task in HAR", "Check issue_type")
    result = settle(configured(), home, NOW)
    assert (result.status, result.rows_changed) == ("failed", 1)
    assert [one[:2] for one in stands(journal)] == [(None, "moving"), ("ACT-9", "done")]


def test_an_update_that_somebody_wrote_stays_when_the_issue_moves(home, journal, tracker):
    entry = add(journal, update="Half of the services have it.", issue="ACT-9")
    for state in ("moving", "done"):
        tracker.issues[entry.id] = MadeIssue("ACT-9", state)
        settle(configured(), home, NOW)
        assert stands(journal)[0][1:3] == (state, "Half of the services have it.")


def test_people_may_drop_what_has_an_issue_and_nothing_is_made_of_what_is_over(home, journal, tracker):
    dropped = add(journal, state="dropped", reason="Built elsewhere.", issue="ACT-9")
    add(journal, what="Done before it had an issue", state="done")
    tracker.issues[dropped.id] = MadeIssue("ACT-9", "done")
    settle(configured(), home, NOW)
    assert [one[:2] for one in stands(journal)] == [("ACT-9", "dropped"), (None, "done")]
    assert tracker.asked == 0


def test_what_somebody_writes_meanwhile_stays(home, journal, tracker, monkeypatch):
    entry = add(journal)
    make = tracker.make

    def slow(wish):
        journal.change(entry.id, 1, action(update="Half of it."), role="team_member", at=NOW)
        return make(wish)

    monkeypatch.setattr(tracker, "make", slow)
    assert settle(configured(), home, NOW).rows_changed == 1
    assert stands(journal) == [("ACT-1", "moving", "Half of it.", "operator")]


def test_a_missing_secret_is_told_by_its_name(home, journal, monkeypatch):
    add(journal)
    monkeypatch.delenv("JIRA_WRITER")
    result = settle(configured(), home, NOW)
    told = (
        "jira/agreed_actions: the environment variable JIRA_WRITER is not set. Set it, or take [actions] out"
    )
    assert (result.status, result.error) == ("failed", told)


def test_without_a_journal_nothing_is_made(home):
    assert settle(configured(), home, NOW) is None
    assert not (home.path / "journal.sqlite").exists()
