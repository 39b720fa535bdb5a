"""Architecture decisions from Markdown files, with and without git."""

import os
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from connectors.base import Cursor, InputError, NotFound, SourceContext, Unread
from connectors.decision_records import KIND, WORDS, DecisionRecords, Settings
from connectors.records import ArchitectureDecision

ROOT = Path(__file__).parent.parent.parent
RECORDED = ROOT / "tests" / "recorded" / "decision_records"


def source(path, known_names=(), **keys):
    context = SourceContext(None, (), "/nonexistent", known_names=frozenset(known_names))
    return DecisionRecords(Settings(name="adr", kind=KIND, path=str(path), **keys), context)


def read(path, cursor=None, **keys):
    (batch,) = source(path, **keys).fetch("decisions", "*", cursor or Cursor())
    assert batch.is_final
    return {one.id: one for one in batch.records}


@pytest.fixture
def folder(tmp_path):
    """The recorded decisions, outside of any working copy."""
    shutil.copytree(RECORDED, tmp_path / "adr")
    return tmp_path / "adr"


class Repository:
    """A working copy with commits on days of their own."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments, on="2026-01-01"):
        person = {"NAME": "Ada Lovelace", "EMAIL": "ada@example.org", "DATE": f"{on}T12:00:00Z"}
        told = {
            f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in person.items()
        }
        settings = ("-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null")
        subprocess.run(
            ["git", *settings, *arguments],
            cwd=self.path,
            env={**os.environ, **told, "GIT_CONFIG_GLOBAL": "/dev/null"},
            check=True,
            capture_output=True,
        )

    def write(self, name, text, on):
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        self.commit(on)

    def commit(self, on):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change", on=on)


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "copy")


def dates(decision):
    return decision.proposed_on, decision.decided_on, decision.reversed_on


# --- the text alone


def test_each_form_is_read(folder):
    found = read(
        folder, known_names=["Ada Lovelace", "Grace Hopper"], base_url="https://docs.example.org/adr/"
    )
    assert found["0003-one-queue.md"] == ArchitectureDecision(
        id="0003-one-queue.md",
        title="One queue per team, as [name] asked",
        service="checkout",
        team="payments",
        status="accepted",
        proposed_on=date(2026, 3, 2),
        decided_on=date(2026, 3, 20),
        reversed_on=None,
        decided_by_level="team",
        url="https://docs.example.org/adr/0003-one-queue.md",
        risk="low",
        reach="organisation",
    )
    assert {key: (one.title, one.status, *dates(one)) for key, one in found.items()} == {
        "0001-record-decisions.md": (
            "Record architecture decisions", "accepted", None, date(2026, 1, 12), None,
        ),
        "0002-one-database.md": ("One database for all", "superseded", None, date(2026, 2, 2), None),
        "0003-one-queue.md": (
            "One queue per team, as [name] asked", "accepted", date(2026, 3, 2), date(2026, 3, 20), None,
        ),
        "0004-keep-the-monolith.md": ("Keep the monolith", "rejected", None, date(2026, 4, 5), None),
        "0005-try-another-language.md": ("Try another language", "proposed", date(2026, 5, 6), None, None),
        "0006-table.md": ("Write a table", "superseded", None, None, date(2026, 6, 7)),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Status: Accepted", "accepted"),
        ("**Status:** approved, 2026-01-02", "accepted"),
        ("* __Status__: In review", "proposed"),
        ("Status: ✅ Adopted", "accepted"),
        ("- Status: withdrawn", "rejected"),
        ("Status: *obsolete*", "deprecated"),
        ("Status: replaced by ADR-7", "superseded"),
        ("Status: Not accepted", "rejected"),
        ("Status: Supersedes ADR-1", None),
        ("Status: proposed | accepted", None),
        ("Status: unaccepted", None),
        ("Status: whatever", None),
    ],
)
def test_words_of_a_status(tmp_path, line, status):
    (tmp_path / "d.md").write_text(f"# A decision\n\n{line}\n")
    if status:
        assert read(tmp_path)["d.md"].status == status
    else:
        with pytest.raises(InputError, match=r"^adr/d\.md: has no status\. Write one, "):
            list(source(tmp_path).fetch("decisions", "*", Cursor()))


def test_a_document_that_is_no_decision_is_named_and_the_others_are_read(folder):
    (folder / "0008-notes.md").write_text("# Notes\n\nNothing was decided.\n")
    (folder / "0009-odd.md").write_text("---\nstatus: accepted\nrisk: huge\n---\n# Odd\n")
    (folder / "0010-latin.md").write_bytes(b"# Z\xfcrich\n\nStatus: accepted\n")
    (folder / "0011-matter.md").write_text("---\nstatus: [accepted\n---\n# Matter\n")
    walk = source(folder).fetch("decisions", "*", Cursor("before"))
    batch = next(walk)
    assert (len(batch.records), batch.is_final, batch.cursor) == (6, False, Cursor("before"))
    with pytest.raises(InputError) as raised:
        next(walk)
    assert str(raised.value) == (
        "adr/0010-latin.md: is not UTF-8 text. Save it as UTF-8, or name it in exclude; "
        "3 more cannot be read, see `outcomes check`"
    )
    assert raised.value.unread == (
        Unread("adr/0010-latin.md", "is not UTF-8 text"),
        Unread("adr/0011-matter.md", "the front matter is not YAML"),
        Unread("adr/0008-notes.md", "has no status"),
        Unread("adr/0009-odd.md", "its risk is an unknown word"),
    )
    with pytest.raises(InputError):
        list(source(folder).census("decisions", "*"))


def test_an_excluded_document_is_no_decision(folder):
    (folder / "0008-notes.md").write_text("# Notes\n")
    assert len(read(folder, exclude=["README*", "template*", "0008*"])) == 6


def test_service_and_team_come_from_the_document_else_from_the_deepest_folder(tmp_path):
    text = "# D\n\nStatus: accepted\n"
    for path in ("a.md", "shop/b.md", "shop/cart/c.md", "other/d.md"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "shop/e.md").write_text("# E\n\nStatus: accepted\nService: own\n")
    found = read(tmp_path, services={"shop": "shop", "shop/cart": "cart", ".": "all"}, teams={"shop": "till"})
    assert {key: (one.service, one.team) for key, one in found.items()} == {
        "a.md": ("all", None),
        "shop/b.md": ("shop", "till"),
        "shop/cart/c.md": ("cart", "till"),
        "other/d.md": ("all", None),
        "shop/e.md": ("own", "till"),
    }


# --- git


PROPOSED = "# One queue\n\nStatus: proposed\n"
ACCEPTED = "# One queue\n\nStatus: accepted\n"
SUPERSEDED = "# One queue\n\nStatus: superseded by [2](2.md)\n"


def test_dates_are_those_of_the_commits_that_changed_the_status(repository):
    repository.write("adr/1.md", PROPOSED, "2026-01-10")
    repository.write("adr/1.md", PROPOSED + "\nMore.\n", "2026-01-15")
    repository.write("adr/1.md", ACCEPTED + "\nMore.\n", "2026-02-01")
    repository.write("adr/1.md", ACCEPTED + "\nStill more.\n", "2026-02-20")
    assert dates(read(repository.path / "adr")["1.md"]) == (date(2026, 1, 10), date(2026, 2, 1), None)
    repository.write("adr/1.md", SUPERSEDED, "2026-06-01")
    assert dates(read(repository.path / "adr")["1.md"]) == (
        date(2026, 1, 10),
        date(2026, 2, 1),
        date(2026, 6, 1),
    )


def test_a_decision_that_was_committed_as_taken_has_no_proposal(repository):
    """Zero days between both would be made up."""
    repository.write("1.md", ACCEPTED, "2026-01-10")
    repository.write("2.md", ACCEPTED + "Date: 2026-01-05\n", "2026-01-10")
    found = read(repository.path)
    assert dates(found["1.md"]) == (None, date(2026, 1, 10), None)
    assert dates(found["2.md"]) == (None, date(2026, 1, 5), None)


def test_a_decision_that_was_committed_as_reversed_knows_what_its_text_says(repository):
    repository.write("1.md", SUPERSEDED, "2026-01-10")
    repository.write("2.md", "# 2. Old\n\nDate: 2025-03-01\n\n## Status\n\nDeprecated\n", "2026-01-10")
    found = read(repository.path)
    assert dates(found["1.md"]) == (None, None, None)
    assert dates(found["2.md"]) == (None, date(2025, 3, 1), None)


def test_a_moved_file_keeps_its_history(repository):
    repository.write("doc/arch/1.md", PROPOSED + "Context. " * 30, "2026-01-10")
    (repository.path / "adr").mkdir()
    repository.git("mv", "doc/arch/1.md", "adr/0001.md")
    repository.commit("2026-03-01")
    repository.write("adr/0001.md", ACCEPTED + "Context. " * 30, "2026-04-01")
    assert dates(read(repository.path / "adr")["0001.md"]) == (date(2026, 1, 10), date(2026, 4, 1), None)


def test_a_decision_that_was_copied_from_another_one_begins_with_the_copy(repository):
    repository.write("template-of-ours.md", PROPOSED + "Context. " * 30, "2025-01-10")
    repository.write("1.md", PROPOSED + "Context. " * 30, "2026-01-10")
    repository.write("1.md", ACCEPTED + "Context. " * 30, "2026-02-10")
    assert dates(read(repository.path)["1.md"]) == (date(2026, 1, 10), date(2026, 2, 10), None)


def test_a_history_with_malformed_versions_is_read_around_them(repository):
    repository.write("1.md", "---\nstatus: [proposed\n---\n# One\n", "2026-01-01")
    repository.write("1.md", "---\nstatus: proposed\n---\n# One\n", "2026-01-10")
    repository.write("1.md", "# nothing yet\n", "2026-01-20")
    repository.write("1.md", "---\nstatus: accepted\n---\n# One\n", "2026-02-01")
    assert dates(read(repository.path)["1.md"]) == (date(2026, 1, 10), date(2026, 2, 1), None)


def test_what_the_text_says_of_its_dates_comes_first(repository):
    repository.write("1.md", PROPOSED, "2026-01-10")
    own = "proposed: 2025-12-01\ndecided: 2025-12-24\nreversed: 2026-01-02\nstatus: superseded\n"
    repository.write("1.md", f"---\n{own}---\n# One\n", "2026-02-01")
    assert dates(read(repository.path)["1.md"]) == (date(2025, 12, 1), date(2025, 12, 24), date(2026, 1, 2))


def test_a_file_that_is_not_committed_yet_has_what_its_text_says(repository):
    repository.write("1.md", PROPOSED, "2026-01-10")
    (repository.path / "2.md").write_text(ACCEPTED + "Date: 2026-01-20\n")
    assert dates(read(repository.path)["2.md"]) == (None, date(2026, 1, 20), None)


def test_odd_file_names_are_found(repository):
    names = ["-rf.md", "ä ö.md", "a*b.md", ":(top)x.md", "new\nline.md", "$(touch x).md"]
    for name in names:
        repository.write(name, PROPOSED, "2026-01-10")
    found = read(repository.path)
    assert set(found) == set(names)
    assert {dates(one) for one in found.values()} == {(date(2026, 1, 10), None, None)}


def test_a_shallow_copy_has_no_dates_to_trust(repository, tmp_path):
    repository.write("1.md", PROPOSED, "2026-01-10")
    repository.write("1.md", PROPOSED + "More.\n", "2026-05-10")
    address = f"file://{repository.path}"
    subprocess.run(["git", "clone", "--quiet", "--depth=1", address, tmp_path / "shallow"], check=True)
    (decision,) = read(tmp_path / "shallow").values()
    assert dates(decision) == (None, None, None)
    (finding,) = source(tmp_path / "shallow").check()
    assert finding.message == "1 documents, 1 records, no dates from git: the working copy is shallow"


def test_nothing_that_the_repository_configures_is_run(repository, tmp_path):
    repository.write("1.md", PROPOSED, "2026-01-10")
    mark = tmp_path / "ran"
    for key in ("core.fsmonitor", "core.pager", "gpg.program", "diff.external", "core.sshCommand"):
        repository.git("config", key, f"touch {mark}; true")
    repository.git("config", "log.showSignature", "true")
    (repository.path / ".gitattributes").write_text("*.md diff=evil\n")
    repository.git("config", "diff.evil.textconv", f"touch {mark}; cat")
    assert dates(read(repository.path)["1.md"])[0] == date(2026, 1, 10)
    assert not mark.exists()


def test_another_repository_in_the_environment_is_not_asked(repository, tmp_path, monkeypatch):
    """As within a hook of git, which sets these variables."""
    repository.write("1.md", PROPOSED, "2026-01-10")
    other = Repository(tmp_path / "other")
    other.write("1.md", PROPOSED, "2025-01-01")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    assert dates(read(repository.path)["1.md"])[0] == date(2026, 1, 10)


def test_without_git_the_text_is_enough(folder, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    assert len(read(folder)) == 6
    (finding,) = source(folder).check()
    assert finding.message == "6 documents, 6 records, no dates from git: git is not installed"


# --- runs


def test_an_unchanged_folder_costs_nothing_and_any_change_reads_it_all(repository):
    repository.write("1.md", PROPOSED, "2026-01-10")
    path = repository.path

    def walk(cursor, **keys):
        (batch,) = source(path, **keys).fetch("decisions", "*", cursor)
        return len(batch.records), batch.cursor

    count, first = walk(Cursor())
    assert count == 1
    assert walk(first) == (0, first)
    assert walk(first, base_url="https://docs.example.org")[0] == 1
    assert walk(first, known_names=["Ada Lovelace"])[0] == 1
    repository.write("elsewhere.txt", "x", "2026-01-11")
    assert walk(first)[0] == 1, "the history has changed"
    _, second = walk(first)
    (path / "1.md").write_text(ACCEPTED)
    assert walk(second)[0] == 1


def test_what_is_no_longer_there_is_told_by_the_census(folder):
    assert len(list(source(folder).census("decisions", "*"))) == 6
    (folder / "0001-record-decisions.md").unlink()
    assert "0001-record-decisions.md" not in list(source(folder).census("decisions", "*"))


def test_hidden_folders_and_links_to_outside_are_left_out(folder, tmp_path):
    (folder / ".obsidian").mkdir()
    (folder / ".obsidian" / "x.md").write_text("# X\n\nStatus: accepted\n")
    (folder / "node_modules" / "y").mkdir(parents=True)
    (folder / "node_modules" / "y" / "y.md").write_text("# Y\n\nStatus: accepted\n")
    (tmp_path / "outside.md").write_text("# Secret\n\nStatus: accepted\n")
    (folder / "link.md").symlink_to(tmp_path / "outside.md")
    (folder / "loop").symlink_to(folder)
    (folder / "same.md").symlink_to(folder / "0001-record-decisions.md")
    assert set(read(folder)) - {f"000{n}" for n in range(9)} >= {"same.md"}
    assert not {"link.md", ".obsidian/x.md", "node_modules/y/y.md"} & set(read(folder))
    assert len(read(folder)) == 7


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(NotFound, match=r"^adr: there is no folder .*/gone\. Correct path of this "):
        list(source(tmp_path / "gone").fetch("decisions", "*", Cursor()))
    (finding,) = source(tmp_path / "gone").check()
    assert (finding.where, finding.is_fine) == ("adr", False)


def test_a_document_that_is_too_large_is_named(folder):
    (folder / "large.md").write_bytes(b"Status: accepted\n" + b"x" * 1_000_000)
    findings = source(folder).check()
    assert [(one.where, one.is_fine) for one in findings] == [("adr", True), ("adr/large.md", False)]
    assert findings[1].is_input_error


def test_the_decisions_of_this_repository_are_read():
    found = read(ROOT / "docs" / "decisions")
    files = {path.name for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md")}
    assert set(found) == files
    assert {one.status for one in found.values()} <= {"proposed", "accepted", "superseded"}
    assert not any(one.title[0].isdigit() for one in found.values())


def test_the_page_names_every_word_of_a_status():
    page = (ROOT / "docs" / "inbox" / "documents.md").read_text("utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert told == {status: ", ".join(words) for status, words in WORDS.items()}
