"""GitHub's answers as tests write them, and the source that reads them."""

from pydantic import SecretStr

from connectors.base import Cursor, SourceContext
from connectors.github.marks import with_repository
from connectors.github.source import GitHubSource, Settings
from connectors.http import Patience

TOKEN = "ghp-never-to-be-seen"
REPOSITORY = {
    "databaseId": 7,
    "nameWithOwner": "alder/catalogue",
    "isArchived": False,
    "defaultBranchRef": {"name": "main", "target": {"oid": "c3"}},
}


def source_of(
    server,
    *names,
    naps=None,
    home=".",
    history_start=None,
    scopes_with_paths=(),
    user_reported=(),
    **settings,
):
    """A source that reads these repositories (alder/catalogue unless told otherwise) from the server.

    Where something is `user_reported`, what `renovate` writes answers nobody.
    """
    naps = [] if naps is None else naps
    return GitHubSource(
        Settings(name="github", kind="github", base_url=server.url, token_env="T", **settings),
        SourceContext(
            SecretStr(TOKEN),
            names or ("alder/catalogue",),
            str(home),
            history_start,
            frozenset(scopes_with_paths),
            user_reported=frozenset(user_reported),
            bots=("renovate*",),
        ),
        Patience(sleep=naps.append, longest_wait_seconds=120),
    )


def listing(nodes, after=None):
    return {"nodes": nodes, "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def actor(login, number=1, kind="User"):
    return {"__typename": kind, "login": login, "databaseId": number}


def pull_request(number, updated="2026-03-02T10:00:00Z", **changes):
    return {
        "id": f"PR_{number}",
        "fullDatabaseId": str(1000 + number),
        "number": number,
        "title": "Round prices",
        "url": f"https://example.org/{number}",
        "state": "OPEN",
        "isDraft": False,
        "createdAt": "2026-03-01T08:00:00Z",
        "updatedAt": updated,
        "mergedAt": None,
        "closedAt": None,
        "baseRefName": "main",
        "headRefName": "prices",
        "headRefOid": "c9",
        "additions": 3,
        "deletions": 1,
        "changedFiles": 1,
        "author": actor("ada"),
        "mergedBy": None,
        "mergeCommit": None,
        "labels": {"nodes": []},
        "commits": listing([]),
        "reviews": listing([]),
        "timelineItems": listing([]),
        **changes,
    }


def issue(number, updated="2026-03-01T08:00:00Z", **changes):
    return {
        "id": f"I_{number}",
        "fullDatabaseId": str(number),
        "number": number,
        "title": "Checkout is down",
        "url": "https://example.org/i",
        "state": "OPEN",
        "stateReason": None,
        "labels": {"nodes": [{"name": "incident"}]},
        "createdAt": "2026-03-01T08:00:00Z",
        "updatedAt": updated,
        "closedAt": None,
        **changes,
    }


def deployment(number, *states, created="2026-03-02T09:00:00Z", **changes):
    """A deployment with a status per state, an hour apart; its own state is the last of them."""
    hour = int(created[11:13])
    statuses = [
        {"id": f"S{number}.{n}", "state": state, "createdAt": f"{created[:11]}{hour + n:02}:00:00Z",
         "environment": "production"}
        for n, state in enumerate(states, 1)
    ]  # fmt: skip
    return {
        "id": f"D{number}",
        "databaseId": number,
        "commitOid": "c1",
        "environment": "production",
        "originalEnvironment": "production",
        "task": "deploy",
        "state": states[-1] if states else "PENDING",
        "createdAt": created,
        "updatedAt": created,
        "ref": {"name": "main"},
        "statuses": listing(statuses[::-1]),
        **changes,
    }


def commit(oid, *parents, body=""):
    return {
        "oid": oid,
        "authoredDate": "2026-03-01T08:00:00Z",
        "committedDate": "2026-03-01T08:00:00Z",
        "messageHeadline": oid,
        "messageBody": body,
        "parents": {"nodes": [{"oid": parent} for parent in parents]},
    }


def history_page(nodes, after=None, head="c3"):
    target = {"oid": head, "history": listing(nodes, after)}
    return {"data": {"repository": {"databaseId": 7, "defaultBranchRef": {"target": target}}}}


def graphql(field, nodes, after=None, **more):
    return {"data": {"repository": {"databaseId": 7, field: listing(nodes, after), **more}}}


def found(server, node=REPOSITORY):
    """Queue the answer to the look-up of the one repository."""
    return server.answer("POST", "/graphql", json={"data": {"r0": node}})


def fetch(source, stream, cursor=None, scope="alder/catalogue"):
    return list(source.fetch(stream, scope, cursor or Cursor()))


def position(watermark, current_pass=None):
    """A cursor of alder/catalogue as it is stored."""
    return with_repository(Cursor(watermark, current_pass), str(REPOSITORY["databaseId"]))


def records(batches, table):
    return [record for batch in batches for record in batch.records if record.table == table]


def asked(server):
    """The variables of each query, in order."""
    return [request.body["variables"] for request in server.requests if request.body]
