"""Runbooks: whose they are, whether they are whole, how old, and which links are broken."""

import os
import shutil
import socket
import subprocess
import threading
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import time_machine
from ports import closed_port

from connectors.base import Cursor, InputError, SourceContext
from connectors.documents import runbook_links
from connectors.documents.files import parse
from connectors.documents.runbook_links import Follower, is_broken_file, links_of
from connectors.records import Runbook
from connectors.runbooks import ANTI_PATTERNS, KIND, PATTERNS, UPGRADE_PATHS, Runbooks, Settings
from connectors.traffic import Traffic

RECORDED = Path(__file__).parent.parent / "recorded" / "runbooks"
DAY = datetime(2026, 10, 5, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(runbook_links, "PAUSE_SECONDS", 0)


def source(path, **keys):
    return Runbooks(Settings(name="docs", kind=KIND, path=str(path), **keys), SourceContext(None, (), "/x"))


def read(path, **keys):
    (batch,) = source(path, **keys).fetch("runbooks", "*", Cursor())
    assert batch.is_final
    return {one.id: one for one in batch.records}


class Site:
    """A web server on loopback: path → status and headers, and what it was asked."""

    def __init__(self):
        self.url = ""
        self.answers = {}
        self.requests = []

    def answer(self, path, status=200, **headers):
        self.answers[path] = (status, headers)
        return f"{self.url}{path}"


@pytest.fixture
def site():
    told = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            told.requests.append((self.command, self.path, dict(self.headers)))
            status, headers = told.answers[self.path]
            if status == "GET only":
                status = 405 if self.command == "HEAD" else 200
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_HEAD

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(RECORDED, tmp_path / "docs")
    with (tmp_path / "docs" / "checkout" / "runbook.md").open("a") as runbook:
        runbook.write("\n![a picture](missing.png) `[no link](gone.md)`\n\n```md\n[nor this](gone.md)\n```\n")
    for path in (tmp_path / "docs").rglob("*.md"):
        os.utime(path, (DAY.timestamp(), DAY.timestamp()))
    return tmp_path / "docs"


def one(tmp_path, text, **keys):
    (tmp_path / "shop").mkdir(exist_ok=True)
    (tmp_path / "shop" / "runbook.md").write_text(text)
    return read(tmp_path, **keys)["shop/runbook.md"]


def test_runbooks_of_the_recorded_documents(folder):
    found = read(folder, base_url="https://docs.example.org")
    assert found == {
        "checkout/runbook.md": Runbook(
            id="checkout/runbook.md",
            service="checkout",
            path="checkout/runbook.md",
            url="https://docs.example.org/checkout/runbook.md",
            has_patterns=True,
            has_anti_patterns=True,
            has_upgrade_paths=True,
            changed_on=date(2026, 9, 30),
            link_count=5,
            broken_link_count=1,
        ),
        "search-runbook.md": Runbook(
            id="search-runbook.md",
            service="search",
            path="search-runbook.md",
            url="https://docs.example.org/search-runbook.md",
            has_patterns=True,
            has_anti_patterns=False,
            has_upgrade_paths=False,
            changed_on=date(2026, 10, 5),
            link_count=1,
            broken_link_count=0,
        ),
    }


def test_the_service_is_the_documents_else_the_configurations_else_the_folders_name(tmp_path):
    for name in ("shop/runbook.md", "till/deep/runbook.md", "own/runbook.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("# R\n")
    (tmp_path / "own" / "runbook.md").write_text("---\nservice: search\n---\n# R\n")
    found = read(tmp_path, services={"till/deep": "checkout"})
    assert {key: runbook.service for key, runbook in found.items()} == {
        "shop/runbook.md": "shop",
        "till/deep/runbook.md": "checkout",
        "own/runbook.md": "search",
    }


def test_a_runbook_of_no_service_is_named(folder):
    (folder / "runbook.md").write_text("# Whose?\n")
    walk = source(folder).fetch("runbooks", "*", Cursor())
    assert len(next(walk).records) == 2
    with pytest.raises(InputError, match=r"^docs/runbook\.md: belongs to no service\. "):
        next(walk)


@pytest.mark.parametrize(
    ("heading", "kinds"),
    [
        ("Patterns", "p"),
        ("Acceptable patterns", "p"),
        ("2. Best practices", "p"),
        ("Anti-Patterns", "a"),
        ("Antipatterns we have seen", "a"),
        ("Known pitfalls", "a"),
        ("What to avoid", "a"),
        ("Patterns and anti-patterns", "pa"),
        ("Upgrade paths", "u"),
        ("Upgrading", "u"),
        ("Migration path to v2", "u"),
        ("Patterns, anti-patterns, upgrade paths", "pau"),
        ("What to do at night", ""),
        ("Database migrations", ""),
        ("Architecture", ""),
        ("Patternless", ""),
    ],
)
def test_headings_of_the_three_sections(tmp_path, heading, kinds):
    found = one(tmp_path, f"# R\n\n## {heading}\n\nText.\n")
    told = zip("pau", (found.has_patterns, found.has_anti_patterns, found.has_upgrade_paths), strict=True)
    assert "".join(kind for kind, is_there in told if is_there) == kinds


@pytest.mark.parametrize("body", ["", "\n\n", "TODO\n", "*tbd*\n", "- n/a\n", "```\ncode\n```\n"])
def test_a_section_that_says_nothing_is_none(tmp_path, body):
    assert not one(tmp_path, f"## Patterns\n\n{body}\n## Other\n\nText.\n").has_patterns


def test_the_age_counts_from_the_last_commit(folder):
    def git(*arguments):
        told = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        dates = {f"GIT_{who}_DATE": "2026-08-01T12:00:00Z" for who in ("AUTHOR", "COMMITTER")}
        environment = {**os.environ, **told, **dates, "GIT_CONFIG_GLOBAL": "/dev/null"}
        subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "all")
    (folder / "till").mkdir()
    (folder / "till" / "runbook.md").write_text("# Not committed yet\n")
    found = read(folder)
    assert found["checkout/runbook.md"].changed_on == date(2026, 8, 1)
    assert found["search-runbook.md"].changed_on == date(2026, 8, 1)
    assert found["till/runbook.md"].changed_on is None


# --- links


def links(text):
    return links_of(parse("d.md", text))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](b.md)", ["b.md"]),
        ("[a](<b.md> 'title') and [c](d.md \"title\")", ["b.md", "d.md"]),
        ("[a](b_(c).md)", ["b_(c).md"]),
        ("![a](b.png) [![c](d.png)](e.md)", ["b.png", "d.png", "e.md"]),
        ("[a]: b.md 'title'\n[a]", ["b.md"]),
        ("[^1]: a footnote", []),
        ("<https://a.example.org/b> and https://c.example.org/d.", ["https://a.example.org/b", "https://c.example.org/d"]),
        ("[https://a.example.org](https://a.example.org)", ["https://a.example.org"]),
        ("[a](#b) [c](mailto:d@example.org) <mailto:d@example.org> [e](tel:1)", []),
        ("`[a](b.md)` and ``[c](d.md)``", []),
        ("```\n[a](b.md)\n```", []),
        ("[a](b.md)\n[c](b.md)", ["b.md"]),
        ("# [a](b.md)", ["b.md"]),
        ("[a](", []),
        ("[a]()", []),
    ],
)  # fmt: skip
def test_links(text, found):
    assert links(text) == found


