"""Jira's answers, turned into records. Pure functions from parsed JSON; they ask for nothing."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from connectors.answers import utc
from connectors.jira import fields as custom
from connectors.jira.fields import Fields
from connectors.records import (
    Board,
    Issue,
    IssueChange,
    IssueLink,
    IssueTransition,
    Project,
    Record,
    Sprint,
    Status,
)

Json = Mapping[str, Any]

FIELDS = (
    "summary",
    "status",
    "issuetype",
    "priority",
    "labels",
    "created",
    "updated",
    "resolution",
    "resolutiondate",
    "duedate",
    "parent",
    "issuelinks",
)
"""All that an issue is asked for besides some custom fields: no descriptions, no comments, nobody's name.

Of those that users reported alone, `responses` asks who commented when.
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """What an issue does not tell of itself.

    `container` is the key under which the configuration knows the project; `browse_url` the address that
    people open, without a slash at its end; `epic_ids` says which ids the keys of epics stand for.
    """

    container: str
    browse_url: str
    fields: Fields
    epic_ids: Mapping[str, str | None] = field(default_factory=dict)


def moment(value: str | float) -> datetime:
    """A time in UTC: Jira writes ISO text with an offset, bulk changelogs write epoch milliseconds."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, UTC)
        return utc(value)
    except OverflowError:
        raise ValueError("a time outside of all calendars") from None


def _moment_or_none(value: str | float | None) -> datetime | None:
    return None if value is None else moment(value)


def _name(thing: Json | None, key: str = "name") -> str | None:
    value = thing.get(key) if thing else None
    return None if value is None else str(value)


def created_at(issue: Json) -> datetime:
    """When the issue was created: the one time of it that never changes."""
    return moment(issue["fields"]["created"])


def updated_at(issue: Json) -> datetime:
    """When the issue was last changed, as the server sorts and filters it."""
    return moment(issue["fields"]["updated"])


def issue(node: Json, histories: Sequence[Json] | None, setting: Setting) -> Iterator[Record]:
    """One issue, its changes and its links.

    Args:
        node: the issue as a search answers it.
        histories: its changelog, oldest or newest first; None where the server keeps none.
        setting: what surrounds it.
    """
    fields, known = node["fields"], setting.fields
    status = fields.get("status")
    issue_id = str(node["id"])
    team, team_name = custom.team(known.values(fields, custom.TEAM))
    due = fields.get("duedate")
    yield Issue(
        id=issue_id,
        key=str(node["key"]),
        container_id=setting.container,
        type=_name(fields.get("issuetype")),
        title=fields.get("summary"),
        url=f"{setting.browse_url}/browse/{node['key']}",
        status_id=_name(status, "id"),
        status=_name(status),
        status_category=_category(status),
        priority=_name(fields.get("priority")),
        labels=sorted(fields.get("labels") or []),
        created_at=created_at(node),
        updated_at=updated_at(node),
        closed_at=_moment_or_none(fields.get("resolutiondate")),
        parent_id=_parent_id(fields, setting),
        has_changelog=histories is not None,
        team=team,
        is_flagged=custom.is_flagged(known.values(fields, custom.FLAGGED)),
        cost_of_delay=custom.number(known.values(fields, custom.COST_OF_DELAY)),
        sprint_ids=custom.sprint_ids(known.values(fields, custom.SPRINT)),
        resolution=_name(fields.get("resolution")),
        due_on=date.fromisoformat(due) if due else None,
        team_name=team_name,
        services=custom.service_ids(known.values(fields, custom.SERVICES)),
    )
    yield from _children(fields, histories, issue_id, known)


def _children(
    fields: Json, histories: Sequence[Json] | None, issue_id: str, known: Fields
) -> Iterator[Record]:
    for history in histories or ():
        yield from _changes(history, issue_id, known)
    for link in fields.get("issuelinks") or ():
        yield from _link(link, issue_id)


def _parent_id(fields: Json, setting: Setting) -> str | None:
    """The parent, or the epic, which Data Center links by its key."""
    epic = epic_key(fields, setting.fields)
    return _name(fields.get("parent"), "id") or (setting.epic_ids.get(epic) if epic else None)


def epic_key(fields: Json, known: Fields) -> str | None:
    """The key of the epic that an issue of Data Center belongs to."""
    return custom.epic_key(known.values(fields, custom.EPIC))


def _changes(history: Json, issue_id: str, known: Fields) -> Iterator[Record]:
    """What one entry of a changelog says of status, sprints, flag and team.

    The number in an id counts the entry's items of that kind: which other items come along depends on
    the fields that were asked for.
    """
    counts: Counter[str] = Counter()
    for item in history["items"]:
        role = "status" if is_status_change(item) else known.role_of(item)
        if role is None:
            continue
        number = counts[role]
        counts[role] += 1
        if role == "status":
            yield IssueTransition(
                id=f"{history['id']}:{number}",
                issue_id=issue_id,
                occurred_at=moment(history["created"]),
                from_status_id=_name(item, "from"),
                from_status=_name(item, "fromString"),
                to_status_id=_name(item, "to"),
                to_status=_name(item, "toString"),
            )
        else:
            yield IssueChange(
                id=f"{history['id']}:{role}:{number}",
                issue_id=issue_id,
                field=role,
                occurred_at=moment(history["created"]),
                from_value=_value(role, item.get("from"), item.get("fromString")),
                to_value=_value(role, item.get("to"), item.get("toString")),
            )


def is_status_change(item: Json) -> bool:
    """Whether a changelog item is about the status, not about a custom field of that name."""
    if item.get("fieldId"):
        return bool(item["fieldId"] == "status")
    return item.get("field") == "status" and item.get("fieldtype") != "custom"


def _value(role: str, written: Any, shown: Any) -> str | None:
    """One side of a change: ids where there are some, but of a flag what people read."""
    if role == custom.SPRINT and written:
        return ",".join(re.findall(r"\d+", str(written)))
    first, second = (shown, written) if role == custom.FLAGGED else (written, shown)
    return str(first or second or "") or None


def _link(link: Json, issue_id: str) -> Iterator[IssueLink]:
    """A link in the direction in which this issue reads it. One to what may not be seen has no other end."""
    for side, direction in (("outwardIssue", "outward"), ("inwardIssue", "inward")):
        other = link.get(side)
        if other:
            kind = link.get("type") or {}
            yield IssueLink(
                id=f"{issue_id}:{link['id']}:{direction}",
                issue_id=issue_id,
                kind=str(kind.get(direction) or kind.get("name") or direction),
                target_id=_name(other, "id"),
                target_key=str(other["key"]),
            )


def status(node: Json) -> Status:
    """One status of the workflow."""
    return Status(id=str(node["id"]), name=str(node["name"]), category=_category(node))


def _category(node: Json | None) -> str | None:
    """`new`, `indeterminate` or `done`: the key, since names are translated and may be changed."""
    return _name(node.get("statusCategory"), "key") if node else None


def project(node: Json) -> Project:
    """One project, with the keys that it had."""
    key = str(node["key"])
    return Project(
        id=str(node["id"]),
        key=key,
        name=_name(node),
        is_archived=bool(node.get("archived")),
        earlier_keys=sorted({str(one) for one in node.get("projectKeys") or ()} - {key}),
    )


def board(node: Json) -> Board:
    """One board. A board of somebody's own belongs to no project."""
    return Board(
        id=str(node["id"]),
        name=_name(node),
        kind=_name(node, "type"),
        project_key=_name(node.get("location"), "projectKey"),
    )


def sprint(node: Json) -> Sprint:
    """One sprint, of the board it was made on."""
    return Sprint(
        id=str(node["id"]),
        board_id=_name(node, "originBoardId"),
        name=_name(node),
        state=str(node["state"]).lower(),
        started_at=_moment_or_none(node.get("startDate")),
        ends_at=_moment_or_none(node.get("endDate")),
        completed_at=_moment_or_none(node.get("completeDate")),
    )
