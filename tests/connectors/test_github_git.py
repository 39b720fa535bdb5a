"""Commits by git instead of the API: a clone without files, from real repositories on this disk."""

import base64
import json
import os
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
from github_script import REPOSITORY, TOKEN, commit, fetch, found, history_page, position, records, source_of

from connectors.base import Cursor, Forbidden, SourceError
from connectors.github import git as github_git
from connectors.github import git_clone
from connectors.github.repositories import FoundRepository

SECRET = base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode()


class Origin:
    """A repository on this disk; a commit an hour, by invented people."""

    def __init__(self, folder):
        self.folder = folder
        self.hour = 0
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "uploadpack.allowFilter", "true")

    def git(self, *arguments):
        at = f"2026-03-{1 + self.hour // 24:02}T{self.hour % 24:02}:00:00+01:00"
        names = ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL")
        times = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), at)
        people = dict.fromkeys(names, "ada@example.org")
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            env={"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", **people, **times},
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(self, message, **files):
        self.hour += 1
        for name, text in {"file": str(self.hour), **files}.items():
            (self.folder / name).write_text(text)
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def merge(self, branch, message):
        self.hour += 1
        self.git("merge", "--quiet", "--no-ff", "--strategy=ours", "--message", message, branch)
        return self.git("rev-parse", "HEAD")

    def look_up(self, branch="main"):
        """What GitHub's look-up would tell."""
        target = {"oid": self.git("rev-parse", branch)}
        return {**REPOSITORY, "defaultBranchRef": {"name": branch, "target": target}}


@pytest.fixture
def origin(tmp_path):
    (tmp_path / "origin").mkdir()
    return Origin(tmp_path / "origin")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def read(scripted_server, origin, home, monkeypatch):
    """Read the history by git from where a cursor stands, as a run does."""
    monkeypatch.setattr(github_git, "clone_address", lambda _repository, _where: f"file://{origin.folder}")

    def read(cursor=None, branch="main", look_up=None, **more):
        found(scripted_server, look_up or origin.look_up(branch))
        source = source_of(scripted_server, home=home, history="git", **more)
        try:
            return fetch(source, "history", cursor)
        finally:
            source.close()

    return read


@pytest.fixture
def spied(tmp_path, monkeypatch):
    """Notes with what, and in which environment, git is started."""
    notes = tmp_path / "notes"
    real = subprocess.run(["which", "git"], capture_output=True, check=True, text=True).stdout.strip()
    script = tmp_path / "bin" / "git"
    script.parent.mkdir()
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"with open({str(notes)!r}, 'a') as file:\n"
        "    print(json.dumps([sys.argv[1:], dict(os.environ)]), file=file)\n"
        f"os.execv({real!r}, [{real!r}, *sys.argv[1:]])\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")

    def by_the_source():
        calls = [json.loads(line) for line in notes.read_text().splitlines()]
        return [call for call in calls if "GIT_AUTHOR_NAME" not in call[1]]

    return by_the_source


def grown(origin):
    """A history with a merge, a revert, a pick, and words of several scripts and lines."""
    first = origin.commit("First")
    origin.commit("Zweite Änderung 🚢\n\nIn two\nparagraphs.\n\nAnd a third.")
    origin.git("checkout", "--quiet", "-b", "side", first)
    side = origin.commit(f"On the side\n\n(cherry picked from commit {first})")
    origin.git("checkout", "--quiet", "main")
    origin.merge("side", "Merge the side")
    origin.commit(f'Revert "On the side"\n\nThis reverts commit {side}.')
    return origin.git("rev-list", "main").split()


