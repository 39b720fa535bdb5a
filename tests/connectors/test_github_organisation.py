"""Teams of GitHub organisations, and the CODEOWNERS of repositories."""

import base64

import pytest
from github_script import REPOSITORY, actor, asked, fetch, found, graphql, issue, listing, records, source_of

from connectors.base import Forbidden, NotFound, UnexpectedShape
from connectors.github.code_owners import LARGEST_BYTES, parse


@pytest.fixture
def source(scripted_server, naps):
    return lambda *names, **more: source_of(scripted_server, *names, naps=naps, **more)


# --- teams


def team(number, slug, members=(), repositories=(), **changes):
    return {
        "id": f"T{number}",
        "databaseId": number,
        "combinedSlug": f"alder/{slug}",
        "name": slug.title(),
        "parentTeam": None,
        "members": listing(list(members)),
        "repositories": {
            "edges": [
                {"permission": permission, "node": {"id": f"R{key}", "databaseId": key}}
                for key, permission in repositories
            ],
            "pageInfo": {"hasNextPage": False, "endCursor": None},
        },
        **changes,
    }


def teams(nodes, after=None):
    return {"data": {"organization": {"teams": listing(nodes, after)}}}


def read_teams(source, **settings):
    return fetch(source(organisations=["alder"], teams=True, **settings), "teams", scope="alder")


def test_the_teams_of_an_organisation_come_in_one_batch(scripted_server, source):
    """What holds now is dated by its delivery: half of it would end the other half."""
    till = team(1, "till", [actor("ada", 11), actor("bo", 12)], [(7, "WRITE"), (8, "READ"), (9, "ADMIN")])
    sub = team(2, "till-web", [actor("ada", 11)], parentTeam={"id": "T1", "databaseId": 1})
    scripted_server.answer("POST", "/graphql", json=teams([till], "t2"))
    scripted_server.answer("POST", "/graphql", json=teams([sub]))
    (batch,) = read_teams(source)
    assert batch.is_final
    assert [(one.id, one.key, one.name, one.parent_id) for one in records([batch], "source_team")] == [
        ("1", "alder/till", "Till", None),
        ("2", "alder/till-web", "Till-Web", "1"),
    ]
    assert [one.id for one in records([batch], "source_team_member")] == ["1:11", "1:12", "2:11"]
    writable = records([batch], "source_team_repository")
    assert [(one.team_id, one.repository_id, one.permission) for one in writable] == [
        ("1", "7", "WRITE"),
        ("1", "9", "ADMIN"),
    ]
    assert [one.login for one in records([batch], "account")] == ["ada", "bo"]


def test_members_and_repositories_are_followed_to_their_end(scripted_server, source):
    first = team(1, "till", [actor("ada", 11)], [(7, "WRITE")])
    for name in ("members", "repositories"):
        first[name]["pageInfo"] = {"hasNextPage": True, "endCursor": f"{name}-2"}
    scripted_server.answer("POST", "/graphql", json=teams([first]))
    more = team(1, "till", [actor("bo", 12)], [(8, "MAINTAIN")])
    answer = {"data": {"node": {name: more[name] for name in ("members", "repositories")}}}
    scripted_server.answer("POST", "/graphql", json=answer)
    (batch,) = read_teams(source)
    assert [one.id for one in records([batch], "source_team_member")] == ["1:11", "1:12"]
    assert [one.id for one in records([batch], "source_team_repository")] == ["1:7", "1:8"]
    assert asked(scripted_server)[1] == {
        "id": "T1",
        "members": "members-2",
        "repositories": "repositories-2",
    }


def test_an_organisation_without_teams_says_that_there_are_none(scripted_server, source):
    scripted_server.answer("POST", "/graphql", json=teams([]))
    (batch,) = read_teams(source)
    assert (batch.is_final, batch.records) == (True, [])


def test_a_token_that_may_not_read_teams_fails_that_stream_alone(scripted_server, source):
    refused = {
        "data": {"organization": None},
        "errors": [
            {
                "type": "INSUFFICIENT_SCOPES",
                "message": "Your token has not been granted the required scopes to execute this query.",
            }
        ],
    }
    scripted_server.answer("POST", "/graphql", json=refused)
    with pytest.raises(Forbidden, match="github/alder/teams"):
        read_teams(source)


