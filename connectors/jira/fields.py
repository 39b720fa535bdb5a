"""Finds a Jira's custom fields by what they are, and says what their values mean.

The ids of custom fields differ from one Jira to the next and their names are translated and changed, so
a field is known by its type (`schema.custom`), or by what the configuration calls it. Several fields may
be of one type, the sites of acquired companies being what they are: of each issue whichever has a value
counts. There are no story points here.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.answers import understand
from connectors.base import NotFound
from connectors.jira.settings import Settings

SPRINT, FLAGGED, TEAM = "sprint", "flagged", "team"
COST_OF_DELAY, EPIC, SERVICES = "cost_of_delay", "epic", "services"
TRACKED = (SPRINT, FLAGGED, TEAM)
"""The fields whose changes are kept."""
CHECKBOXES = "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes"
TYPES = {
    SPRINT: ("com.pyxis.greenhopper.jira:gh-sprint",),
    TEAM: (
        "com.atlassian.jira.plugin.system.customfieldtypes:atlassian-team",
        "com.atlassian.teams:rm-teams-custom-field-team",
    ),
    EPIC: ("com.pyxis.greenhopper.jira:gh-epic-link",),
    SERVICES: ("com.atlassian.jira.plugins.service-entity:service-entity-field-cftype",),
}

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FieldNode:
    """A field as the server describes it.

    `names` are the one that is shown, the untranslated one and those that queries know, in lower case.
    `project_id` is set for a field that exists in one team-managed project alone.
    """

    id: str
    name: str
    names: frozenset[str]
    type: str | None
    is_custom: bool
    holds_people: bool
    project_id: str | None


@dataclass(frozen=True, slots=True)
class Fields:
    """Which fields play which role, here or in one project."""

    by_role: Mapping[str, Sequence[FieldNode]]
    roles_of_names: Mapping[str, str]
    """Role by the name of a custom field: changelogs of Data Center hold no ids. Names that a field
    without a role bears as well are not among them."""

    def within(self, project_id: str) -> "Fields":
        """Those that exist in a project."""
        here = {
            role: [one for one in nodes if one.project_id in (None, project_id)]
            for role, nodes in self.by_role.items()
        }
        return Fields(here, self.roles_of_names)

    def ids(self, *roles: str) -> list[str]:
        """The ids of the fields in these roles, or in any, each once."""
        chosen = roles or self.by_role
        return list(dict.fromkeys(node.id for role in chosen for node in self.by_role.get(role, ())))

    def values(self, fields: Json, role: str) -> list[Any]:
        """What an issue has in a role's fields, nulls included; none where it has no such field."""
        return [fields[id_] for id_ in self.ids(role) if id_ in fields]

    def role_of(self, item: Json) -> str | None:
        """Which of the tracked fields an item of a changelog is about."""
        if item.get("fieldId"):
            return next((role for role in TRACKED if item["fieldId"] in self.ids(role)), None)
        role = self.roles_of_names.get(str(item.get("field")).casefold())
        return role if role in TRACKED and item.get("fieldtype") == "custom" else None


def resolve(nodes: Sequence[Json], settings: Settings, where: str) -> Fields:
    """Find the fields in the server's list of all. Raises `NotFound` where a configured one is missing."""
    known = understand(where, lambda: [_node(node) for node in nodes])
    by_role = {role: [one for one in known if one.type in types] for role, types in TYPES.items()}
    by_role[FLAGGED] = [one for one in known if one.type == CHECKBOXES and FLAGGED in one.names]
    configured = {
        TEAM: ("team_field", settings.team_field),
        FLAGGED: ("flagged_field", settings.flagged_field),
        COST_OF_DELAY: ("cost_of_delay_field", settings.cost_of_delay_field),
    }
    for role, (key, wanted) in configured.items():
        if wanted is not None:
            by_role[role] = _configured(known, key, wanted, where)
    return Fields(by_role, _roles_of_names(known, by_role))