def by_api(origin, scripted_server, **more):
    """The records of the same graph, read by the API; the answer is made from git's raw objects."""
    nodes = []
    for sha in origin.git("rev-list", "main").split():
        header, _, message = origin.git("cat-file", "-p", sha).partition("\n\n")
        fields = [line.split(" ") for line in header.splitlines()]
        moments = {
            name: datetime.fromtimestamp(int(words[-2]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            for name, *words in fields
            if name in ("author", "committer")
        }
        headline, _, body = message.partition("\n")
        parents = [words[0] for name, *words in fields if name == "parent"]
        node = commit(sha, *parents, body=body.strip())
        times = {"authoredDate": moments["author"], "committedDate": moments["committer"]}
        nodes.append({**node, **times, "messageHeadline": headline})
    found(scripted_server, origin.look_up())
    scripted_server.answer("POST", "/graphql", json=history_page(nodes, head=nodes[0]["oid"]))
    return records(fetch(source_of(scripted_server, **more), "history"), "commit")


def by_sha(rows):
    return {one.sha: one for one in rows}


def shas(batches):
    return [one.sha for one in records(batches, "commit")]


def clone_of(home):
    return home / "git" / "github" / "7.git"


def test_git_gives_the_same_records_as_the_api(scripted_server, origin, read):
    expected = grown(origin)
    batches = read()
    assert shas(batches) == expected
    assert by_sha(records(batches, "commit")) == by_sha(by_api(origin, scripted_server))
    assert batches[-1].is_final
    assert batches[-1].cursor == position(expected[0])


def test_it_costs_no_call_beyond_the_look_up(scripted_server, origin, read):
    grown(origin)
    read()
    assert len(scripted_server.requests) == 1


def test_no_file_and_no_folder_is_fetched(origin, read, home):
    commits = [origin.commit(f"Commit {number}") for number in range(3)]
    read()
    counted = subprocess.run(
        ["git", f"--git-dir={clone_of(home)}", "count-objects", "-v"],
        capture_output=True,
        check=True,
        text=True,
    )
    counts = dict(line.split(": ") for line in counted.stdout.splitlines())
    assert int(counts["in-pack"]) + int(counts["count"]) == len(commits)


def test_only_what_is_new_is_read_again(origin, read, spied):
    head = grown(origin)[0]
    read()
    new = origin.commit("New")
    batches = read(Cursor(head))
    assert shas(batches) == [new]
    assert batches[-1].cursor == position(new)
    assert sum("clone" in arguments for arguments, _ in spied()) == 1


def test_a_head_that_stands_still_needs_no_git(origin, read, spied):
    head = grown(origin)[0]
    read()
    asked = len(spied())
    assert shas(read(Cursor(head))) == []
    assert len(spied()) == asked


def test_a_history_is_read_in_pieces_and_the_position_moves_at_its_end(origin, read, monkeypatch):
    monkeypatch.setattr(github_git, "COMMITS_PER_BATCH", 2)
    known = origin.commit("Known")
    heads = [origin.commit(f"Commit {number}") for number in range(5)]
    batches = read(Cursor(known))
    assert [len(batch.records) for batch in batches] == [2, 2, 1, 0]
    assert [batch.cursor for batch in batches] == [position(known)] * 3 + [position(heads[-1])]
    assert [batch.is_final for batch in batches] == [False, False, False, True]


def test_a_branch_that_was_pushed_by_force_is_followed(origin, read):
    first = origin.commit("First")
    old = origin.commit("To be replaced")
    read()
    origin.git("reset", "--quiet", "--hard", first)
    new = origin.commit("In its place")
    batches = read(Cursor(old))
    assert shas(batches) == [new]
    assert batches[-1].cursor == position(new)


def test_a_position_that_is_nowhere_any_more_reads_everything(origin, read):
    origin.commit("First")
    origin.commit("Second")
    assert len(shas(read(Cursor("5" * 40)))) == 2


def test_a_default_branch_of_another_name_is_followed(origin, read):
    old = origin.commit("First")
    read()
    origin.git("branch", "--move", "main", "trunk")
    new = origin.commit("Second")
    assert shas(read(Cursor(old), branch="trunk")) == [new]


def test_an_empty_repository_has_no_history_and_no_clone(scripted_server, home, read):
    found(scripted_server, {**REPOSITORY, "defaultBranchRef": None})
    (batch,) = fetch(source_of(scripted_server, home=home, history="git"), "history")
    assert (batch.is_final, batch.records, batch.cursor) == (True, [], Cursor())
    assert not home.exists()


def test_commits_before_the_start_of_history_are_left_out_and_their_children_keep_them_as_parents(
    scripted_server, origin, read
):
    grown(origin)
    start = datetime(2026, 3, 1, 2, tzinfo=UTC)  # the third commit's hour
    rows = records(read(history_start=start), "commit")
    whole = by_sha(by_api(origin, scripted_server))
    assert by_sha(rows) == {sha: one for sha, one in whole.items() if one.committed_at >= start}
    assert any(parent not in by_sha(rows) for one in rows for parent in one.parent_shas)


def test_a_clone_that_a_kill_cut_short_is_made_again(origin, read, home):
    head = origin.commit("First")
    left_over = clone_of(home).parent / "7.git.part-killed"
    left_over.mkdir(parents=True)
    (left_over / "objects").write_text("half of it")
    assert shas(read()) == [head]
    assert [path.name for path in clone_of(home).parent.iterdir()] == ["7.git"]


@pytest.mark.parametrize("damage", ["lock", "no repository", "lost objects"])
def test_a_clone_that_is_of_no_use_is_made_again(origin, read, home, damage):
    origin.commit("First")
    read()
    clone = clone_of(home)
    if damage == "lock":
        (clone / "config.lock").touch()
    elif damage == "no repository":
        (clone / "HEAD").unlink()
    else:
        for pack in (clone / "objects" / "pack").iterdir():
            pack.chmod(0o600)
            pack.unlink()
    head = origin.commit("Second")
    assert shas(read())[0] == head


def test_a_clone_stays_when_the_server_cannot_be_reached(origin, read, home):
    head = origin.commit("First")
    read()
    inode = clone_of(home).stat().st_ino
    ahead = {**REPOSITORY, "defaultBranchRef": {"name": "main", "target": {"oid": "9" * 40}}}
    away = origin.folder.rename(origin.folder.with_name("away"))
    with pytest.raises(SourceError, match="github/alder/catalogue/history: git"):
        read(Cursor(head), look_up=ahead)
    away.rename(origin.folder)
    assert shas(read(Cursor(head), look_up=ahead)) == []
    assert clone_of(home).stat().st_ino == inode


def test_a_server_that_counts_for_long_is_waited_for(origin, read, spied):
    """It is asked to tell how far it is, and a few bytes in each second are enough."""
    origin.commit("First")
    read()
    origin.commit("Second")
    read()
    asking = [call for call in spied() if {"clone", "fetch"} & set(call[0])]
    assert len(asking) == 2
    assert all("--progress" in arguments for arguments, _ in asking)
    assert all(environment["GIT_HTTP_LOW_SPEED_LIMIT"] == "1" for _, environment in asking)


def test_an_account_that_sends_addresses_elsewhere_does_not_do_so_here(origin, read, tmp_path, monkeypatch):
    (tmp_path / "account").mkdir()
    elsewhere = f'[url "ssh://git@127.0.0.1:1/"]\n\tinsteadOf = file://{tmp_path}/\n'
    (tmp_path / "account" / ".gitconfig").write_text(elsewhere)
    monkeypatch.setenv("HOME", str(tmp_path / "account"))
    head = origin.commit("First")
    assert shas(read()) == [head]
    head = origin.commit("Second")
    assert shas(read(Cursor(origin.git("rev-parse", "HEAD~")))) == [head]


@pytest.mark.parametrize(("kind", "variable"), [("file", "GIT_SSL_CAINFO"), ("folder", "GIT_SSL_CAPATH")])
def test_the_organisation_s_own_certificates_are_a_file_or_a_folder(tmp_path, monkeypatch, kind, variable):
    named = tmp_path / "certificates"
    named.mkdir() if kind == "folder" else named.touch()
    monkeypatch.delenv("GIT_SSL_CAINFO", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(named))
    clone = git_clone.GitClone(tmp_path, "https://github.example.org/a/b.git", None, "w")
    told = {key: value for key, value in clone._environment().items() if key.startswith("GIT_SSL_CA")}
    assert told == {variable: str(named)}


# --- secrets


def test_the_credential_reaches_git_in_its_environment_alone(origin, read, home, spied, monkeypatch):
    monkeypatch.setenv("JIRA_TOKEN", "another-secret")
    monkeypatch.setenv("GIT_TRACE_CURL", "1")
    monkeypatch.setenv("GIT_DIR", "/somewhere/else")
    origin.commit("First")
    read()
    calls = spied()
    assert {"clone", "log"} <= {word for arguments, _ in calls for word in arguments}
    for arguments, environment in calls:
        assert TOKEN not in str(arguments)
        assert SECRET not in str(arguments)
        if arguments != ["--version"]:
            assert f"Authorization: Basic {SECRET}" in environment.values()
            assert not {"JIRA_TOKEN", "GIT_TRACE_CURL", "GIT_DIR"} & set(environment)
            assert environment["GIT_TERMINAL_PROMPT"] == "0"
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert kept
    assert not any(SECRET.encode() in path.read_bytes() for path in kept)


def test_the_credential_is_for_the_server_it_belongs_to(tmp_path):
    clone = git_clone.GitClone(tmp_path, "https://github.example.org:8443/a/b.git", ("u", "s"), "w")
    environment = clone._environment()
    names = {environment[f"GIT_CONFIG_KEY_{n}"] for n in range(int(environment["GIT_CONFIG_COUNT"]))}
    assert "http.https://github.example.org:8443/.extraHeader" in names
    assert environment["GIT_ALLOW_PROTOCOL"] == "https"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "ext::sh -c touch% /tmp/x",
        "file:///etc",
        "ssh://git@example.org/a/b",
        "http://example.org/a/b",
        "https://user:password@example.org/a/b",
        "--upload-pack=touch",
    ],
)
def test_nothing_but_https_is_cloned_from(scripted_server, home, url, spied):
    found(scripted_server, {**REPOSITORY, "url": url})
    with pytest.raises(SourceError, match="names no https address") as refused:
        fetch(source_of(scripted_server, home=home, history="git"), "history")
    assert "password" not in str(refused.value)
    assert not home.exists()