def test_relative_links_are_looked_up_among_the_files(tmp_path):
    root = tmp_path / "docs"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "x y.md").write_text("x")
    (root / "guide.md").write_text("x")
    (tmp_path / "outside.md").write_text("x")
    document = root / "a" / "d.md"

    def broken(target, roots=(root,)):
        return is_broken_file(target, document, roots)

    there = ("x%20y.md", "x y.md", "b", "b/", "../guide.md#part", "/guide.md", "x%20y.md?a=b")
    assert [broken(one) for one in there] == [False] * 7
    assert [broken(one) for one in ("gone.md", "../gone/", "/gone.md", "b/c.md", "x\0y")] == [True] * 5
    assert broken("../guide/") is False, "a site shows guide.md so"
    assert broken("../../outside.md") is None, "nobody looks outside of the folder"
    assert broken("../../outside.md", (root, tmp_path)) is False, "but in the working copy around it"
    assert broken("../../../../../../etc/passwd") is None
    assert broken("a" * 5000) is True


def test_what_is_not_followed_leaves_the_number_unknown_unless_one_is_broken(tmp_path):
    assert one(tmp_path, "[a](https://a.example.org)\n").broken_link_count is None
    assert one(tmp_path, "[a](https://a.example.org) [b](gone.md)\n").broken_link_count == 1
    assert one(tmp_path, "[a](runbook.md)\n").broken_link_count == 0
    assert one(tmp_path, "nothing\n").broken_link_count == 0


def test_http_links_are_asked_for_their_head_alone(tmp_path, site, monkeypatch, tmp_path_factory):
    netrc = tmp_path_factory.mktemp("user") / ".netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    fine, gone, also = site.answer("/fine"), site.answer("/gone", 404), site.answer("/also", 204)
    text = f"[a]({fine}) [b]({gone}#part) [c]({also}) [again]({fine}#other)\n"
    found = one(tmp_path, text, follow_links=True)
    assert (found.link_count, found.broken_link_count) == (4, 1)
    assert [method for method, _, _ in site.requests] == ["HEAD"] * 3
    assert not any("Authorization" in headers for _, _, headers in site.requests)


