"""Queries on a server that does not know all of their fields, as GitHub Enterprise Server may."""

from collections import defaultdict
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import graphql
import pytest
from pydantic import SecretStr

from connectors.base import UnexpectedShape
from connectors.github.client import GitHubClient
from connectors.github.queries import ALL_QUERIES
from connectors.github.schema import ServerSchema, restore
from connectors.github.settings import Settings
from connectors.http import Patience

PUBLISHED = Path(__file__).parents[2] / "connectors" / "sandbox" / "github_schema.graphql"
MISSING = {
    "message": "Field 'isDraft' doesn't exist on type 'PullRequest'",
    "locations": [{"line": 1, "column": 20}],
    "path": ["query", "repository", "pullRequest", "isDraft"],
    "extensions": {"code": "undefinedField", "typeName": "PullRequest", "fieldName": "isDraft"},
}


@cache
def published():
    return graphql.parse(PUBLISHED.read_text(encoding="utf-8"))


def schema_without(*names):
    """GitHub's schema without types (`T`), fields (`T.f`) and values of enumerations (`E.V`)."""
    definitions = []
    for one in published().definitions:
        if one.name.value in names:
            continue
        copy = type(one)(**{key: getattr(one, key) for key in one.keys if key != "loc"})
        for part in ("fields", "values"):
            kept = [
                inner
                for inner in getattr(copy, part, None) or ()
                if f"{one.name.value}.{inner.name.value}" not in names
            ]
            if hasattr(copy, part):
                setattr(copy, part, tuple(kept))
        if isinstance(copy, graphql.UnionTypeDefinitionNode):
            copy.types = tuple(member for member in copy.types if member.name.value not in names)
        definitions.append(copy)
    return graphql.build_ast_schema(graphql.DocumentNode(definitions=tuple(definitions)), assume_valid=True)


def known_to(schema):
    return graphql.introspection_from_schema(schema, descriptions=False)


def fitted(query, *missing):
    """The query for a server that lacks those, which that server must accept."""
    schema = schema_without(*missing)
    text = ServerSchema(known_to(schema), "github").fit(query, "github")
    assert graphql.validate(schema, graphql.parse(text)) == []
    return " ".join(text.split())


def uses():
    """Every `Type.field` with the queries that ask for it; another test holds them to the schema."""
    schema = graphql.build_ast_schema(published(), assume_valid=True)
    found = defaultdict(set)
    for query in ALL_QUERIES:
        if graphql.validate(schema, graphql.parse(query)):
            continue
        types = graphql.TypeInfo(schema)

        class Reader(graphql.Visitor):
            def enter_field(self, node, *_, types=types, query=query):
                found[f"{types.get_parent_type().name}.{node.name.value}"].add(query)

        graphql.visit(graphql.parse(query), graphql.TypeInfoVisitor(types, Reader()))
    return found


USES = uses()
ALWAYS_THERE = {"__typename", "nodes", "pageInfo", "hasNextPage", "endCursor", "node", "repository"}


OPTIONAL = sorted(one for one in USES if one.partition(".")[2] not in ALWAYS_THERE)


def is_essential(field):
    """What has no key cannot be read; nor what would make a whole stream look empty."""
    owner, _, name = field.partition(".")
    is_key = name in ("id", "databaseId", "oid") and owner not in ("User", "Bot", "Organization")
    return is_key or owner in ("Repository", "Organization", "RepositoryOwner")


@cache
def whole():
    """GitHub's schema, and what a server that has it says of it."""
    schema = schema_without()
    return schema, known_to(schema)


@contextmanager
def lacking(field):
    """The schema without a field, and what its server says: that of `schema_without`, ten times as fast."""
    owner, _, name = field.partition(".")
    schema, known = whole()
    types = [
        one | {"fields": [inner for inner in one["fields"] if inner["name"] != name]}
        if one["name"] == owner
        else one
        for one in known["__schema"]["types"]
    ]
    fields = schema.type_map[owner].fields
    taken = fields.pop(name)
    try:
        yield schema, {"__schema": known["__schema"] | {"types": types}}
    finally:
        fields[name] = taken


