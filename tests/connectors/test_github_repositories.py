"""Which repositories a GitHub source reads, and what `check` tells of it."""

from datetime import UTC, datetime, timedelta

import pytest
from github_script import (
    REPOSITORY,
    TOKEN,
    asked,
    deployment,
    fetch,
    found,
    graphql,
    issue,
    listing,
    position,
    records,
    source_of,
)
from pydantic import ValidationError

from connectors.base import Cursor, NotFound, Pass


@pytest.fixture
def source(scripted_server, naps):
    return lambda *names, **more: source_of(scripted_server, *names, naps=naps, **more)


def repository(number, name, **changes):
    return {**REPOSITORY, "databaseId": number, "nameWithOwner": name, **changes}


def owned(nodes, after=None):
    return {"data": {"repositoryOwner": {"repositories": listing(nodes, after)}}}


# --- by name


def test_two_names_of_a_renamed_repository_are_one(scripted_server, source):
    """software-gardening/almanack#363: a rename must not make the history vanish."""
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": REPOSITORY}})
    renamed = source("alder/catalogue", "alder/old-catalogue")
    assert renamed.scopes("pull_requests") == ["alder/catalogue"]
    (row,) = records(fetch(renamed, "repositories", scope="*"), "repository")
    assert row.id == "7"
    assert row.configured_names == ["alder/catalogue", "alder/old-catalogue"]


def test_a_transferred_repository_keeps_its_scope_and_is_asked_for_by_its_present_name(
    scripted_server, source
):
    """software-gardening/almanack#363: its cursors stand under the name that is configured."""
    found(scripted_server, repository(7, "birch/products"))
    scripted_server.answer("POST", "/graphql", json=graphql("issues", []))
    moved = source("alder/catalogue")
    assert moved.scopes("issues") == ["alder/catalogue"]
    fetch(moved, "issues")
    assert asked(scripted_server)[-1]["owner"] == "birch"
    assert asked(scripted_server)[-1]["name"] == "products"


@pytest.mark.parametrize(
    "known",
    [
        position("2026-11-01T00:00:00+00:00"),
        position(None, Pass("2026-11-01T00:00:00+00:00", "p2")),
        position("2026-11-01T00:00:00+00:00", Pass(None, "p2")),
    ],
)
def test_a_name_that_another_repository_has_taken_over_is_read_from_the_beginning(
    scripted_server, source, known
):
    found(scripted_server, repository(8, "alder/catalogue"))
    new, old = (
        deployment(n, "SUCCESS", created=f"2026-{month}-02T09:00:00Z") for n, month in ((5, 10), (4, "02"))
    )
    scripted_server.answer("POST", "/graphql", json=graphql("deployments", [new], "p2"))
    scripted_server.answer("POST", "/graphql", json=graphql("deployments", [old]))
    batches = fetch(source(), "deployments", known)
    assert [one.id for one in records(batches, "deployment")] == ["5", "4"]
    assert [one["after"] for one in asked(scripted_server)[1:]] == [None, "p2"]
    assert batches[-1].cursor == Cursor("2026-10-02T08:50:00+00:00@8")


def test_a_position_from_before_names_were_told_apart_is_the_repository_s_own(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json=graphql("issues", [issue(1)], "p2"))
    (batch,) = fetch(source(), "issues", Cursor("2026-10-01T00:00:00+00:00"))
    assert batch.cursor == position("2026-10-01T00:00:00+00:00")


def test_an_unknown_repository_does_not_stop_the_known_one(scripted_server, source):
    """airbytehq/airbyte source-github: one that cannot be read is told, never left out in silence."""
    scripted_server.answer(
        "POST",
        "/graphql",
        json={
            "data": {"r0": REPOSITORY, "r1": None},
            "errors": [{"type": "NOT_FOUND", "path": ["r1"], "message": "Could not resolve"}],
        },
    )
    both = source("alder/catalogue", "alder/typo")
    assert both.scopes("pull_requests") == ["alder/catalogue", "alder/typo"]
    with pytest.raises(NotFound, match="github/alder/typo: the repository does not exist"):
        fetch(both, "pull_requests", scope="alder/typo")


def test_a_repository_of_which_something_is_not_found_does_not_cost_the_others(scripted_server, source):
    errors = [
        {"type": "NOT_FOUND", "path": ["r1", "defaultBranchRef", "target"], "message": "Could not resolve"}
    ]
    broken = repository(8, "alder/broken", defaultBranchRef={"name": "main", "target": None})
    scripted_server.answer(
        "POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": broken}, "errors": errors}
    )
    both = source("alder/catalogue", "alder/broken")
    assert both.scopes("issues") == ["alder/catalogue", "alder/broken"]
    with pytest.raises(NotFound, match="github/alder/broken"):
        fetch(both, "issues", scope="alder/broken")