@pytest.mark.parametrize(
    ("status", "is_broken"),
    [(200, False), (404, True), (410, True), (401, None), (403, None), (429, None), (500, None), (503, None)],
)
def test_only_a_clear_answer_counts(site, status, is_broken):
    assert Follower(10, Traffic()).is_broken(site.answer("/x", status)) is is_broken


def test_a_server_that_does_not_know_head_is_asked_otherwise(site):
    assert Follower(10, Traffic()).is_broken(site.answer("/x", "GET only")) is False
    assert [method for method, _, _ in site.requests] == ["HEAD", "GET"]


def test_redirects_are_followed_for_a_while(site):
    site.answer("/new", 404)
    follower = Follower(10, Traffic())
    assert follower.is_broken(site.answer("/old", 301, Location="/new")) is True
    assert follower.is_broken(site.answer("/loop", 302, Location="/loop")) is None
    assert [path for _, path, _ in site.requests].count("/loop") == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://169.254.169.254/latest", "http://["])
def test_redirects_do_not_lead_to_other_schemes_or_the_own_link(site, target):
    follower = Follower(10, Traffic())
    assert follower.is_broken(site.answer("/a", 302, Location=target)) is None
    assert follower.traffic.calls == 1


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/latest/meta-data",
        "http://[64:ff9b::a9fe:a9fe]/latest/meta-data",
        "http://[2002:a9fe:a9fe::]/latest/meta-data",
        "http://[fd00:ec2::254]/latest/meta-data",
        "http://100.100.100.200/latest/meta-data",
        "http://168.63.129.16/machine",
        "https://",
        "http://[",
        "http://\u2603.invalid.",
    ],
)
def test_addresses_that_are_not_asked(address, monkeypatch):
    def resolve(host, port):
        if host[0].isdigit() or ":" in host:
            return [(socket.AF_INET, 0, 0, "", (host.split("%")[0], 0))]
        raise OSError("no such name")

    monkeypatch.setattr(runbook_links.socket, "getaddrinfo", resolve)
    follower = Follower(10, Traffic())
    assert follower.is_broken(address) is None
    assert follower.traffic.calls == 0


def test_a_name_that_leads_to_the_own_link_is_not_asked(monkeypatch):
    answer = [(socket.AF_INET, 0, 0, "", ("169.254.169.254", 0))]
    monkeypatch.setattr(runbook_links.socket, "getaddrinfo", lambda *_: answer)
    assert Follower(10, Traffic()).is_broken("http://metadata.example.org/") is None


def test_nobody_listening_is_unknown():
    with closed_port() as port:
        assert Follower(10, Traffic()).is_broken(f"http://127.0.0.1:{port}/") is None


def test_only_so_many_addresses_are_asked_in_one_run(tmp_path, site):
    text = " ".join(f"<{site.answer(f'/{number}')}>" for number in range(5))
    assert one(tmp_path, text, follow_links=True, most_links=3).broken_link_count is None
    assert len(site.requests) == 3


def test_the_time_for_all_addresses_is_bounded(site, monkeypatch):
    monkeypatch.setattr(runbook_links, "LONGEST_SECONDS", -1.0)
    assert Follower(10, Traffic()).is_broken(site.answer("/x")) is None
    assert site.requests == []


def test_between_two_requests_there_is_a_pause(site, monkeypatch):
    monkeypatch.setattr(runbook_links, "PAUSE_SECONDS", 0.2)
    naps = []
    follower = Follower(10, Traffic(), sleep=naps.append)
    assert [follower.is_broken(site.answer(path)) for path in ("/x", "/y")] == [False, False]
    assert naps == [0.2, 0.2]


def test_links_are_followed_once_a_day_and_else_with_the_documents(tmp_path, site):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "runbook.md").write_text(f"<{site.answer('/x')}>\n")

    def walk(cursor):
        (batch,) = source(tmp_path, follow_links=True).fetch("runbooks", "*", cursor)
        return len(batch.records), batch.cursor

    count, first = walk(Cursor())
    assert (count, len(site.requests)) == (1, 1)
    assert walk(first) == (0, first)
    assert len(site.requests) == 1
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1)):
        assert walk(first)[0] == 1


def test_a_check_and_a_census_say_what_there_is(folder):
    (finding,) = source(folder).check()
    assert finding.message.startswith("2 documents, 2 records, no dates from git")
    assert sorted(source(folder).census("runbooks", "*")) == ["checkout/runbook.md", "search-runbook.md"]


def test_the_page_names_every_heading():
    page = (Path(__file__).parent.parent.parent / "docs" / "inbox" / "documents.md").read_text("utf-8")
    for section, words in (
        ("patterns", PATTERNS),
        ("anti-patterns", ANTI_PATTERNS),
        ("upgrade paths", UPGRADE_PATHS),
    ):
        assert f"\n| {section} | {', '.join(words)} |\n" in page