def test_a_repository_is_cloned_from_its_page(scripted_server):
    url = "https://github.example.org/alder/catalogue"
    repository = FoundRepository.read({**REPOSITORY, "url": url})
    assert github_git.clone_address(repository, "w") == f"{url}.git"


# --- what goes wrong

ANY_GIT = '#!/bin/sh\n[ "$1" = --version ] && echo git version 2.50.0 && exit\n'


def test_without_git_the_message_says_what_to_do(origin, read, monkeypatch, tmp_path):
    look_up = {**REPOSITORY, "defaultBranchRef": {"name": "main", "target": {"oid": "9" * 40}}}
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError) as missing:
        read(look_up=look_up)
    assert str(missing.value) == (
        "github/alder/catalogue/history: there is no git on this machine. "
        'Install git 2.31 or newer, or set history = "api"'
    )


def test_an_old_git_is_named_with_its_version(origin, read, monkeypatch, tmp_path):
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.25.1\n")
    old.chmod(0o700)
    look_up = {**REPOSITORY, "defaultBranchRef": {"name": "main", "target": {"oid": "9" * 40}}}
    monkeypatch.setenv("PATH", f"{old.parent}:{os.environ['PATH']}")
    with pytest.raises(SourceError, match=r"git 2\.25\.1 is too old"):
        read(look_up=look_up)