def test_a_user_has_no_teams(scripted_server, source):
    nobody = {
        "data": {"organization": None},
        "errors": [{"type": "NOT_FOUND", "path": ["organization"], "message": "Could not resolve"}],
    }
    scripted_server.answer("POST", "/graphql", json=nobody)
    with pytest.raises(NotFound, match="github/alder/teams: there is no such organisation"):
        read_teams(source)


def test_teams_are_read_only_where_it_is_said(source):
    assert source("alder/catalogue", organisations=["alder"]).scopes("teams") == []
    assert source("alder/catalogue", organisations=["alder"], teams=True).scopes("teams") == ["alder"]


# --- code owners


def blob(text, **changes):
    return {
        "oid": "b1",
        "byteSize": len((text or "").encode()),
        "isTruncated": False,
        "text": text,
        **changes,
    }


def files(github=None, root=None, docs=None):
    return {"databaseId": 7, "p0": github, "p1": root, "p2": docs}


def answer_files(server, *nodes):
    return server.answer("POST", "/graphql", json={"data": {f"r{n}": node for n, node in enumerate(nodes)}})


def owners(batches):
    rows = records(batches, "code_owner")
    return [(one.position, one.pattern, one.teams, one.has_people) for one in rows]


def test_the_first_place_with_a_file_counts(scripted_server, source):
    answer_files(found(scripted_server), files(root=blob("* @alder/Till\n"), docs=blob("* @alder/docs\n")))
    (batch,) = fetch(source(), "code_owners")
    assert batch.is_final
    assert owners([batch]) == [(1, "*", ["alder/till"], False)]
    assert [one.id for one in batch.records] == ["7:1"]


@pytest.mark.parametrize(
    "node",
    [
        files(),
        files(github={}),  # a folder of that name
        files(github=blob(None)),  # not a text
        files(github=blob("* @alder/till\n", byteSize=LARGEST_BYTES)),
    ],
    ids=["none", "folder", "binary", "too large"],
)
def test_without_a_file_that_counts_nobody_owns_anything(scripted_server, source, node):
    answer_files(found(scripted_server), node)
    (batch,) = fetch(source(), "code_owners")
    assert (batch.is_final, batch.records) == (True, [])


def test_a_file_that_comes_cut_is_read_whole(scripted_server, source):
    whole = base64.encodebytes(b"*.py @alder/till\n*.md @alder/docs\n").decode()
    answer_files(found(scripted_server), files(github=blob("*.py @al", isTruncated=True)))
    scripted_server.answer("GET", "/repos/alder/catalogue/git/blobs/b1", json={"content": whole})
    assert owners(fetch(source(), "code_owners")) == [
        (1, "*.py", ["alder/till"], False),
        (2, "*.md", ["alder/docs"], False),
    ]


def test_fifty_repositories_are_asked_for_in_one_call(scripted_server, source):
    names = [f"alder/r{number:02}" for number in range(51)]
    for some in (names[:50], names[50:]):
        answers = {
            f"r{n}": {**REPOSITORY, "databaseId": int(name[-2:]) + 1, "nameWithOwner": name}
            for n, name in enumerate(some)
        }
        scripted_server.answer("POST", "/graphql", json={"data": answers})
    answer_files(scripted_server, *[files(root=blob("* @alder/till\n"))] * 50)
    answer_files(scripted_server, files(root=blob("* @alder/till\n")))
    reader = source(*names)
    ids = [
        record.id
        for scope in reader.scopes("code_owners")
        for batch in fetch(reader, "code_owners", scope=scope)
        for record in batch.records
    ]
    assert ids == [f"{number + 1}:1" for number in range(51)]
    assert len(scripted_server.requests) == 2 + 2


def test_one_repository_that_is_forbidden_does_not_cost_the_others(scripted_server, source):
    other = {**REPOSITORY, "databaseId": 8, "nameWithOwner": "alder/till"}
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": other}})
    refused = {
        "data": {"r0": None},
        "errors": [{"type": "FORBIDDEN", "path": ["r0", "p0"], "message": "Resource not accessible"}],
    }
    scripted_server.answer("POST", "/graphql", json=refused, times=2)
    answer_files(scripted_server, files(root=blob("* @alder/till\n")))
    reader = source("alder/catalogue", "alder/till")
    with pytest.raises(Forbidden, match="github/alder/catalogue/code_owners"):
        fetch(reader, "code_owners")
    assert owners(fetch(reader, "code_owners", scope="alder/till")) == [(1, "*", ["alder/till"], False)]