def test_a_field_that_is_taken_out_is_as_one_that_was_never_there():
    expected = schema_without("User.login")
    with lacking("User.login") as (schema, known):
        assert graphql.print_schema(schema) == graphql.print_schema(expected)
        assert known == known_to(expected)
    assert "login" in schema.type_map["User"].fields


@pytest.mark.parametrize("field", OPTIONAL)
def test_whatever_field_is_missing_the_query_is_accepted_or_it_is_said_what_is_missing(field):
    refused = []
    with lacking(field) as (schema, said):
        known = ServerSchema(said, "github")
        for query in USES[field]:
            try:
                text = known.fit(query, "github")
            except UnexpectedShape as essential:
                refused.append(essential.what)
            else:
                assert graphql.validate(schema, graphql.parse(text)) == []
    assert set(refused) <= {f"the server's GraphQL has no {field}"}
    assert not refused or is_essential(field)


def test_a_server_that_knows_everything_is_asked_for_the_same():
    known = ServerSchema(known_to(schema_without()), "github")
    for query in set().union(*USES.values()):
        assert known.fit(query, "github") == graphql.print_ast(graphql.parse(query))


def test_a_missing_field_leaves_a_mark_where_it_would_have_stood():
    query = '{ repository(owner: "a", name: "b") { id isArchived } }'
    assert fitted(query, "Repository.isArchived") == (
        '{ repository(owner: "a", name: "b") { id missing_value__isArchived: __typename } }'
    )


def test_an_alias_is_kept():
    query = '{ repository(owner: "a", name: "b") { id old: isArchived } }'
    assert "missing_value__old: __typename" in fitted(query, "Repository.isArchived")


def test_the_older_name_of_an_id_is_asked_for_instead():
    query = '{ node(id: "1") { ... on PullRequest { fullDatabaseId } } }'
    assert "fullDatabaseId: databaseId" in fitted(query, "PullRequest.fullDatabaseId")


def test_a_row_without_any_id_is_not_read_at_all():
    """Else every row would have the same key, and a census would find that all others were deleted."""
    query = '{ node(id: "1") { ... on PullRequest { fullDatabaseId } } }'
    with pytest.raises(UnexpectedShape, match=r"has no PullRequest\.fullDatabaseId\. Update GitHub"):
        fitted(query, "PullRequest.fullDatabaseId", "PullRequest.databaseId")


def test_an_account_without_an_id_is_known_by_its_login():
    query = '{ node(id: "1") { ... on User { login databaseId } } }'
    assert "missing_value__databaseId" in fitted(query, "User.databaseId")


def test_a_list_that_is_a_stream_of_its_own_is_not_taken_for_empty():
    """faros-ai/airbyte-connectors#1083: absent data must never look like nothing to report."""
    query = '{ repository(owner: "a", name: "b") { deployments(first: 1) { nodes { id } } } }'
    with pytest.raises(UnexpectedShape, match=r"has no Repository\.deployments"):
        fitted(query, "Repository.deployments")


def test_a_missing_list_inside_a_row_is_empty():
    query = '{ node(id: "1") { ... on Deployment { id statuses(first: 5) { nodes { id } } } } }'
    assert "missing_list__statuses: __typename" in fitted(query, "Deployment.statuses")


def test_a_variable_that_nothing_uses_any_more_is_not_declared():
    query = (
        "query Q($n: Int!, $id: ID!) "
        "{ node(id: $id) { ... on Deployment { id statuses(first: $n) { nodes { id } } } } }"
    )
    assert fitted(query, "Deployment.statuses").startswith("query Q($id: ID!)")