@pytest.mark.parametrize(
    "said",
    [
        "fatal: Authentication failed for 'https://example.org/a/b.git/'",
        "fatal: could not read Username for 'https://example.org': terminal prompts disabled",
        "fatal: unable to access 'https://example.org/a/b.git/': The requested URL returned error: 403",
        "remote: Repository not found.\nfatal: repository 'https://example.org/a/b.git/' not found",
    ],
)
def test_a_refused_credential_is_told_as_such_and_git_is_not_quoted(tmp_path, monkeypatch, said):
    refusing = tmp_path / "bin" / "git"
    refusing.parent.mkdir()
    (tmp_path / "said").write_text(said)
    refusing.write_text(f"{ANY_GIT}cat {tmp_path / 'said'} >&2\nexit 128\n")
    refusing.chmod(0o700)
    monkeypatch.setenv("PATH", f"{refusing.parent}:{os.environ['PATH']}")
    clone = git_clone.GitClone(tmp_path / "clone.git", "https://example.org/a/b.git", None, "w")
    with pytest.raises(Forbidden) as refused:
        clone.update("main")
    assert str(refused.value).startswith("w: git may not read the repository. ")
    assert "example.org" not in str(refused.value)


def test_a_home_that_cannot_be_written_is_told(origin, read, home):
    origin.commit("First")
    home.write_text("no folder")
    with pytest.raises(SourceError, match=r"the clone cannot be kept in the home folder \(Not a directory\)"):
        read()


def test_clones_of_repositories_that_are_no_longer_read_are_removed(origin, read, home):
    """Their commits name authors, and nothing else would ever remove them."""
    origin.commit("First")
    read()
    for name in ("999.git", "999.git.part-x1"):
        (clone_of(home).parent / name).mkdir()
    read()
    assert list(clone_of(home).parent.iterdir()) == [clone_of(home)]


def test_clones_are_removed_where_commits_are_no_longer_read_by_git(scripted_server, home):
    clone_of(home).mkdir(parents=True)
    found(scripted_server)
    scripted_server.answer("POST", "/graphql", json=history_page([]))
    fetch(source_of(scripted_server, home=home), "history")
    assert not clone_of(home).exists()


def test_clones_stay_while_a_repository_cannot_be_seen(scripted_server, home):
    (clone_of(home).parent / "999.git").mkdir(parents=True)
    empty = {**REPOSITORY, "defaultBranchRef": None}
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": empty, "r1": None}})
    source = source_of(scripted_server, "alder/catalogue", "alder/kiosk", home=home, history="git")
    fetch(source, "history")
    assert (clone_of(home).parent / "999.git").exists()


