"""The fictional PagerDuty answers the official client as PagerDuty does."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pagerduty
import pytest
import requests

from connectors.sandbox.servers import Running
from connectors.sandbox.world import World


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


def span(since: datetime, until: datetime) -> dict[str, str]:
    return {"since": since.isoformat(), "until": until.isoformat()}


def test_incidents_of_half_a_year_come_in_pages(client: pagerduty.RestApiV2Client, world: World) -> None:
    since = world.as_of - timedelta(days=180)
    found = list(client.iter_all("incidents", params=span(since, world.as_of), page_size=10))

    assert [one["id"] for one in found] == [one.id for one in world.incidents if one.started_at >= since]
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
        one.id for one in world.incidents if one.started_at >= world.as_of - timedelta(days=30)
    }


def test_open_incidents_can_be_asked_for(client: pagerduty.RestApiV2Client, world: World) -> None:
    parameters = {"statuses[]": ["triggered", "acknowledged"], "date_range": "all", "total": True}
    answer = client.get("incidents", params=parameters).json()
    expected = {one.id for one in world.incidents if one.resolved_at is None}

    assert {one["id"] for one in answer["incidents"]} == expected
    assert answer["total"] == len(expected) >= 2


def test_an_incident_tells_what_the_monitor_saw(client: pagerduty.RestApiV2Client, world: World) -> None:
    named = next(one for one in world.incidents if one.details)
    found = client.rget(f"incidents/{named.id}", params={"include[]": "first_trigger_log_entries"})
    entries = list(client.iter_all(f"incidents/{named.id}/log_entries"))

    assert found["first_trigger_log_entry"]["channel"]["details"] == {"message": named.details}
    assert entries[-1]["type"] == "trigger_log_entry"
    assert entries[-1]["created_at"] == found["created_at"]


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
