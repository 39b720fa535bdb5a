"""Jira's answers, turned into records. Pure functions from parsed JSON; they ask for nothing."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.answers import utc
from connectors.records import Issue, IssueTransition, Record, Status

Json = Mapping[str, Any]

FIELDS = (
    "summary",
    "status",
    "issuetype",
    "priority",
    "labels",
    "created",
    "updated",
    "resolutiondate",
    "parent",
)
"""All that an issue is asked for: no descriptions, no comments, nobody's name."""


def moment(value: str | float) -> datetime:
    """A time in UTC: Jira writes ISO text with an offset, bulk changelogs write epoch milliseconds."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value / 1000, UTC)
    return utc(value)


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


def issue(node: Json, histories: Sequence[Json] | None, *, project: str, browse_url: str) -> Iterator[Record]:
    """One issue and its changes of status.

    Args:
        node: the issue as a search answers it.
        histories: its changelog, oldest or newest first; None where the server keeps none.
        project: the key under which the configuration knows the project.
        browse_url: the address that people open, without a slash at its end.
    """
    fields = node["fields"]
    status = fields.get("status")
    issue_id = str(node["id"])
    yield Issue(
        id=issue_id,
        key=str(node["key"]),
        container_id=project,
        type=_name(fields.get("issuetype")),
        title=fields.get("summary"),
        url=f"{browse_url}/browse/{node['key']}",
        status_id=_name(status, "id"),
        status=_name(status),
        status_category=_category(status),
        priority=_name(fields.get("priority")),
        labels=sorted(fields.get("labels") or []),
        created_at=created_at(node),
        updated_at=updated_at(node),
        closed_at=_moment_or_none(fields.get("resolutiondate")),
        parent_id=_name(fields.get("parent"), "id"),
        has_changelog=histories is not None,
    )
    for history in histories or ():
        yield from _transitions(history, issue_id)


def _transitions(history: Json, issue_id: str) -> Iterator[IssueTransition]:
    for number, item in enumerate(history["items"]):
        if is_status_change(item):
            yield IssueTransition(
                id=f"{history['id']}:{number}",
                issue_id=issue_id,
                occurred_at=moment(history["created"]),
                from_status_id=_name(item, "from"),
                from_status=_name(item, "fromString"),
                to_status_id=_name(item, "to"),
                to_status=_name(item, "toString"),
            )


def is_status_change(item: Json) -> bool:
    """Whether a changelog item is about the status, not about a custom field of that name."""
    if item.get("fieldId"):
        return bool(item["fieldId"] == "status")
    return item.get("field") == "status" and item.get("fieldtype") != "custom"


def status(node: Json) -> Status:
    """One status of the workflow."""
    return Status(id=str(node["id"]), name=str(node["name"]), category=_category(node))


def _category(node: Json | None) -> str | None:
    """`new`, `indeterminate` or `done`: the key, since names are translated and may be changed."""
    return _name(node.get("statusCategory"), "key") if node else None