def test_included_repositories_are_read_and_excluded_ones_are_not(scripted_server, source):
    third = repository(8, "alder/tools")
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": third}})
    chosen = source(
        "alder/catalogue",
        "alder/old-till",
        "birch/till",
        include=["alder/tools"],
        exclude=["*/OLD-*", "birch/*"],
    )
    assert chosen.scopes("pull_requests") == ["alder/catalogue", "alder/tools"]
    assert asked(scripted_server) == [{"o0": "alder", "n0": "catalogue", "o1": "alder", "n1": "tools"}]


def test_an_exclusion_of_everything_asks_for_nothing(scripted_server, source):
    assert source("alder/catalogue", exclude=["*"]).scopes("issues") == []
    assert scripted_server.requests == []


@pytest.mark.parametrize("name", ["alder/*", "alder", "https://github.com/alder/catalogue"])
def test_only_the_name_of_a_repository_can_be_included_by_itself(source, name):
    with pytest.raises(ValidationError, match="names what is no repository"):
        source(include=[name])


def test_fifty_repositories_are_looked_up_in_a_call(scripted_server, source):
    names = [f"alder/r{number:02}" for number in range(51)]
    for some in (names[:50], names[50:]):
        answers = {f"r{n}": repository(int(name[-2:]) + 1, name) for n, name in enumerate(some)}
        scripted_server.answer("POST", "/graphql", json={"data": answers})
    assert source(*names).scopes("issues") == names
    assert len(scripted_server.requests) == 2


# --- by organisation


def test_an_organisation_s_repositories_are_found_and_read_by_rule(scripted_server, source):
    nodes = [
        REPOSITORY,
        repository(8, "alder/attic", isArchived=True),
        repository(9, "alder/borrowed", isFork=True),
        repository(10, "alder/sandbox-1"),
        repository(11, "alder/till"),
    ]
    scripted_server.answer("POST", "/graphql", json=owned(nodes[:3], "o2"))
    scripted_server.answer("POST", "/graphql", json=owned(nodes[3:]))
    found_by_rule = source("alder/till", organisations=["alder"], exclude=["*/sandbox-*"])
    assert found_by_rule.scopes("history") == ["alder/till", "alder/catalogue"]
    assert asked(scripted_server) == [
        {"login": "alder", "n": 50, "after": None},
        {"login": "alder", "n": 50, "after": "o2"},
    ]


def test_archived_ones_and_forks_are_read_where_it_is_said(scripted_server, source):
    nodes = [
        repository(8, "alder/attic", isArchived=True),
        repository(9, "alder/borrowed", isFork=True),
        repository(10, "alder/borrowed-attic", isFork=True, isArchived=True),
    ]
    scripted_server.answer("POST", "/graphql", json=owned(nodes), times=2)
    forks = source("alder/attic", organisations=["alder"], forks="read", exclude=["alder/attic"])
    assert forks.scopes("history") == ["alder/borrowed"]
    archived = source("alder/attic", organisations=["alder"], archived="read")
    assert archived.scopes("history") == ["alder/attic"]


def test_what_a_service_names_is_read_in_any_case(scripted_server, source):
    nodes = [
        repository(8, "alder/attic", isArchived=True),
        repository(9, "alder/borrowed", isFork=True),
    ]
    scripted_server.answer("POST", "/graphql", json=owned(nodes))
    named = source("alder/attic", organisations=["alder"], include=["alder/borrowed"])
    assert named.scopes("history") == ["alder/attic", "alder/borrowed"]
    rows = records(fetch(named, "repositories", scope="*"), "repository")
    assert [(one.name, one.is_archived, one.is_fork) for one in rows] == [
        ("alder/attic", True, False),
        ("alder/borrowed", False, True),
    ]


def test_patterns_choose_among_what_is_discovered(scripted_server, source):
    nodes = [repository(8, "alder/pay-api"), repository(9, "alder/pay-old"), repository(10, "alder/other")]
    scripted_server.answer("POST", "/graphql", json=owned(nodes))
    chosen = source("alder/other", organisations=["alder"], include=["alder/pay-*"], exclude=["*-old"])
    assert chosen.scopes("history") == ["alder/other", "alder/pay-api"]


def test_a_discovered_repository_that_is_configured_under_an_old_name_is_one(scripted_server, source):
    """software-gardening/almanack#363: by its id, whatever it is called."""
    scripted_server.answer("POST", "/graphql", json=owned([REPOSITORY]))
    found(scripted_server)
    renamed = source("alder/old-catalogue", organisations=["alder"])
    assert renamed.scopes("history") == ["alder/old-catalogue"]


