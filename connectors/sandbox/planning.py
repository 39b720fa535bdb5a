"""Sprints, flags, teams and links of work items: all of them follow from the items' statuses.

Nothing here is drawn at random, and every change falls on a change of status, so that an item is never
changed without its time of change telling so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from connectors.sandbox.jql import project_at
from connectors.sandbox.sprints import KANBAN_PROJECTS, SPRINT_LENGTH, sprint_number, sprint_start
from connectors.sandbox.work_items import BLOCKED, DONE, DROPPED, SELECTED, TO_DO
from connectors.sandbox.world import WorkItem, World

RELIEF_TEAM = "RELIEF"


@dataclass(frozen=True, slots=True)
class Sprint:
    """One row per sprint: a fortnight of one project."""

    id: int
    name: str
    starts_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When it is completed, which here is always in time."""
        return self.starts_at + SPRINT_LENGTH


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One row per change of a sprint list, a flag or a team; `change` is the id of the changelog's entry."""

    change: int
    at: datetime
    field: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Planning:
    """What the boards of a world know."""

    def __init__(self, world: World) -> None:
        self._projects = list(world.projects)
        self._world = world
        self._first_items: dict[str, WorkItem] = {}
        for item in world.work_items:
            if item.deleted_at is None:
                self._first_items.setdefault(item.project, item)

    def sprint_at(self, project: str, moment: datetime) -> Sprint:
        """The sprint that is under way in a project."""
        return self._sprint(project, sprint_number(moment))

    def sprints(self, project: str, now: datetime) -> list[Sprint]:
        """A project's sprints from its first item's to the one after the present one."""
        created = [one.created_at for one in self._world.work_items if project_at(one, now) == project]
        first = sprint_number(min([*created, now]))
        last = sprint_number(now) + 1
        return [self._sprint(project, number) for number in range(first, last + 1)]

    def _sprint(self, project: str, number: int) -> Sprint:
        identity = (self._projects.index(project) + 1) * 1_000 + number
        return Sprint(identity, f"{project} {number}", sprint_start(number))

    def changes(self, item: WorkItem, now: datetime) -> list[FieldChange]:
        """What has happened to an item's sprints, flag and team, the oldest first."""
        found = [*self._sprint_changes(item), *_flag_changes(item), *_team_changes(item)]
        return sorted((one for one in found if one.at <= now), key=lambda one: (one.at, one.change))

    def _sprint_changes(self, item: WorkItem) -> Iterator[FieldChange]:
        """What is selected enters the sprint in which it will be begun, the next one where nobody knows;
        what is begun enters the present one; what is put back leaves the one it was in.
        """
        ids: tuple[str, ...] = ()
        for step, later in zip(item.transitions, [*item.transitions[1:], None], strict=False):
            project = project_at(item, step.at)
            if project in KANBAN_PROJECTS or step.after in (DONE, DROPPED):
                continue
            number = sprint_number(step.at)
            if step.after == SELECTED:
                number = sprint_number(later.at) if later else number + 1
            wanted = str(self._sprint(project, number).id)
            before = ids
            if step.after == TO_DO:
                ids = ids[:-1]
            elif wanted not in ids:
                ids = (*ids, wanted)
            if ids != before:
                yield FieldChange(step.id, step.at, "sprint", before, ids)

    def sprint_ids(self, item: WorkItem, now: datetime) -> Sequence[str]:
        """The sprints an item is or was in."""
        lists = [one.after for one in self.changes(item, now) if one.field == "sprint"]
        return lists[-1] if lists else ()

    def team(self, item: WorkItem, now: datetime) -> str:
        """The team that has an item: that of the project it was created in, unless it was handed over."""
        teams = [one.after[0] for one in self.changes(item, now) if one.field == "team"]
        return teams[-1] if teams else _home(item)

    def parent(self, item: WorkItem) -> WorkItem | None:
        """Every fifth item is part of the first item of its project."""
        first = self._first_items.get(item.project)
        is_part = item.id % 5 == 0 and first is not None and first.created_at < item.created_at
        return first if is_part else None

    def blocked(self, item: WorkItem) -> WorkItem | None:
        """Every twenty-fifth item blocks that first one; the link shows on the item it was made from."""
        return self.parent(item) if item.id % 25 == 0 else None


def _flag_changes(item: WorkItem) -> Iterator[FieldChange]:
    for step in item.transitions:
        if BLOCKED in (step.before, step.after):
            is_set = step.after == BLOCKED
            before, after = ((), ("Impediment",)) if is_set else (("Impediment",), ())
            yield FieldChange(step.id, step.at, "flagged", before, after)


def _team_changes(item: WorkItem) -> Iterator[FieldChange]:
    """Every other item that is put back is handed to another team."""
    handed_over = [step for step in item.transitions if step.after == TO_DO and item.id % 2 == 0]
    for step in handed_over[:1]:
        yield FieldChange(step.id, step.at, "team", (_home(item),), (RELIEF_TEAM,))


def _home(item: WorkItem) -> str:
    """The project that an item was created in, whose team it has."""
    return (item.earlier_key or item.key).partition("-")[0]


def is_flagged(status: str) -> bool:
    """Whether an item in this status is flagged."""
    return status == BLOCKED


def due_on(item: WorkItem) -> date | None:
    """Every fourth item is due thirty days after its creation."""
    return (item.created_at + timedelta(days=30)).date() if item.id % 4 == 0 else None


def cost_of_delay(item: WorkItem) -> float | None:
    """Every third item has one."""
    return {"High": 8.0, "Medium": 3.0, "Low": 1.0}[item.priority] if item.id % 3 == 0 else None
