"""The part of Jira's query language that the sandbox understands, and what it asks of work items."""

import re
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.world import WorkItem

CLAUSE = re.compile(r"\s*(\w+)\s*(>=|<=|!=|=|>|<|\bin\b)\s*(.+?)\s*$", re.IGNORECASE | re.DOTALL)


class BadQuery(Exception):
    """What Jira answers with 400; `str()` is its message."""


def search(jql: str, items: Sequence[WorkItem], projects: Collection[str], now: datetime) -> list[WorkItem]:
    """The items of a query: clauses joined by AND, then the order. Raises `BadQuery`."""
    condition, _, order = re.sub(r"\border\s+by\b", "\0", jql, flags=re.IGNORECASE).partition("\0")
    if not condition.strip():
        raise BadQuery("Unbounded JQL queries are not allowed here. Please add a search restriction.")
    found = list(items)
    for clause in re.split(r"\band\b", condition, flags=re.IGNORECASE):
        test = _test(clause, projects, now)
        found = [item for item in found if test(item)]
    parts = [one.split() for one in order.split(",") if one.strip()] or [["created", "DESC"]]
    for part in reversed(parts):
        found.sort(key=_sort_key(part[0], now), reverse=len(part) > 1 and part[1].upper() == "DESC")
    return found


def _test(clause: str, projects: Collection[str], now: datetime) -> Callable[[WorkItem], bool]:
    match = CLAUSE.match(clause)
    if match is None:
        raise BadQuery(f"Error in the JQL Query: '{clause.strip()}' is not understood.")
    field, operator, value = match[1].lower(), match[2].lower(), match[3]
    if field == "project" and operator in ("=", "in"):
        keys = {part.strip().strip("\"'").upper() for part in value.strip("()").split(",")}
        for unknown in sorted(keys - set(projects)):
            raise BadQuery(f"The value '{unknown}' does not exist for the field 'project'.")
        return lambda item: project_at(item, now) in keys
    if field == "labels" and operator == "=":
        label = value.strip("\"'")
        return lambda item: label in item.labels
    if field in ("updated", "created") and operator in (">=", ">", "<", "<=") and value.isdigit():
        bound, read = datetime.fromtimestamp(int(value) / 1000, UTC), _sort_key(field, now)
        return {
            ">=": lambda item: read(item) >= bound,
            ">": lambda item: read(item) > bound,
            "<=": lambda item: read(item) <= bound,
            "<": lambda item: read(item) < bound,
        }[operator]
    raise BadQuery(f"Field '{field}' with '{operator} {value}' is not understood here.")


def _sort_key(field: str, now: datetime) -> Callable[[WorkItem], Any]:
    keys: dict[str, Callable[[WorkItem], Any]] = {
        "updated": lambda item: updated_at(item, now),
        "created": lambda item: item.created_at,
        "id": lambda item: item.id,
        "key": lambda item: (project_at(item, now), int(key_at(item, now).split("-")[1])),
    }
    if field.lower() not in keys:
        raise BadQuery(f"Not able to sort using field '{field}'.")
    return keys[field.lower()]


def status_at(item: WorkItem, now: datetime) -> str:
    """The status an item has at a moment."""
    reached = [step.after for step in item.transitions if step.at <= now]
    return reached[-1] if reached else item.initial_status


def key_at(item: WorkItem, now: datetime) -> str:
    """The key an item has at a moment; a move between projects changes it."""
    is_early = item.moved_at is not None and now < item.moved_at
    return item.earlier_key or item.key if is_early else item.key


def project_at(item: WorkItem, now: datetime) -> str:
    """The project an item is in at a moment."""
    return key_at(item, now).partition("-")[0]


def updated_at(item: WorkItem, now: datetime) -> datetime:
    """When an item was last changed, as known at a moment."""
    moments = [item.created_at, *(step.at for step in item.transitions), *item.reassigned_at]
    moments += [comment.at for comment in item.comments]
    if item.moved_at:
        moments.append(item.moved_at)
    return max(moment for moment in moments if moment <= now)