def test_code_owners_too_large_for_the_server_are_asked_for_in_smaller_numbers(scripted_server, source):
    names = [f"alder/r{number}" for number in range(30)]
    nodes = [{**REPOSITORY, "databaseId": n, "nameWithOwner": name} for n, name in enumerate(names, 1)]
    scripted_server.answer("POST", "/graphql", json={"data": {f"r{n}": one for n, one in enumerate(nodes)}})
    too_large = {"data": None, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}]}
    scripted_server.answer("POST", "/graphql", json=too_large, times=2)
    answer_files(scripted_server, *[files(root=blob("* @alder/till\n"))] * 12)
    answer_files(scripted_server, *[files(root=blob("* @alder/till\n"))] * 12)
    reader = source(*names)
    for name in names[:13]:
        assert len(fetch(reader, "code_owners", scope=name)[0].records) == 1
    assert [len(one) // 2 for one in asked(scripted_server)[1:]] == [30, 25, 12, 12]


def test_an_odd_answer_for_one_repository_does_not_cost_the_others(scripted_server, source):
    other = {**REPOSITORY, "databaseId": 8, "nameWithOwner": "alder/till"}
    scripted_server.answer("POST", "/graphql", json={"data": {"r0": REPOSITORY, "r1": other}})
    answer_files(scripted_server, files(root=blob("* @alder/till\n")), files(root={"oid": "b1"}))
    reader = source("alder/catalogue", "alder/till")
    assert owners(fetch(reader, "code_owners")) == [(1, "*", ["alder/till"], False)]
    with pytest.raises(UnexpectedShape, match="github/alder/till/code_owners: an answer lacks 'byteSize'"):
        fetch(reader, "code_owners", scope="alder/till")


def test_a_repository_that_is_not_shown_any_more_is_not_without_owners(scripted_server, source):
    answer_files(found(scripted_server), None)
    with pytest.raises(NotFound, match="code_owners: the repository cannot be seen any more"):
        fetch(source(), "code_owners")


def test_code_owners_are_read_unless_it_is_said_otherwise(scripted_server, source):
    found(scripted_server).answer("POST", "/graphql", json=graphql("issues", [issue(1)]))
    one = source(code_owners=False)
    assert one.scopes("code_owners") == []
    assert one.scopes("issues") == ["alder/catalogue"]
    fetch(one, "issues")


@pytest.mark.parametrize(
    ("line", "rules"),
    [
        ("* @alder/till", [("*", ["alder/till"], False)]),
        ("/src/  @alder/Till\t@ada ops@example.org", [("/src/", ["alder/till"], True)]),
        ("*.js @ada #This is an inline comment.", [("*.js", [], True)]),
        ("*.js @alder/till # @alder/docs", [("*.js", ["alder/till"], False)]),
        ("/apps/github", [("/apps/github", [], False)]),
        ("/apps/github # nobody's", [("/apps/github", [], False)]),
        ("docs/my\\ file.md @alder/docs", [("docs/my file.md", ["alder/docs"], False)]),
        ("*.cs @alder/till @alder/TILL", [("*.cs", ["alder/till"], False)]),
        ("lib#1/ @alder/till", [("lib#1/", ["alder/till"], False)]),
        ("* @alder/till\r", [("*", ["alder/till"], False)]),
        ("\ufeff* @alder/till", [("*", ["alder/till"], False)]),
        ("# a comment", []),
        ("   ", []),
        ("!*.md @alder/docs", []),
        ("*.[ch] @alder/till", []),
        ("\\#notes @alder/docs", []),
        ("* alder/till", []),
        ("* @alder/till/web", []),
    ],
)
def test_a_line_is_read_as_github_reads_it(line, rules):
    assert list(parse(line)) == rules


def test_of_two_lines_that_fit_the_later_one_counts_so_their_places_are_kept():
    text = "# Who owns what\n\n* @alder/till\n[bad] @alder/x\n/docs/ @alder/docs\n/docs/private/\n"
    assert list(parse(text)) == [
        ("*", ["alder/till"], False),
        ("/docs/", ["alder/docs"], False),
        ("/docs/private/", [], False),
    ]
