"""incident.io's answers, turned into records. Pure functions from parsed JSON; they ask for nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict

from connectors.answers import utc, utc_if_told
from connectors.incident_services import Service, first_and_further
from connectors.records import Incident

UNDER_WAY = ("triage", "live", "paused")
"""Categories of status in which an incident lasts, whatever its timestamps say."""

Json = Mapping[str, Any]


class Timestamps(BaseModel):
    """What the account calls its timestamps: of several names the first that has a time counts.

    Capitals and an "at" at the end do not matter. An empty list says that there is none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    started: list[str] = ["Impact started"]
    detected: list[str] = ["Reported"]
    acknowledged: list[str] = ["Accepted"]
    mitigated: list[str] = ["Fixed"]
    resolved: list[str] = ["Resolved", "Closed"]

    def unknown_among(self, known: Sequence[str]) -> list[str]:
        """Which of these times no timestamp of the account tells."""
        plain = set(map(_plain, known))
        return [key for key, names in self if names and not plain & set(map(_plain, names))]


def page(answer: Json) -> tuple[list[Json], str | None]:
    """The incidents of a page, and the id after which the next one begins."""
    nodes = list(answer["incidents"])
    after = (answer.get("pagination_meta") or {}).get("after") or None
    return nodes, after if nodes else None


def is_called(field: Json, name: str) -> bool:
    """Whether a custom field has this id or name."""
    return bool(field["id"] == name or field["name"].casefold() == name.casefold())


def services(node: Json, field: str) -> list[Service]:
    """What the service field holds: entries of the catalogue, options, or plain text."""
    found = set()
    for value in _values(node, field, is_field=True):
        thing = value.get("value_catalog_entry") or value.get("value_option") or {}
        found.add((thing.get("id"), thing.get("name") or thing.get("value") or value.get("value_text")))
    return sorted(found, key=lambda one: (one[1] or "", one[0] or ""))


def updated_at(node: Json) -> datetime | None:
    """When an incident was last updated."""
    return utc_if_told(node.get("updated_at"))


def incident(node: Json, struck: Sequence[Service], field: str, names: Timestamps) -> Incident:
    """One incident of the list, which does not tell into which other one it was merged.

    It is counted for the services `struck`. `field` is the custom field that holds services; the others
    may name what caused it. `names` is what the account calls its timestamps.
    """
    at = partial(_first, {_plain(name): at for name, at in _times(node)})
    created_at = utc(node["created_at"])
    category = node["incident_status"]["category"]
    service, further = first_and_further(struck)
    return Incident(
        id=str(node["id"]),
        service_id=service[0],
        service_name=service[1],
        title=node.get("name") or None,
        description="\n".join(_texts(node, field)) or None,
        url=node.get("permalink") or None,
        status=category,
        severity=(node.get("severity") or {}).get("name"),
        environment=None,
        created_at=created_at,
        started_at=at(names.started) or at(names.detected) or created_at,
        acknowledged_at=at(names.acknowledged),
        mitigated_at=at(names.mitigated),
        resolved_at=None if category in UNDER_WAY else at(names.resolved),
        updated_at=updated_at(node),
        caused_by_deployment=None,
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=None,
        is_test=node["mode"] in ("test", "tutorial"),
        merged_into=None,
        detected_at=at(names.detected),
        dedupe_group=_issue(node.get("external_issue_reference") or {}),
        reported_by=_reporter(node.get("creator") or {}),
        postmortem_url=node.get("postmortem_document_url") or None,
        further_services=further,
    )


def _first(times: Mapping[str, datetime], choice: Sequence[str]) -> datetime | None:
    """The time of the first of these names that has one."""
    return next((times[_plain(name)] for name in choice if _plain(name) in times), None)


def _issue(reference: Json) -> str | None:
    """The issue in another system that an incident was put together with."""
    return reference.get("issue_permalink") or reference.get("issue_name") or None


def _times(node: Json) -> Iterator[tuple[str, datetime]]:
    """The timestamps that have a time."""
    for one in node.get("incident_timestamp_values") or []:
        at = utc_if_told((one.get("value") or {}).get("value"))
        if at:
            yield one["incident_timestamp"]["name"], at


def _plain(name: str) -> str:
    """A timestamp's name without what differs between accounts: Fixed, Fixed at, fixed At."""
    return name.casefold().removesuffix(" at").strip()


def _values(node: Json, field: str, *, is_field: bool) -> Iterator[Json]:
    """What the one custom field holds, or what all others hold."""
    for one in node.get("custom_field_entries") or []:
        if is_called(one["custom_field"], field) == is_field:
            yield from one.get("values") or []


def _texts(node: Json, field: str) -> Iterator[str]:
    """The summary, and what other fields hold as text or link: where deployments are named."""
    others = _values(node, field, is_field=False)
    texts = (value.get(kind) for value in others for kind in ("value_text", "value_link"))
    yield from filter(None, (node.get("summary"), *texts))


def _reporter(creator: Json) -> str | None:
    """What opened it: an alert, or people. Behind a key of the API or a workflow may be either."""
    if creator.get("alert"):
        return "monitor"
    return "team" if creator.get("user") else None
