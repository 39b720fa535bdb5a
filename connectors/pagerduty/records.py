"""PagerDuty's answers, turned into records. Pure functions from parsed JSON; they ask for nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.answers import utc, utc_if_told
from connectors.records import Incident

Json = Mapping[str, Any]


def _moment_or_none(value: str | None) -> datetime | None:
    return utc_if_told(value)


def service_names(node: Json) -> tuple[str | None, str | None]:
    """The id and the name of an incident's service."""
    service = node.get("service") or {}
    return service.get("id"), service.get("summary") or service.get("name")


@dataclass(frozen=True, slots=True)
class ServicePage:
    """One page of services: their ids and names in small letters, the page of one of them in the account,
    and whether there are more.
    """

    names: frozenset[str]
    url: str | None
    more: bool


def service_page(answer: Json) -> ServicePage:
    """One page of services."""
    rows = answer["services"]
    names = frozenset(str(one[key]).casefold() for one in rows for key in ("id", "name") if one.get(key))
    url = next((one["html_url"] for one in rows if one.get("html_url")), None)
    return ServicePage(names, url, bool(answer["more"]))


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of the log: its entries' ids, the acknowledgements among them, and whether there are more."""

    ids: Sequence[str]
    acknowledgements: Sequence[tuple[str, datetime]]
    """The incident, and when."""
    more: bool


def log_page(answer: Json) -> LogPage:
    """One page of the log."""
    entries = answer["log_entries"]
    found = [
        (str(one["incident"]["id"]), utc(one["created_at"]))
        for one in entries
        if one["type"] == "acknowledge_log_entry"
    ]
    return LogPage([str(one["id"]) for one in entries], found, bool(answer["more"]))


def incident(node: Json) -> Incident:
    """One incident.

    PagerDuty lists acknowledgements only while the incident is open and not taken back: those of a
    resolved one stand in the log. It knows no test incidents and no time of mitigation.
    """
    service_id, service_name = service_names(node)
    created_at = utc(node["created_at"])
    is_resolved = node["status"] == "resolved"
    resolved_at = node.get("resolved_at") or node.get("last_status_change_at")
    acknowledged = [utc(one["at"]) for one in node.get("acknowledgements") or []]
    reason = node.get("resolve_reason") or {}
    return Incident(
        id=str(node["id"]),
        service_id=service_id,
        service_name=service_name,
        title=node.get("title") or node.get("summary"),
        description="\n".join(_descriptions(node)) or None,
        url=node.get("html_url") or None,
        status=node["status"],
        severity=_severity(node),
        environment=None,
        created_at=created_at,
        started_at=created_at,
        acknowledged_at=min(acknowledged, default=None),
        mitigated_at=None,
        resolved_at=_moment_or_none(resolved_at) if is_resolved else None,
        updated_at=_moment_or_none(node.get("updated_at")),
        caused_by_deployment=None,
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=None,
        is_test=False,
        merged_into=(reason.get("incident") or {}).get("id"),
        reported_by=_reporter(node),
        rotation=_rotation(node),
    )


def _severity(node: Json) -> str | None:
    """The priority where the account uses priorities, else the urgency."""
    priority = node.get("priority") or {}
    return priority.get("summary") or priority.get("name") or node.get("urgency")


def _reporter(node: Json) -> str | None:
    """Who triggered it: people, or what watches the service. Who they are is not read."""
    agent = (node.get("first_trigger_log_entry") or {}).get("agent") or {}
    kind = agent.get("type")
    if kind is None:
        return None
    return "team" if kind.startswith("user") else "monitor"


def _rotation(node: Json) -> str | None:
    """The escalation policy, which knows whose turn it is."""
    policy = node.get("escalation_policy") or {}
    return policy.get("summary") or policy.get("name") or policy.get("id")


def _descriptions(node: Json) -> Iterator[str]:
    """What people or monitors wrote: the body and the details of the event that opened it."""
    channel = (node.get("first_trigger_log_entry") or {}).get("channel") or {}
    body = node.get("body") or {}
    for text in (node.get("description"), body.get("details"), channel.get("details")):
        if text and text != node.get("title"):
            yield text if isinstance(text, str) else json.dumps(text, sort_keys=True)
