"""Codecov: counts by commit, late reports, pages that move, and what check tells."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from connectors.base import AuthError, Cursor, CursorRefused, NotFound, Pass, SourceContext, UnexpectedShape
from connectors.codecov import CodecovSource, Settings
from connectors.http import Patience
from connectors.records import CoverageReport

TOKEN = "9c1d-api-token"
REPOSITORY = "/api/v2/github/acme/repos/shop/"
COMMITS = f"{REPOSITORY}commits/"
SHA = "5ad1f6a1c6f04a1b8e0d2f8d6f0e4a5b7c9d1e3f"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def commit(sha: str = SHA, at: str = "2026-10-20T09:00:00Z", **fields: Any) -> dict[str, Any]:
    totals = {"files": 3, "lines": 24, "hits": 17, "misses": 5, "partials": 2, "coverage": 70.83}
    return {
        "commitid": sha,
        "message": "Add a till",
        "timestamp": at,
        "ci_passed": True,
        "author": {"service": "github", "username": "ada", "name": "Ada Example"},
        "branch": "main",
        "totals": {**totals, "branches": 4, "methods": 0, "sessions": 2, "diff": 0},
        "state": "complete",
        "parent": None,
        **fields,
    }


def page(*commits: dict[str, Any], more: bool = False) -> dict[str, Any]:
    elsewhere = "https://elsewhere.example.org/api/v2/?page=2"
    return {
        "count": len(commits),
        "next": elsewhere if more else None,
        "previous": None,
        "results": list(commits),
        "total_pages": 1,
    }


def details(**fields: Any) -> dict[str, Any]:
    return {"name": "shop", "branch": "trunk", "active": True, "private": True, **fields}


@pytest.fixture
def make(scripted_server, naps):
    def build(*repositories: str, token: str | None = TOKEN, **keys: Any) -> CodecovSource:
        start = keys.pop("history_start", utc("2026-01-01T00:00:00Z"))
        settings = Settings(
            **{
                "name": "codecov",
                "kind": "codecov",
                "base_url": scripted_server.url,
                "token_env": "CODECOV_API_TOKEN",
                "branch": "main",
                **keys,
            }
        )
        context = SourceContext(
            SecretStr(token) if token else None, repositories or ("acme/shop",), "", start
        )
        return CodecovSource(settings, context, Patience(attempts=2, sleep=naps.append))

    return build


def read(source: CodecovSource, cursor: Cursor | None = None, scope: str = "acme/shop") -> list[Any]:
    return list(source.fetch("commits", scope, cursor or Cursor()))


def shas(batches: list[Any]) -> list[str]:
    return [one.sha for batch in batches for one in batch.records]


def test_a_commit_is_understood_field_by_field(make, scripted_server):
    scripted_server.answer("GET", COMMITS, json=page(commit()))
    (batch,) = read(make())
    assert batch.records == [
        CoverageReport(
            id=f"acme/shop:{SHA}",
            component="acme/shop",
            sha=SHA,
            branch="main",
            flag=None,
            method="lines",
            measured_at=utc("2026-10-20T09:00:00Z"),
            covered_lines=19,  # 17, and the two that are hit in part: they were run
            coverable_lines=24,
            new_covered_lines=None,
            new_coverable_lines=None,
        )
    ]
    (request,) = scripted_server.requests
    assert request.query == {"branch": ["main"], "page": ["1"], "page_size": ["100"]}
    assert request.headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("diff", "covered", "coverable"),
    [
        ([2, 10, 6, 3, 1, "60.00000", 0, 0, 0, 0, 0, 0, 0], 7, 10),
        ([1, 4, 4], 4, 4),
        ([1, 5], 0, 5),
        ([0, 0, 0, 0, 0, None, 0, 0, 0, 0, 0, 0, 0], None, None),
        ([], None, None),
        (0, None, None),
        (None, None, None),
    ],
    ids=["all", "zeros left out", "nothing covered", "no line", "empty", "zero", "null"],
)
def test_what_a_commit_changed_is_read_where_it_is_told(make, scripted_server, diff, covered, coverable):
    """Files, lines, hits, misses, partials, …: as Codecov writes its totals as a list."""
    totals = {**commit()["totals"], "diff": diff}
    scripted_server.answer("GET", COMMITS, json=page(commit(totals=totals)))
    ((one,),) = [batch.records for batch in read(make())]
    assert (one.new_covered_lines, one.new_coverable_lines) == (covered, coverable)


def test_a_hundred_commits_cost_one_call(make, scripted_server):
    rows = [commit(f"{n:040x}") for n in range(100)]
    scripted_server.answer("GET", COMMITS, json=page(*rows))
    source = make()
    assert len(shas(read(source))) == 100
    assert source.traffic.calls == 1


def test_without_a_branch_the_default_one_is_asked_for(make, scripted_server):
    scripted_server.answer("GET", REPOSITORY, json=details())
    scripted_server.answer("GET", COMMITS, json=page())
    read(make(branch=None))
    assert scripted_server.asked(COMMITS)[0].query["branch"] == ["trunk"]


def test_a_repository_without_a_default_branch(make, scripted_server):
    scripted_server.answer("GET", REPOSITORY, json=details(branch=None))
    with pytest.raises(NotFound, match=r"^codecov/acme/shop: Codecov knows no default branch of it\. Set"):
        read(make(branch=None))


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "pending"},
        {"state": "error"},
        {"totals": None},
        {"totals": {"lines": 0, "hits": 0, "coverage": None}},
        {"totals": {"lines": None, "hits": None, "coverage": None}},
    ],
)
def test_what_was_not_measured_has_no_row(make, scripted_server, fields):
    """faros-ai/airbyte-connectors#1083: absent data is no data, never perfect."""
    scripted_server.answer("GET", COMMITS, json=page(commit(**fields)))
    (batch,) = read(make())
    assert (batch.records, batch.unread) == ([], [])


