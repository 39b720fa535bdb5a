"""ServiceNow's rows, turned into records. Pure functions from parsed JSON; they ask for nothing.

With `sysparm_display_value=all` each field is a pair: `value`, as the database has it (times in UTC
without saying so, states as numbers, references as ids), and `display_value`, as the user would see it
(in the user's time zone and language). What is not set, or may not be seen, is an empty text.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.incident_services import Service, first_and_further
from connectors.records import Incident

FIELDS = (
    "sys_id",
    "short_description",
    "description",
    "state",
    "priority",
    "severity",
    "sys_created_on",
    "sys_updated_on",
    "opened_at",
    "work_start",
    "resolved_at",
    "closed_at",
    "assignment_group",
    "caused_by",
    "rfc",
    "parent_incident",
    "contact_type",
)
"""All that is asked for besides the service: no field that holds a person is among them."""
PEOPLE = frozenset({"caller_id", "opened_by", "assigned_to", "resolved_by", "closed_by"})
UNDER_WAY = ("1", "2", "3")
"""New, in progress and on hold, as installed: an earlier resolution of such an incident did not hold."""
CANCELED = "8"

Json = Mapping[str, Any]


def value(node: Json, name: str) -> str | None:
    """A field as the database has it."""
    return (node.get(name) or {}).get("value") or None


def shown(node: Json, name: str) -> str | None:
    """A field as the user sees it."""
    return (node.get(name) or {}).get("display_value") or None


def row_id(node: Json) -> str | None:
    """A row's id; None where the user may not see the row."""
    return value(node, "sys_id")


def moment(node: Json, name: str) -> datetime | None:
    """A time, which ServiceNow stores in UTC. Raises `ValueError` where it is none."""
    text = value(node, name)
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is not None:
        raise ValueError("a stored time with an offset")
    return at.replace(tzinfo=UTC)


def services(node: Json, names: Sequence[str]) -> list[Service]:
    """What was struck, in the order of the fields, each once."""
    found = [(value(node, name), shown(node, name)) for name in names]
    return list(dict.fromkeys(one for one in found if any(one)))


def incident(node: Json, struck: Sequence[Service], base_url: str) -> Incident:
    """One incident of a row with `FIELDS`, counted for the services `struck`."""
    row = node["sys_id"]["value"]
    state = value(node, "state")
    opened_at, created_at = moment(node, "opened_at"), moment(node, "sys_created_on")
    began = opened_at or created_at
    if began is None:
        raise ValueError("an incident that was never opened")
    ended_at = moment(node, "resolved_at") or moment(node, "closed_at")
    service, further = first_and_further(struck)
    return Incident(
        id=row,
        service_id=service[0],
        service_name=service[1],
        title=value(node, "short_description"),
        description=value(node, "description"),
        url=f"{base_url}/incident.do?sys_id={row}",
        status="canceled" if state == CANCELED else shown(node, "state") or state,
        severity=shown(node, "priority") or shown(node, "severity"),
        environment=None,
        created_at=created_at or began,
        started_at=began,
        acknowledged_at=moment(node, "work_start"),
        mitigated_at=None,
        resolved_at=None if state in UNDER_WAY else ended_at,
        updated_at=moment(node, "sys_updated_on"),
        caused_by_deployment=shown(node, "caused_by"),
        caused_by_sha=None,
        caused_by_pull_request=None,
        fixed_by_deployment=shown(node, "rfc"),
        is_test=False,
        merged_into=value(node, "parent_incident"),
        reported_by=value(node, "contact_type"),
        rotation=shown(node, "assignment_group"),
        further_services=further,
    )
