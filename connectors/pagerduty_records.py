"""PagerDuty's answers, turned into records. Pure functions from parsed JSON; they ask for nothing."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.answers import utc
from connectors.records import Incident

Json = Mapping[str, Any]


def _moment_or_none(value: str | None) -> datetime | None:
    return utc(value) if value else None


def service_names(node: Json) -> tuple[str | None, str | None]:
    """The id and the name of an incident's service."""
    service = node.get("service") or {}
    return service.get("id"), service.get("summary") or service.get("name")


def services(answer: Json) -> tuple[set[str], bool]:
    """The ids and names in one page of services, and whether there are more."""
    found = {str(one[key]) for one in answer["services"] for key in ("id", "name") if one.get(key)}
    return found, bool(found) and bool(answer.get("more"))


def incident(node: Json) -> Incident:
    """One incident.

    PagerDuty lists acknowledgements only while the incident is open and not taken back, so a resolved
    one has no `acknowledged_at`. It knows no test incidents and no time of mitigation.
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
    )


def _severity(node: Json) -> str | None:
    """The priority where the account uses priorities, else the urgency."""
    priority = node.get("priority") or {}
    return priority.get("summary") or priority.get("name") or node.get("urgency")


def _descriptions(node: Json) -> Iterator[str]:
    """What people or monitors wrote: the body and the details of the event that opened it."""
    channel = (node.get("first_trigger_log_entry") or {}).get("channel") or {}
    body = node.get("body") or {}
    for text in (node.get("description"), body.get("details"), channel.get("details")):
        if text and text != node.get("title"):
            yield text if isinstance(text, str) else json.dumps(text, sort_keys=True)