def test_a_report_that_arrives_days_later_is_found(make, scripted_server):
    """apache/devlake#7851: what was incomplete when it was first seen must not stay so."""
    late = commit("a" * 40, "2026-10-29T09:00:00Z", state="pending", totals=None)
    newer = commit("b" * 40, "2026-10-31T09:00:00Z")
    scripted_server.answer("GET", COMMITS, json=page(newer, late))
    (first,) = read(make())
    assert first.cursor.watermark == "2026-08-02T09:00:00+00:00@main", "90 days before the newest"
    scripted_server.answer("GET", COMMITS, json=page(newer, {**late, **commit("a" * 40, late["timestamp"])}))
    assert "a" * 40 in shas(read(make(), first.cursor))


def test_a_commit_that_was_written_weeks_before_it_was_merged_is_found(make, scripted_server):
    """A rebase keeps the time at which it was written, by which the list is in order."""
    newest = commit("a" * 40, "2026-10-31T09:00:00Z")
    scripted_server.answer("GET", COMMITS, json=page(newest))
    (first,) = read(make())
    others = [commit(f"{n:040x}", f"2026-10-{30 - n:02}T09:00:00Z") for n in range(9)]
    scripted_server.answer("GET", COMMITS, json=page(newest, *others, more=True))
    scripted_server.answer("GET", COMMITS, json=page(commit("b" * 40, "2026-08-20T09:00:00Z")))
    assert "b" * 40 in shas(read(make(), first.cursor))


def test_another_branch_is_read_from_its_beginning(make, scripted_server):
    scripted_server.answer("GET", COMMITS, json=page(commit("a" * 40, "2026-10-31T09:00:00Z")))
    for _ in range(2):
        scripted_server.answer("GET", COMMITS, json=page(commit("b" * 40, "2026-07-01T09:00:00Z"), more=True))
        scripted_server.answer("GET", COMMITS, json=page(commit("c" * 40, "2026-06-01T09:00:00Z")))
    (main,) = read(make())
    cut = next(iter(make(branch="develop").fetch("commits", "acme/shop", main.cursor))).cursor
    assert shas(read(make(branch="develop"), cut)) == ["c" * 40], "the walk goes on in its own branch"
    scripted_server.answer("GET", COMMITS, json=page(commit("a" * 40, "2026-10-31T09:00:00Z")))
    read(make(), cut)
    asked = [(one.query["branch"][0], one.query["page"][0]) for one in scripted_server.requests]
    assert asked[:3] == [("main", "1"), ("develop", "1"), ("develop", "2")]
    assert asked[3] == ("main", "1")


def test_a_walk_ends_at_what_is_known(make, scripted_server):
    known = Cursor("2026-10-24T09:00:00+00:00@main")
    scripted_server.answer("GET", COMMITS, json=page(commit("a" * 40, "2026-10-31T09:00:00Z"), more=True))
    scripted_server.answer("GET", COMMITS, json=page(commit("b" * 40, "2026-10-23T09:00:00Z"), more=True))
    batches = read(make(), known)
    assert [batch.is_final for batch in batches] == [False, True]
    assert [request.query["page"] for request in scripted_server.requests] == [["1"], ["2"]]


def test_nothing_older_than_the_start_of_history(make, scripted_server):
    rows = [commit("a" * 40, "2026-10-02T00:00:00Z"), commit("b" * 40, "2026-09-30T00:00:00Z")]
    scripted_server.answer("GET", COMMITS, json=page(*rows, more=True))
    assert shas(read(make(history_start=utc("2026-10-01T00:00:00Z")))) == ["a" * 40]