def test_an_unknown_kind_of_event_is_neither_asked_for_nor_listed():
    query = (
        '{ node(id: "1") { ... on PullRequest { timelineItems(first: 9, itemTypes: '
        "[MERGED_EVENT, ADDED_TO_MERGE_QUEUE_EVENT]) { nodes { __typename "
        "... on AddedToMergeQueueEvent { createdAt } ... on MergedEvent { createdAt } } } } } }"
    )
    text = fitted(
        query, "AddedToMergeQueueEvent", "PullRequestTimelineItemsItemType.ADDED_TO_MERGE_QUEUE_EVENT"
    )
    assert "itemTypes: [MERGED_EVENT])" in text
    assert "AddedToMergeQueueEvent" not in text


def test_a_selection_that_would_be_empty_asks_for_the_type():
    query = '{ node(id: "1") { ... on AddedToMergeQueueEvent { createdAt } } }'
    text = fitted(
        query, "AddedToMergeQueueEvent", "PullRequestTimelineItemsItemType.ADDED_TO_MERGE_QUEUE_EVENT"
    )
    assert text == '{ node(id: "1") { __typename } }'


def test_the_marks_in_an_answer_become_null_and_empty_lists():
    answer = {
        "rows": [{"id": 1, "missing_value__isDraft": "PullRequest"}, None],
        "missing_list__statuses": "Deployment",
    }
    assert restore(answer) == {
        "rows": [{"id": 1, "isDraft": None}, None],
        "statuses": {
            "nodes": [],
            "totalCount": 0,
            "pageInfo": {"hasNextPage": False, "endCursor": None},
        },
    }


# --- the client against such a server

QUERY = 'query One { repository(owner: "a", name: "b") { id isArchived } }'
OTHER = 'query Two { repository(owner: "a", name: "b") { nameWithOwner isArchived } }'


@pytest.fixture
def client(scripted_server, naps):
    settings = Settings(name="github", kind="github", base_url=f"{scripted_server.url}/api/v3", token_env="T")
    opened = GitHubClient(settings, SecretStr("t"), Patience(sleep=naps.append))
    yield opened
    opened.close()


def test_the_schema_is_asked_for_once_and_only_after_a_refusal(scripted_server, client):
    server = scripted_server.answer("POST", "/api/graphql", json={"errors": [MISSING]})
    server.answer("POST", "/api/graphql", json={"data": known_to(schema_without("Repository.isArchived"))})
    for _ in range(2):
        row = {"id": "R1", "missing_value__isArchived": "Repository"}
        server.answer("POST", "/api/graphql", json={"data": {"repository": row}})
    data, _ = client.graphql(QUERY, dict, "github")
    assert data == {"repository": {"id": "R1", "isArchived": None}}
    client.graphql(OTHER, dict, "github")
    sent = [request.body["query"] for request in scripted_server.requests]
    assert sent[0] == QUERY
    assert "__schema" in sent[1]
    assert ["missing_value__isArchived: __typename" in query for query in sent] == [False, False, True, True]
    assert client.traffic.calls == 4


def test_a_query_that_is_refused_all_the_same_is_one_clear_error(scripted_server, client):
    server = scripted_server.answer("POST", "/api/graphql", json={"errors": [MISSING]})
    server.answer("POST", "/api/graphql", json={"data": known_to(schema_without())})
    server.answer("POST", "/api/graphql", json={"errors": [MISSING]})
    with pytest.raises(UnexpectedShape, match="github: GitHub refuses the query"):
        client.graphql(QUERY, dict, "github")


def test_a_schema_that_is_none_is_one_clear_error(scripted_server, client):
    server = scripted_server.answer("POST", "/api/graphql", json={"errors": [MISSING]})
    server.answer("POST", "/api/graphql", json={"data": {"__schema": {}}})
    with pytest.raises(UnexpectedShape, match="github: an answer"):
        client.graphql(QUERY, dict, "github")


def test_a_server_without_limits_tells_none(scripted_server, client):
    """Enterprise Server keeps no limits by default: the field is null, and there are no headers."""
    scripted_server.answer("POST", "/api/graphql", json={"data": {"rateLimit": None, "repository": None}})
    data, _ = client.graphql(QUERY, dict, "github")
    assert data["repository"] is None
    assert client.traffic.allowance_left is None