def test_a_configured_name_in_other_letters_needs_no_call_of_its_own(scripted_server, source):
    scripted_server.answer("POST", "/graphql", json=owned([REPOSITORY]))
    assert source("Alder/Catalogue", organisations=["alder"]).scopes("history") == ["Alder/Catalogue"]
    assert len(scripted_server.requests) == 1


def test_an_unknown_organisation_is_told_and_the_others_are_read(scripted_server, source):
    nobody = {
        "data": {"repositoryOwner": None},
        "errors": [{"type": "NOT_FOUND", "path": ["repositoryOwner"], "message": "Could not resolve"}],
    }
    scripted_server.answer("POST", "/graphql", json=nobody)
    scripted_server.answer("POST", "/graphql", json=owned([REPOSITORY]))
    both = source(organisations=["typo", "alder"])
    assert both.scopes("history") == ["alder/catalogue", "typo"]
    with pytest.raises(NotFound, match="github/typo: the organisation does not exist"):
        fetch(both, "history", scope="typo")


@pytest.mark.parametrize(
    ("nodes", "scopes", "what"),
    [
        ([], ["alder"], "shows no repository"),
        ([None], ["alder"], "shows no repository"),
        ([REPOSITORY, None], ["alder/catalogue", "alder"], "hides some of its repositories"),
    ],
)
def test_an_organisation_that_shows_its_repositories_no_more_is_told(
    scripted_server, source, nodes, scopes, what
):
    """An App that was taken away, or a narrowed token: they must not vanish in silence."""
    scripted_server.answer("POST", "/graphql", json=owned(nodes))
    alder = source("birch/till", organisations=["alder"], exclude=["birch/*"])
    assert alder.scopes("history") == scopes
    with pytest.raises(NotFound, match=f"github/alder: {what}. Give the token access to its repositories"):
        fetch(alder, "history", scope="alder")


def test_a_repository_is_read_for_a_month_after_it_was_archived(scripted_server, source):
    """What was closed and merged just before is read as well; else it would stay open for ever."""
    now = datetime.now(UTC)
    nodes = [
        repository(8, "alder/attic", isArchived=True, archivedAt=f"{now - timedelta(days=32):%FT%TZ}"),
        repository(9, "alder/closed", isArchived=True, archivedAt=f"{now - timedelta(days=30):%FT%TZ}"),
        repository(10, "alder/old-server", isArchived=True, archivedAt=None),
    ]
    scripted_server.answer("POST", "/graphql", json=owned(nodes))
    assert source("birch/till", organisations=["alder"], exclude=["birch/*"]).scopes("history") == [
        "alder/closed"
    ]


def test_a_probe_too_large_for_the_server_is_made_smaller(scripted_server, source):
    scripted_server.answer("POST", "/graphql", status=502)
    scripted_server.answer("POST", "/graphql", json=owned([REPOSITORY]))
    source(organisations=["alder"]).scopes("history")
    assert [one["n"] for one in asked(scripted_server)] == [50, 25]


def test_a_repository_that_is_read_no_more_is_not_in_the_census(scripted_server, source):
    """Deleted, or excluded: it would be listed as nobody's for ever."""
    nodes = [REPOSITORY, repository(8, "alder/attic"), repository(9, "alder/till")]
    scripted_server.answer("POST", "/graphql", json=owned(nodes))
    alder = source("alder/till", organisations=["alder"], exclude=["*/attic"])
    assert list(alder.census("repositories", "*")) == ["9", "7"]
    assert len(scripted_server.requests) == 1


def test_while_one_is_missing_repositories_are_not_counted(scripted_server, source):
    """It may be hidden only, and its rows would be taken for a deleted one's."""
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": None}})
    with pytest.raises(NotFound, match="github/alder/typo"):
        list(source("alder/catalogue", "alder/typo").census("repositories", "*"))


# --- check


WHO = {
    "data": {
        "viewer": {"login": "ada"},
        "rateLimit": {"cost": 1, "limit": 5000, "remaining": 4998, "resetAt": "2026-11-02T09:00:00Z"},
    }
}


def signed_in(server, scopes="repo, read:org"):
    server.answer("POST", "/graphql", json=WHO, headers={"X-OAuth-Scopes": scopes})
    return server.answer("GET", "/rate_limit", status=404, json={})


def runs_answer(server, name="alder/catalogue"):
    return server.answer("GET", f"/repos/{name}/actions/runs", json={"total_count": 0, "workflow_runs": []})


