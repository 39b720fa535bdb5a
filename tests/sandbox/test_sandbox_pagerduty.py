"""The fictional PagerDuty answers the official client as PagerDuty does."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pagerduty
import pytest
import requests
from pydantic import SecretStr

from connectors.base import Cursor, SourceContext
from connectors.pagerduty.source import PagerDutySource, Settings
from connectors.records import Incident
from connectors.sandbox.servers import Running
from connectors.sandbox.world import MONITOR, OF_TEAM, USER, World
from connectors.sandbox.world import Incident as Happened


class Client(pagerduty.RestApiV2Client):
    """The official client, which would refuse a server without TLS even on this machine."""

    @property
    def url(self) -> str:
        return str(self._url)

    @url.setter
    def url(self, address: str) -> None:
        self._url = address


@pytest.fixture
def client(running: Running) -> Iterator[pagerduty.RestApiV2Client]:
    one = Client("any", base_url=running.urls["pagerduty"])
    yield one
    one.close()


def told(world: World) -> list[Happened]:
    """What PagerDuty knows: nobody opens an incident there for what users tell the support desk."""
    return [one for one in world.incidents if one.noticed_by != USER]


def span(since: datetime, until: datetime) -> dict[str, str]:
    return {"since": since.isoformat(), "until": until.isoformat()}


def test_incidents_of_half_a_year_come_in_pages(client: pagerduty.RestApiV2Client, world: World) -> None:
    since = world.as_of - timedelta(days=180)
    found = list(client.iter_all("incidents", params=span(since, world.as_of), page_size=10))

    assert [one["id"] for one in found] == [one.id for one in told(world) if one.started_at >= since]
    assert len(found) > 30


def test_a_range_of_more_than_six_months_is_refused(client: pagerduty.RestApiV2Client, world: World) -> None:
    reply = client.get("incidents", params=span(world.as_of - timedelta(days=200), world.as_of))

    assert reply.status_code == 400
    assert "6 months" in reply.json()["error"]["errors"][0]


def test_without_a_range_only_the_last_thirty_days_are_shown(
    client: pagerduty.RestApiV2Client, world: World
) -> None:
    found = list(client.iter_all("incidents"))

    assert {one["id"] for one in found} == {
        one.id for one in told(world) if one.started_at >= world.as_of - timedelta(days=30)
    }


def test_open_incidents_can_be_asked_for(client: pagerduty.RestApiV2Client, world: World) -> None:
    parameters = {"statuses[]": ["triggered", "acknowledged"], "date_range": "all", "total": True}
    answer = client.get("incidents", params=parameters).json()
    expected = {one.id for one in told(world) if one.resolved_at is None}

    assert {one["id"] for one in answer["incidents"]} == expected
    assert answer["total"] == len(expected) >= 2


def test_an_incident_tells_what_the_monitor_saw(client: pagerduty.RestApiV2Client, world: World) -> None:
    named = next(one for one in world.incidents if one.details)
    found = client.rget(f"incidents/{named.id}", params={"include[]": "first_trigger_log_entries"})
    entries = list(client.iter_all(f"incidents/{named.id}/log_entries"))

    assert found["first_trigger_log_entry"]["channel"]["details"] == {"message": named.details}
    assert entries[-1]["type"] == "trigger_log_entry"
    assert entries[-1]["created_at"] == found["created_at"]


def test_the_accounts_log_is_that_of_all_its_incidents_the_latest_first(
    client: pagerduty.RestApiV2Client, world: World
) -> None:
    since = world.as_of - timedelta(days=60)
    found = list(client.iter_all("log_entries", params=span(since, world.as_of), page_size=50))
    acknowledged = {
        one["incident"]["id"]: one["created_at"] for one in found if one["type"] == "acknowledge_log_entry"
    }

    assert [one["created_at"] for one in found] == sorted((one["created_at"] for one in found), reverse=True)
    assert {key: datetime.fromisoformat(at) for key, at in acknowledged.items()} == {
        one.id: one.acknowledged_at
        for one in told(world)
        if one.acknowledged_at and since <= one.acknowledged_at < world.as_of
    }
    opened = {
        one["incident"]["id"]: (one["agent"]["type"], one["channel"]["type"])
        for one in found
        if one["type"] == "trigger_log_entry"
    }
    ways = {MONITOR: ("service_reference", "api"), OF_TEAM: ("user_reference", "web_trigger")}
    assert opened == {
        one.id: ways[one.noticed_by] for one in told(world) if since <= one.started_at < world.as_of
    }
    assert set(opened.values()) == set(ways.values())


def test_what_users_told_is_not_among_what_it_knows(client: pagerduty.RestApiV2Client, world: World) -> None:
    told_by_users = next(one for one in world.incidents if one.noticed_by == USER)

    assert client.get(f"incidents/{told_by_users.id}").status_code == 404


def test_a_merged_incident_says_into_which_one(client: pagerduty.RestApiV2Client, world: World) -> None:
    merged = next(one for one in world.incidents if one.merged_into)
    reason = client.rget(f"incidents/{merged.id}")["resolve_reason"]

    assert reason == {
        "type": "merge_resolve_reason",
        "incident": {"id": merged.merged_into, "type": "incident_reference"},
    }


def test_services_are_listed(client: pagerduty.RestApiV2Client, world: World) -> None:
    assert {one["name"] for one in client.iter_all("services")} == {one.id for one in world.services}


def test_far_rows_cannot_be_reached_by_offset(client: pagerduty.RestApiV2Client) -> None:
    assert client.get("incidents", params={"offset": 9_990, "limit": 100}).status_code == 400


def test_pagerduty_requires_a_token(running: Running) -> None:
    url = running.urls["pagerduty"] + "/abilities"

    for headers in ({}, {"Authorization": "Token token="}):
        assert requests.get(url, headers=headers, timeout=10).status_code == 401


@pytest.fixture
def read(running: Running) -> Callable[[Cursor], tuple[dict[str, Incident], Cursor, int]]:
    """Fetches as a run does: the incidents, where the stream stands then, and the calls that it took."""

    def fetch(cursor: Cursor) -> tuple[dict[str, Incident], Cursor, int]:
        settings = Settings(
            name="pd", kind="pagerduty", base_url=running.urls["pagerduty"], token_env="TOKEN"
        )
        source = PagerDutySource(settings, SourceContext(SecretStr("any"), (), ""))
        batches = list(source.fetch("incidents", "*", cursor))
        source.close()
        rows = {one.id: one for batch in batches for one in batch.records if isinstance(one, Incident)}
        return rows, batches[-1].cursor, source.traffic.calls

    return fetch


def test_every_incident_arrives_with_its_first_acknowledgement(
    read: Callable[[Cursor], tuple[dict[str, Incident], Cursor, int]], world: World
) -> None:
    """One call per page of a hundred incidents or of a hundred entries of the log, and none per row."""
    found, cursor, calls = read(Cursor())
    assert {key: one.acknowledged_at for key, one in found.items()} == {
        one.id: one.acknowledged_at for one in told(world)
    }
    entries = sum(4 + len(one.notes) for one in told(world))
    days = (world.as_of - min(one.started_at for one in told(world))).days
    windows = days // 180 + 1
    # each window has its last page, each page of incidents a last page of its log; two for the open ones
    # and for the start
    pages = len(told(world)) // 100 + windows
    assert calls <= 2 + pages + (entries // 100 + pages)

    again, _, calls = read(cursor)
    assert calls <= 3, "a night without changes: what is open, the look-back, the log of the newest"
    assert again.items() <= found.items()