def test_the_same_commit_in_two_repositories_is_two_rows(make, scripted_server):
    """athenianco/athenian-api#3108: forks and splits share commits."""
    scripted_server.answer("GET", r"/api/v2/github/acme/repos/\w+/commits/", json=page(commit()), times=2)
    source = make("acme/shop", "acme/till")
    ids = [one.id for scope in source.scopes("commits") for one in read(source, scope=scope)[0].records]
    assert ids == [f"acme/shop:{SHA}", f"acme/till:{SHA}"]


def test_the_address_of_the_next_page_is_not_followed(make, scripted_server):
    """It may lead to another server, and the token with it."""
    scripted_server.answer("GET", COMMITS, json=page(commit("a" * 40), more=True))
    scripted_server.answer("GET", COMMITS, json=page(commit("b" * 40)))
    assert shas(read(make())) == ["a" * 40, "b" * 40]


def test_a_server_that_repeats_a_page_is_not_followed_for_ever(make, scripted_server):
    """atlassian/atlassian-mcp-server#221: a repeated page token looped."""
    scripted_server.answer("GET", COMMITS, json=page(commit(), more=True), times=None)
    with pytest.raises(UnexpectedShape, match="the server repeats a page"):
        read(make())
    assert len(scripted_server.requests) == 2


def test_a_page_that_is_gone_when_a_walk_goes_on_restarts_it(make, scripted_server):
    cursor = Cursor(None, Pass("2026-10-24T09:00:00+00:00@main", "7@main"))
    scripted_server.answer("GET", COMMITS, json={"detail": "Invalid page."}, status=404)
    with pytest.raises(CursorRefused):
        read(make(), cursor)


def test_a_repository_that_does_not_exist(make, scripted_server):
    scripted_server.answer("GET", COMMITS, json={"detail": "Not found."}, status=404)
    with pytest.raises(NotFound, match=r"^codecov/acme/shop: "):
        read(make())


def test_one_row_that_cannot_be_read_does_not_cost_the_others(make, scripted_server):
    odd = commit("c" * 40, "2026-10-19T09:00:00")
    scripted_server.answer("GET", COMMITS, json=page(commit(), odd))
    (batch,) = read(make())
    assert [one.sha for one in batch.records] == [SHA]
    (unread,) = batch.unread
    assert unread.place == f"codecov/acme/shop {'c' * 40}"
    assert "2026-10-19" not in unread.reason


def test_nothing_of_people_is_kept(make, scripted_server):
    scripted_server.answer("GET", COMMITS, json=page(commit()))
    assert "ada" not in str(read(make())[0].records).lower()


def test_a_group_of_gitlab_keeps_its_colon(make, scripted_server):
    path = "/api/v2/gitlab/acme:tills/repos/shop/commits/"
    scripted_server.answer("GET", path, json=page())
    read(make(code_host="gitlab"), scope="acme:tills/shop")
    assert len(scripted_server.asked(path)) == 1


def test_a_scope_that_is_no_repository(make, scripted_server):
    with pytest.raises(NotFound, match=r"^codecov/shop: is no repository\. Write owner/name"):
        read(make(), scope="shop")
    assert scripted_server.requests == []


def test_a_missing_token_is_said_before_anything_is_sent(make, scripted_server):
    with pytest.raises(AuthError, match="CODECOV_API_TOKEN is not set"):
        read(make(token=None))
    assert scripted_server.requests == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_names_its_variable(make, scripted_server, status):
    scripted_server.answer("GET", COMMITS, json={"detail": "for ada"}, status=status)
    with pytest.raises(AuthError, match="CODECOV_API_TOKEN") as raised:
        read(make())
    assert TOKEN not in str(raised.value)
    assert "ada" not in str(raised.value)


def test_check_tells_the_owners_and_each_repository(make, scripted_server):
    owners = [{"service": "github", "username": name, "name": None} for name in ("ada", "acme", "other")]
    scripted_server.answer("GET", "/api/v2/github/", json={"results": owners, "next": None})
    scripted_server.answer("GET", REPOSITORY, json=details())
    scripted_server.answer("GET", "/api/v2/github/acme/repos/till/", json=details(active=False))
    scripted_server.answer("GET", "/api/v2/github/acme/repos/gone/", json={}, status=404)
    findings = make("acme/shop", "acme/till", "acme/gone", "odd", branch=None).check()
    assert [(one.where, one.is_fine) for one in findings] == [
        ("codecov", True),
        ("codecov/acme/shop", True),
        ("codecov/acme/till", False),
        ("codecov/acme/gone", False),
        ("codecov/odd", False),
    ]
    assert findings[0].message == "signed in; the token sees acme"
    assert findings[1].message == "can be read, branch trunk"
    assert "has received no report" in findings[2].message


def test_an_address_without_encryption_is_refused():
    with pytest.raises(ValidationError, match="is not an https address"):
        Settings(name="codecov", kind="codecov", base_url="http://codecov.example.org")