def test_check_tells_who_asks_and_what_is_read_and_left_out(scripted_server, source):
    nodes = [
        REPOSITORY,
        repository(12, "alder/till"),
        *(repository(20 + n, f"alder/attic-{n}", isArchived=True) for n in range(4)),
        repository(30, "alder/borrowed", isFork=True),
        repository(31, "alder/sandbox"),
    ]
    signed_in(scripted_server).answer("POST", "/graphql", json=owned(nodes))
    runs_answer(scripted_server, "alder/till")
    lines = source("alder/till", organisations=["alder"], exclude=["*/sandbox"]).check()
    assert all(line.is_fine for line in lines)
    assert (lines[0].where, "signed in as ada" in lines[0].message) == ("github", True)
    assert [line.where for line in lines[1:]] == ["github/alder", "github/*/sandbox", "github/alder/till"]
    assert lines[1].message.split("; ") == [
        "8 repositories: 2 read, such as alder/catalogue, alder/till",
        "4 left out (archived), such as alder/attic-0, alder/attic-1, alder/attic-2",
        "1 left out (fork), such as alder/borrowed",
        "1 left out (by include or exclude), such as alder/sandbox",
    ]
    assert [line.message for line in lines[2:]] == [
        "exclude fits 1 repository, such as alder/sandbox",
        "can be read",
    ]
    assert scripted_server.requests[-1].query == {"per_page": ["1"]}


def test_check_tells_of_each_exclusion_what_it_fits(scripted_server, source):
    nodes = [repository(10 + n, f"alder/pay-{n}") for n in range(5)]
    signed_in(scripted_server).answer("POST", "/graphql", json=owned(nodes))
    runs_answer(scripted_server, "alder/pay-0")
    exclude = ["*/PAY-[1-4]", "alder/catalogue", "birch/*"]
    lines = source("alder/pay-0", "alder/catalogue", organisations=["alder"], exclude=exclude).check()
    assert [(line.where, line.is_fine, line.message) for line in lines[2:-1]] == [
        (
            "github/*/PAY-[1-4]",
            True,
            "exclude fits 4 repositories, such as alder/pay-1, alder/pay-2, alder/pay-3",
        ),
        ("github/alder/catalogue", True, "exclude fits 1 repository, such as alder/catalogue"),
        ("github/birch/*", False, "exclude fits no repository. Correct it, or take it out"),
    ]


def test_check_names_the_lists_that_may_not_be_read(scripted_server, source):
    """The repository can be seen without them, so it would be said to be fine, and the night would fail."""
    refused = {
        "data": {"r0": {**REPOSITORY, "deployments": None}},
        "errors": [{"type": "FORBIDDEN", "path": ["r0", "deployments"], "message": "not accessible"}],
    }
    runs_answer(found(signed_in(scripted_server).answer("POST", "/graphql", json=refused)))
    lines = source().check()
    assert [line.is_fine for line in lines] == [True, True, False]
    assert lines[2].where == "github/permissions"
    assert lines[2].message.startswith("the credential may not read deployments (FORBIDDEN). Let the token")


def test_check_asks_whether_workflow_runs_can_be_read(scripted_server, source):
    runs = "/repos/alder/catalogue/actions/runs"
    found(signed_in(scripted_server)).answer("GET", runs, status=403, json={"message": "not accessible"})
    lines = source().check()
    assert [(line.where, line.is_fine) for line in lines[1:]] == [
        ("github/alder/catalogue", True),
        ("github/alder/catalogue/workflow_runs", False),
    ]
    assert lines[2].message.startswith("the credential lacks a permission (403). Give the token in T")


def test_check_tells_what_cannot_be_read(scripted_server, source):
    signed_in(scripted_server)
    scripted_server.answer("POST", "/graphql", json=owned([]))
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": None}})
    lines = source("alder/typo", organisations=["alder"]).check()
    assert [(line.where, line.is_fine) for line in lines[1:]] == [
        ("github/alder", False),
        ("github/alder/typo", False),
    ]
    assert "shows no repository" in lines[1].message
    assert TOKEN not in str(lines)


def test_check_stops_where_nobody_is_let_in(scripted_server, source):
    scripted_server.answer("POST", "/graphql", status=401, json={})
    (line,) = source("alder/catalogue").check()
    assert not line.is_fine
    assert TOKEN not in line.message


def test_check_goes_on_where_only_a_scope_is_missing(scripted_server, source):
    runs_answer(
        signed_in(scripted_server, scopes="repo").answer("POST", "/graphql", json=owned([REPOSITORY]))
    )
    lines = source("alder/catalogue", organisations=["alder"], teams=True).check()
    assert [line.is_fine for line in lines] == [False, True, True]
    assert "read:org" in lines[0].message
