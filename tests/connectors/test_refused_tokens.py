"""A refused page token, wherever it is met: the pass begins again, and no row is lost or stored half."""

import pytest
from pydantic import SecretStr

from connectors.base import Batch, Cursor, Pass, SourceContext
from connectors.github.source import GitHubSource, Settings
from connectors.http import Patience
from pipelines.ingest import ingest
from pipelines.warehouse import Warehouse

FOUND = {
    "data": {
        "r0": {
            "databaseId": 7,
            "nameWithOwner": "alder/catalogue",
            "isArchived": False,
            "defaultBranchRef": {"name": "main", "target": {"oid": "c2"}},
        }
    }
}
REFUSED = {"errors": [{"type": "INVALID_CURSOR_ARGUMENTS", "message": "`old` is not a valid cursor."}]}
KEY = ("github", "alder/catalogue", "history")


@pytest.fixture
def warehouse(tmp_path):
    opened = Warehouse(tmp_path / "warehouse.duckdb")
    yield opened
    opened.close()


@pytest.fixture
def run(scripted_server, warehouse, naps):
    def run_stream(stream):
        scripted_server.answer("POST", "/graphql", json=FOUND)
        for answer in run_stream.answers:
            scripted_server.answer("POST", "/graphql", json=answer)
        source = GitHubSource(
            Settings(name="github", kind="github", base_url=scripted_server.url),
            SourceContext(SecretStr("t"), ("alder/catalogue",), "."),
            Patience(sleep=naps.append),
        )
        (result,) = ingest(warehouse, "run-1", {"github": (source, [stream])})
        return result

    return run_stream


def listing(nodes, after=None):
    return {"nodes": nodes, "pageInfo": {"hasNextPage": after is not None, "endCursor": after}}


def history(nodes, after=None):
    target = {"oid": "c2", "history": listing(nodes, after)}
    return {"data": {"repository": {"databaseId": 7, "defaultBranchRef": {"target": target}}}}


def commit(oid, *parents):
    return {
        "oid": oid, "authoredDate": "2026-03-01T08:00:00Z", "committedDate": "2026-03-01T08:00:00Z",
        "messageHeadline": oid, "parents": {"nodes": [{"oid": parent} for parent in parents]},
    }  # fmt: skip


def test_of_a_history_that_was_interrupted_long_ago(run, warehouse, scripted_server):
    now = scripted_server.now
    begun = Batch([], Cursor(None, Pass("c2", "old")), False, now, now)
    warehouse.land("run-0", *KEY, [begun])
    run.answers = [REFUSED, history([commit("c2", "c1"), commit("c1")])]
    result = run("history")
    assert (result.status, result.error, result.rows_read) == ("ok", None, 2)
    assert [one.body["variables"]["after"] for one in scripted_server.requests[1:]] == ["old", None]
    assert warehouse.cursors()[KEY] == Cursor("c2@7")


def deployment(statuses):
    return {
        "id": "DE_5", "databaseId": 5, "commitOid": "c1", "environment": "production",
        "originalEnvironment": "production", "task": "deploy", "state": "ACTIVE",
        "createdAt": "2026-03-02T09:00:00Z", "updatedAt": "2026-03-02T09:00:00Z", "ref": None,
        "statuses": statuses,
    }  # fmt: skip


def status(number):
    return {"id": f"S{number}", "state": "SUCCESS", "createdAt": "2026-03-02T09:00:00Z", "environment": None}


def deployments(statuses):
    return {"data": {"repository": {"databaseId": 7, "deployments": listing([deployment(statuses)])}}}


def test_of_a_list_inside_another(run, warehouse):
    """The statuses of a deployment go on behind a token that is not known any more."""
    run.answers = [
        deployments(listing([status(1)], "s1")),
        REFUSED,
        deployments(listing([status(1)], "s1b")),
        {"data": {"node": {"statuses": listing([status(2)])}}},
    ]
    assert run("deployments").status == "ok"
    stored = warehouse.con.execute("SELECT id FROM raw.deployment_status ORDER BY id").fetchall()
    assert stored == [("S1",), ("S2",)]


def test_that_is_refused_again_is_one_clear_error(run, warehouse):
    run.answers = [deployments(listing([status(1)], "s1")), REFUSED] * 2
    result = run("deployments")
    where = "github/alder/catalogue/deployments"
    assert (result.status, result.error) == (
        "failed",
        f"{where}: the server refuses its own page token. Run again",
    )
    assert warehouse.con.execute("SELECT count(*) FROM raw.deployment").fetchone() == (0,)
