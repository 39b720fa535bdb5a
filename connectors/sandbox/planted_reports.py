"""Planted answers about what users reported: how long they waited for the first answer."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from connectors.sandbox.github_world import Comment
from connectors.sandbox.organisation import BOTS, SCRIPTED_USER
from connectors.sandbox.planted_calendar import Calendar
from connectors.sandbox.planted_events import Seen
from connectors.sandbox.planted_planning import finished_at, is_known
from connectors.sandbox.reports import FROM_USERS
from connectors.sandbox.work_items import DROPPED
from connectors.sandbox.world import Service, World

ROBOTS = frozenset({*BOTS, SCRIPTED_USER})


def responses_seen(world: World, calendar: Calendar) -> Iterator[Seen]:
    """Each report of which it is known who reported it, on the day on which it was created.

    A robot's comment, the reporter's own and a note that no reporter sees answer nobody; being done does.
    """
    of_project = {project: service for service in world.services for project in service.jira_projects}
    for item in world.work_items:
        service, is_told = of_project.get(item.project), item.reporter is not None
        if FROM_USERS[0] in item.labels and is_told and service and is_known(item, world.as_of):
            steps = [step.after for step in item.transitions if step.at <= world.as_of]
            ends = [*_answers(item.comments, item.reporter), finished_at(item, world.as_of)]
            if not (steps and steps[-1] == DROPPED):
                yield from _seen(world, calendar, service, item.key, item.created_at, ends)
    for service in world.services:
        for issue in world.repository(service.repository).issues:
            ends = [*_answers(issue.comments, issue.author), issue.closed_at]
            yield from _seen(world, calendar, service, f"issue {issue.id}", issue.created_at, ends)


def _answers(comments: Iterable[Comment], reporter: str | None) -> list[datetime]:
    return [
        one.at for one in comments if one.is_public and one.author != reporter and one.author not in ROBOTS
    ]


def _seen(
    world: World,
    calendar: Calendar,
    service: Service,
    item: str,
    created_at: datetime,
    ends: Iterable[datetime | None],
) -> Iterator[Seen]:
    answered_at = min((end for end in ends if end is not None and end <= world.as_of), default=None)
    seconds = int(((answered_at or world.as_of) - created_at).total_seconds())
    day = calendar.day(created_at)
    if seconds >= 0:  # an answer that is older than the item tells nothing of a wait
        is_event, amounts = answered_at is not None, {"": seconds}
        yield Seen("time_to_first_response", item, service.id, day, answered_at, is_event, amounts)