def _node(node: Json) -> FieldNode:
    schema = node.get("schema") or {}
    project = (node.get("scope") or {}).get("project") or {}
    names = [node["name"], node.get("untranslatedName"), *(node.get("clauseNames") or ())]
    return FieldNode(
        id=str(node["id"]),
        name=str(node["name"]),
        names=frozenset(str(name).casefold() for name in names if name),
        type=schema.get("custom"),
        is_custom=bool(node.get("custom")),
        holds_people="user" in (schema.get("type"), schema.get("items")),
        project_id=str(project["id"]) if "id" in project else None,
    )


def _configured(known: list[FieldNode], key: str, wanted: str, where: str) -> list[FieldNode]:
    by_id = [one for one in known if one.id == wanted]
    found = by_id or [one for one in known if wanted.casefold() in one.names]
    if not found:
        raise NotFound(where, f"there is no field {wanted!r}, or it may not be seen", f"Correct {key}")
    if any(one.holds_people for one in found):
        raise NotFound(where, f"the field {wanted!r} holds people", f"Name another one in {key}")
    return found


def _roles_of_names(known: list[FieldNode], by_role: Mapping[str, Sequence[FieldNode]]) -> dict[str, str]:
    roles: dict[str, str] = {}
    others: set[str] = set()
    for node in known:
        if node.is_custom:
            role = next((role for role, nodes in by_role.items() if node in nodes), None)
            for name in node.names:
                if role is None or roles.setdefault(name, role) != role:
                    others.add(name)
    return {name: role for name, role in roles.items() if name not in others}


def sprint_ids(values: Iterable[Any]) -> list[str] | None:
    """The sprints an issue is or was in, in ascending order; None where it has no such field."""
    if not (lists := [_listed(value) for value in values]):
        return None
    found = {_sprint_id(sprint) for sprints in lists for sprint in sprints}
    return [str(one) for one in sorted(found)]


def _sprint_id(sprint: Any) -> int:
    """Older servers write a sprint as text, its id first or near the end: `…@1f[id=37,state=…,name=…]`."""
    if isinstance(sprint, Mapping):
        return int(sprint["id"])
    if isinstance(sprint, str) and not sprint.isdecimal():
        return int((re.findall(r"\[id=(\d+)", sprint) or re.findall(r",id=(\d+)", sprint))[-1])
    return int(sprint)


def _listed(value: Any) -> list[Any]:
    """The values of a field that may hold several, or one, or nothing."""
    return [one for one in (value if isinstance(value, list) else [value]) if one not in (None, "")]


def is_flagged(values: Sequence[Any]) -> bool | None:
    """Whether anything is ticked; None where the issue has no such field."""
    return any(values) if values else None


def team(values: Iterable[Any]) -> tuple[str | None, str | None]:
    """The id and the name of the one team an issue belongs to.

    The id is the text itself where the field holds no more than a text. An issue of several teams
    belongs to none alone.
    """
    for value in values:
        found = [pair for pair in map(_team, _listed(value)) if pair[0]]
        if found:
            return found[0] if len(found) == 1 else (None, None)
    return None, None


def _team(value: Any) -> tuple[str | None, str | None]:
    if isinstance(value, Mapping):
        if {"accountId", "emailAddress", "displayName"} & value.keys():
            return None, None  # somebody, whatever the field calls itself
        name = next((str(value[key]) for key in ("name", "value", "title") if value.get(key)), None)
        identity = value.get("id")
        return (name if identity is None else str(identity)), name
    return str(value), None


def number(values: Iterable[Any]) -> float | None:
    """The first value that is a number, or an option or text that reads as one."""
    for value in values:
        written = value.get("value") if isinstance(value, Mapping) else value
        if isinstance(written, str | int | float) and not isinstance(written, bool):
            try:
                found = float(written)
            except (OverflowError, ValueError):
                continue
            if math.isfinite(found):
                return found
    return None


def service_ids(values: Iterable[Any]) -> list[str] | None:
    """The services that an incident of Jira Service Management affects; None without such a field."""
    if not (lists := [_listed(value) for value in values]):
        return None
    return sorted({str(one["id"]) for services in lists for one in services if isinstance(one, Mapping)})


def epic_key(values: Iterable[Any]) -> str | None:
    """The key of the epic an issue belongs to, as Data Center links them."""
    return next((str(value) for value in values if value), None)
