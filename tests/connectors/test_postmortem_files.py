"""Postmortems from Markdown files, and the actions that they ask for."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from connectors.base import Cursor, SourceContext
from connectors.documents.history import Revision
from connectors.postmortems import ACTIONS, CAUSES, KIND, PostmortemFiles, Settings
from connectors.records import Postmortem, PostmortemAction

RECORDED = Path(__file__).parent.parent / "recorded" / "postmortems"
NAMES = frozenset({"Ada Lovelace", "Grace Hopper"})


def source(path, **keys):
    context = SourceContext(None, (), "/nonexistent", known_names=NAMES)
    return PostmortemFiles(Settings(name="pm", kind=KIND, path=str(path), **keys), context)


def read(path, stream="postmortems", **keys):
    (batch,) = source(path, **keys).fetch(stream, "*", Cursor())
    assert batch.is_final
    return list(batch.records)


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(RECORDED, tmp_path / "pm")
    return tmp_path / "pm"


def write(tmp_path, text, name="p.md"):
    (tmp_path / name).write_text(text)
    return tmp_path


def test_a_postmortem_of_every_field_and_one_of_the_least(folder):
    full, least = read(folder, base_url="https://docs.example.org/pm")
    assert full == Postmortem(
        id="2026-10-payments.md",
        incident="I-1",
        service="checkout",
        title="Payments failed after [name]'s deployment",
        url="https://docs.example.org/pm/2026-10-payments.md",
        published_at=datetime(2026, 10, 9, 12, tzinfo=UTC),
        causes=["configuration", "missing alert"],
    )
    assert least == Postmortem(
        id="2026-11-search.md",
        incident="SEARCH-7",
        service=None,
        title="Search was slow",
        url="https://docs.example.org/pm/2026-11-search.md",
        published_at=None,
        causes=["A cache that was never warm"],
    )


def test_actions_are_the_task_lists(folder):
    done, still_open, dropped, warm = read(folder, "postmortem_actions")
    assert done == PostmortemAction(
        id=done.id,
        postmortem_id="2026-10-payments.md",
        title="Alert on the queue's length (PAY-12)",
        due_on=date(2026, 11, 1),
        closed_on=date(2026, 10, 20),
        state="done",
        url="https://jira.example.org/PAY-12",
    )
    assert (still_open.title, still_open.due_on, still_open.closed_on, still_open.state, still_open.url) == (
        "Roll back by one command", date(2026, 12, 1), None, "open", None,
    )  # fmt: skip
    assert (dropped.title, dropped.state, dropped.url) == (
        "Ask [name] for a second region", "dropped", "https://jira.example.org/PAY-13",
    )  # fmt: skip
    assert (warm.postmortem_id, warm.title, warm.state) == ("2026-11-search.md", "Warm the cache", "open")
    assert len({one.id for one in (done, still_open, dropped, warm)}) == 4


def test_an_action_keeps_its_id_when_it_is_moved_dated_linked_and_done(tmp_path):
    before = write(tmp_path, "## Actions\n- [ ] Warm the cache\n- [ ] Other\n")
    first, _ = read(before, "postmortem_actions")
    after = "## Actions\n- [ ] New\n\n* [X] warm the cache, due 2026-01-02, done 2026-01-01 ([T-1](https://x.example.org))\n"
    _, second = read(write(tmp_path, after), "postmortem_actions")
    assert (second.id, second.state, second.closed_on) == (first.id, "done", date(2026, 1, 1))


@pytest.mark.parametrize("part", ["[", "[x](http://", "](", "due ", "(", ",(", "due : : "])
@pytest.mark.parametrize("size", [200_000, pytest.param(900_000, marks=pytest.mark.soak)])
def test_a_hostile_action_ends(tmp_path, part, size):
    """Quadratic work on any of these would take many minutes, and on the larger ones hours."""
    text = f"# P\n\n## Actions\n\n- [ ] x {part * (size // len(part))}\n"
    assert len(read(write(tmp_path, text), "postmortem_actions")) == 1


def test_an_action_that_stands_twice_counts_once(tmp_path):
    text = "## Actions\n- [ ] Warm the cache\n## Follow-ups\n- [x] Warm the cache\n"
    assert [one.state for one in read(write(tmp_path, text), "postmortem_actions")] == ["done"]


@pytest.mark.parametrize(
    "heading", ["## Action items", "## 4. Actions", "### Follow-ups:", "# CORRECTIVE ACTIONS"]
)
def test_headings_of_actions(tmp_path, heading):
    assert len(read(write(tmp_path, f"{heading}\n- [ ] Do it\n"), "postmortem_actions")) == 1


@pytest.mark.parametrize("text", ["## Timeline\n- [ ] Do it\n", "- [ ] Do it\n", "## Actions\n- Do it\n"])
def test_other_lists_are_no_actions(tmp_path, text):
    assert read(write(tmp_path, text), "postmortem_actions") == []


@pytest.mark.parametrize(
    ("text", "causes"),
    [
        ("---\ntags: [config, Config]\n---\n", ["config", "Config"]),
        ("Root cause: config; capacity, alerting\n", ["config", "capacity", "alerting"]),
        ("## Root causes\n- config\n- capacity\n", ["config", "capacity"]),
        ("## Root cause\nIt was a long story.\n", []),
        ("", []),
    ],
)
def test_causes(tmp_path, text, causes):
    assert read(write(tmp_path, text))[0].causes == causes


# --- when it was published, and when actions were closed


class History:
    """What git would say."""

    missing = None
    head = "c1"

    def __init__(self, *revisions):
        self._revisions = [Revision(on, text) for on, text in revisions]

    def revisions(self, path):
        return self._revisions


def with_history(tmp_path, text, *revisions):
    made = source(write(tmp_path, text))
    made.history = History(*revisions)
    (postmortems,) = made.fetch("postmortems", "*", Cursor())
    (actions,) = made.fetch("postmortem_actions", "*", Cursor())
    return postmortems.records[0], actions.records


FIRST, SECOND, THIRD = date(2026, 10, 2), date(2026, 10, 5), date(2026, 10, 9)


def test_without_a_day_it_is_published_by_the_first_commit_that_is_no_draft(tmp_path):
    draft, final = "Status: draft\n", "Status: final\n"
    postmortem, _ = with_history(tmp_path, final, (FIRST, draft), (SECOND, final), (THIRD, final))
    assert postmortem.published_at == datetime(2026, 10, 5, 12, tzinfo=UTC)
    postmortem, _ = with_history(tmp_path, draft, (FIRST, draft))
    assert postmortem.published_at is None


def test_the_day_of_the_incident_publishes_nothing(tmp_path):
    """`date` is mostly that day: taken for publication, every postmortem would be in time."""
    (postmortem,) = read(write(tmp_path, "---\ndate: 2026-10-01\n---\n# P\n"))
    assert postmortem.published_at is None


def test_an_action_without_a_day_was_closed_by_the_first_commit_that_shows_it_closed(tmp_path):
    todo, done = "## Actions\n- [ ] Warm the cache\n", "## Actions\n- [x] Warm the cache\n"
    _, (action,) = with_history(tmp_path, done, (FIRST, todo), (SECOND, done), (THIRD, done))
    assert (action.state, action.closed_on) == ("done", SECOND)
    _, (action,) = with_history(tmp_path, done, (FIRST, done), (SECOND, todo), (THIRD, done))
    assert action.closed_on == THIRD, "it was opened again in between"
    _, (action,) = with_history(tmp_path, todo, (FIRST, done), (SECOND, todo))
    assert (action.state, action.closed_on) == ("open", None)


def test_a_document_that_cannot_be_read_costs_nothing_of_the_others(folder):
    (folder / "odd.md").write_text("---\ncauses: [\n---\n")
    walk = source(folder).fetch("postmortem_actions", "*", Cursor())
    assert len(next(walk).records) == 4
    with pytest.raises(Exception, match=r"^pm/odd\.md: the front matter is not YAML"):
        next(walk)


def test_each_stream_has_its_census(folder):
    made = source(folder)
    assert list(made.census("postmortems", "*")) == ["2026-10-payments.md", "2026-11-search.md"]
    assert len(list(made.census("postmortem_actions", "*"))) == 4


def test_the_page_names_every_heading():
    page = (Path(__file__).parent.parent.parent / "docs" / "inbox" / "documents.md").read_text("utf-8")
    for headings in (CAUSES, ACTIONS):
        assert f"under a heading {', '.join(headings[:-1])} or {headings[-1]}" in page