def test_a_git_that_hangs_is_ended(tmp_path, monkeypatch):
    hanging = tmp_path / "bin" / "git"
    hanging.parent.mkdir()
    hanging.write_text(f"{ANY_GIT}exec sleep 60\n")
    hanging.chmod(0o700)
    monkeypatch.setenv("PATH", f"{hanging.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(git_clone, "LONGEST_SECONDS", 0.2)
    clone = git_clone.GitClone(tmp_path / "clone.git", "https://example.org/a/b.git", None, "w")
    with pytest.raises(SourceError, match="git does not end within"):
        clone.update("main")


@pytest.fixture
def fetching(origin, read, home, tmp_path, monkeypatch):
    """A clone that exists, and a git that answers a fetch with a script and notes what else it is asked."""
    origin.commit("First")
    read()
    script = tmp_path / "scripted" / "git"
    script.parent.mkdir()

    def fetching(words):
        script.write_text(
            f'{ANY_GIT}case "$*" in\n'
            f"  *' fetch '*) {words};;\n"
            f"  'clone '*) touch {tmp_path / 'cloned'}; exit 1;;\n"
            "esac\n"
        )
        script.chmod(0o700)
        monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
        return git_clone.GitClone(clone_of(home), f"file://{origin.folder}", None, "w")

    return fetching


def has_ended(process):
    """Whether a process ends at once; one that nobody has asked for its end yet is a zombie."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        asked = subprocess.run(["ps", "-o", "stat=", "-p", process], capture_output=True, check=False)
        if not asked.stdout.strip() or asked.stdout.startswith(b"Z"):
            return True
    return False


def test_a_fetch_that_hangs_is_ended_with_its_children_and_no_clone_follows(fetching, tmp_path, monkeypatch):
    clone = fetching(f"sleep 60 & echo $! > {tmp_path / 'child'}; wait")
    monkeypatch.setattr(git_clone, "LONGEST_SECONDS", 0.3)
    with pytest.raises(SourceError, match="git does not end within"):
        clone.update("main")
    assert not (tmp_path / "cloned").exists()
    assert has_ended((tmp_path / "child").read_text().strip())


def test_a_fetch_that_is_refused_is_not_followed_by_a_clone(fetching, tmp_path):
    clone = fetching("echo 'fatal: Authentication failed for x' >&2; exit 128")
    with pytest.raises(Forbidden):
        clone.update("main")
    assert not (tmp_path / "cloned").exists()


def test_a_reader_that_stops_half_way_leaves_no_process_behind(origin, tmp_path, monkeypatch):
    for number in range(20):
        origin.commit(f"Commit {number}")
    started, start = [], subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(start(*a, **k)) or started[-1])
    clone = git_clone.GitClone(tmp_path / "clone.git", f"file://{origin.folder}", None, "w")
    commits = clone.commits(clone.update("main"), None)
    next(commits)
    commits.close()
    assert started
    # Other tests' servers may be children of this process too.
    for process in started:
        with pytest.raises(ChildProcessError):
            os.waitpid(process.pid, os.WNOHANG)


def test_dates_that_there_will_never_be_do_not_stop_the_reading(origin, read):
    tree = origin.git("hash-object", "-t", "tree", "-w", "/dev/null")
    who = "Ada <ada@example.org>"
    raw = origin.folder / "raw"
    raw.write_text(
        f"tree {tree}\nauthor {who} 99999999999999 +0000\ncommitter {who} 1770000000 +0000\n\nOdd\n"
    )
    sha = origin.git("hash-object", "-t", "commit", "-w", "--literally", str(raw))
    origin.git("update-ref", "refs/heads/main", sha)
    (row,) = records(read(), "commit")
    assert row.committed_at == datetime.fromtimestamp(1_770_000_000, UTC)
    assert row.authored_at.year == 9999


def test_check_tells_which_git_is_used(scripted_server, spied):
    scripted_server.answer("POST", "/graphql", json={"data": {"viewer": {"login": "ada"}}})
    scripted_server.answer("GET", "/rate_limit", status=404, json={})
    found(scripted_server).answer("GET", "/repos/alder/catalogue/actions/runs", json={"workflow_runs": []})
    last = source_of(scripted_server, history="git").check()[-1]
    assert last.is_fine
    assert last.message.startswith("commits are read by git 2.")
