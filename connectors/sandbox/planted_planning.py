"""Planted answers about plans: what nobody had planned, what was merged for a known item."""

from collections.abc import Iterator
from datetime import datetime

from connectors.sandbox.planted_calendar import Calendar
from connectors.sandbox.planted_events import History, Seen
from connectors.sandbox.sprints import KANBAN_PROJECTS, sprint_number, sprint_start
from connectors.sandbox.work_items import ACTIVE, DONE, SELECTED
from connectors.sandbox.world import WorkItem, World

UNPLANNED_TYPE = "Bug"
"""The only one of `[rules] unplanned_work` that the sandbox's items have."""


def unplanned_seen(world: World, calendar: Calendar) -> Iterator[Seen]:
    """Each work item that is done, on the day on which it was done for the last time."""
    services = {project: service.id for service in world.services for project in service.jira_projects}
    for item in world.work_items:
        ended_at = finished_at(item, world.as_of)
        if ended_at and is_known(item, world.as_of) and item.project in services:
            is_unplanned = item.type == UNPLANNED_TYPE or _is_late(item)
            where = item.key, services[item.project], calendar.day(ended_at), ended_at
            yield Seen("unplanned_share", *where, is_unplanned)


def linked_seen(world: World, calendar: Calendar, past: History) -> Iterator[Seen]:
    """Each merged pull request of a service whose work items are known."""
    known = {item.key for item in world.work_items if is_known(item, world.as_of)}
    projects = {key.partition("-")[0] for key in known}
    if projects & set(past.service.jira_projects):
        for change in past.changes:
            item, day = f"pull request {change.pull_request.id}", calendar.day(change.merged_at)
            is_linked = change.pull_request.work_item in known
            yield Seen("linked_work_share", item, past.service.id, day, change.merged_at, is_linked)


def is_known(item: WorkItem, as_of: datetime) -> bool:
    """Whether nobody has deleted it."""
    return item.deleted_at is None or item.deleted_at > as_of


def finished_at(item: WorkItem, as_of: datetime) -> datetime | None:
    """When it became done for the last time; None unless it is done."""
    known = [step for step in item.transitions if step.at <= as_of]
    return known[-1].at if known and known[-1].after == DONE else None


def _is_late(item: WorkItem) -> bool:
    """Whether it was taken on only after the sprint in which it was first begun had itself begun."""
    begun = [step.at for step in item.transitions if step.after == ACTIVE]
    if not begun or item.project in KANBAN_PROJECTS:
        return False
    taken_on = min(step.at for step in item.transitions if step.after in (SELECTED, ACTIVE))
    return taken_on > sprint_start(sprint_number(min(begun)))
