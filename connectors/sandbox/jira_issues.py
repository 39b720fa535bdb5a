"""Issues and their changelogs as the fictional Jira writes them."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.sandbox.connection import Json
from connectors.sandbox.gate import Clock
from connectors.sandbox.jql import key_at, project_at, status_at, updated_at
from connectors.sandbox.organisation import BOTS
from connectors.sandbox.planning import FieldChange, Planning, cost_of_delay, due_on, is_flagged
from connectors.sandbox.work_items import DONE, DROPPED, STATUSES
from connectors.sandbox.world import WorkItem, World

CATEGORIES = {"new": (2, "To Do"), "indeterminate": (4, "In Progress"), "done": (3, "Done")}
TYPES = ("Story", "Task", "Bug")
TYPE_PREFIX = "com.atlassian.jira.plugin.system.customfieldtypes:"
TEAM, SPRINT, FLAGGED, COST = (f"customfield_{number}" for number in (10_001, 10_020, 10_021, 10_030))
CUSTOM_FIELDS = (
    (TEAM, "Team", "team", f"{TYPE_PREFIX}atlassian-team"),
    ("customfield_10016", "Story point estimate", "number", "com.pyxis.greenhopper.jira:jsw-story-points"),
    (SPRINT, "Sprint", "array", "com.pyxis.greenhopper.jira:gh-sprint"),
    (FLAGGED, "Flagged", "array", f"{TYPE_PREFIX}multicheckboxes"),
    (COST, "Cost of delay", "number", f"{TYPE_PREFIX}float"),
)
TRACKED = {"sprint": (SPRINT, "Sprint"), "flagged": (FLAGGED, "Flagged"), "team": (TEAM, "Team")}
COMMENTS_SHOWN = 100
BLOCKS = {"id": "10000", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"}


class IssueView:
    """What the server shows of work items at the present moment."""

    def __init__(self, world: World, planning: Planning, clock: Clock) -> None:
        self._world = world
        self._planning = planning
        self._clock = clock
        self._zone = ZoneInfo(world.time_zone)

    def issue(self, item: WorkItem, fields: Sequence[str]) -> Json:
        """An issue as a search answers it, with these fields of it."""
        if set(fields) <= {"id"}:
            return {"id": str(item.id)}
        now = self._clock.now
        status, project = status_at(item, now), project_at(item, now)
        ended = [step.at for step in item.transitions if step.at <= now and step.after in (DONE, DROPPED)]
        every = {
            "summary": item.summary,
            "status": status_node(status),
            "issuetype": {"id": str(TYPES.index(item.type)), "name": item.type, "subtask": False},
            "priority": {"id": item.priority, "name": item.priority},
            "labels": item.labels,
            "project": {"key": project, "name": self._world.projects[project]},
            "created": self.local(item.created_at),
            "updated": self.local(updated_at(item, now)),
            "resolutiondate": self.local(ended[-1]) if ended and status in (DONE, DROPPED) else None,
            "resolution": {"name": status} if status in (DONE, DROPPED) else None,
            **self._plan(item, status),
            "reporter": _person(item.reporter) if item.reporter else None,
            "comment": self.comments(item),
        }
        shown = (
            every if {"*all", "*navigable"} & set(fields) else {k: v for k, v in every.items() if k in fields}
        )
        return {"id": str(item.id), "key": key_at(item, now), "fields": shown}

    def comments(self, item: WorkItem, start: int | None = None, size: int = COMMENTS_SHOWN) -> Json:
        """A page of comments, the oldest first; without a start the latest, as they come with an issue."""
        known = sorted((one for one in item.comments if one.at <= self._clock.now), key=lambda one: one.at)
        first = max(len(known) - size, 0) if start is None else start
        shown = [
            {
                "id": f"{item.id}{number}",
                "author": _person(comment.author),
                "created": self.local(comment.at),
                "body": f"{comment.author} says something that is nobody else's business",
                "jsdPublic": comment.is_public,
            }
            for number, comment in enumerate(known[first : first + size], start=first)
        ]
        return {"comments": shown, "startAt": first, "maxResults": size, "total": len(known)}

    def _plan(self, item: WorkItem, status: str) -> Json:
        """What the fields say that boards and plans make use of."""
        now, planning = self._clock.now, self._planning
        parent, blocked, due = planning.parent(item), planning.blocked(item), due_on(item)
        team = planning.team(item, now)
        links = (
            [{"id": str(item.id), "type": BLOCKS, "outwardIssue": _named(blocked, now)}] if blocked else []
        )
        return {
            "parent": _named(parent, now) if parent else None,
            "duedate": due.isoformat() if due else None,
            "issuelinks": links,
            TEAM: {"id": _team(team), "name": f"Team {team}"},
            SPRINT: [{"id": int(one)} for one in planning.sprint_ids(item, now)] or None,
            FLAGGED: [{"id": "10019", "value": "Impediment"}] if is_flagged(status) else None,
            COST: cost_of_delay(item),
        }

    def histories(self, item: WorkItem, fields: Sequence[str] | None) -> list[Json]:
        """Changes of the fields (or of all), the oldest first; times in epoch milliseconds.

        What changes at once is one entry, of which only the items of the fields are shown.
        """
        now = self._clock.now
        changes = [
            (step.at, step.id, _change("status", step.before, step.after)) for step in item.transitions
        ]
        changes += [(one.at, one.change, _field_change(one)) for one in self._planning.changes(item, now)]
        changes += [
            (at, int(f"{item.id}{number}"), {"field": "assignee", "fieldId": "assignee", "fieldtype": "jira"})
            for number, at in enumerate(item.reassigned_at)
        ]
        entries: dict[tuple[datetime, int], list[Json]] = {}
        for at, number, change in changes:
            if at <= now and (not fields or change["fieldId"] in fields):
                entries.setdefault((at, number), []).append(change)
        return [
            {"id": str(number), "created": int(at.timestamp() * 1000), "items": items}
            for (at, number), items in sorted(entries.items(), key=lambda one: one[0])
        ]

    def local(self, moment: datetime) -> str:
        """A time as Jira writes it: in the zone of the user's profile."""
        return moment.astimezone(self._zone).strftime("%Y-%m-%dT%H:%M:%S.000%z")


def status_node(name: str) -> Json:
    """A status as Jira writes it."""
    number, category = STATUSES[name]
    identity, title = CATEGORIES[category]
    return {"id": number, "name": name, "statusCategory": {"id": identity, "key": category, "name": title}}


def _change(field: str, before: str, after: str) -> Json:
    return {
        "field": field,
        "fieldId": field,
        "fieldtype": "jira",
        "from": STATUSES[before][0],
        "fromString": before,
        "to": STATUSES[after][0],
        "toString": after,
    }


def _field_change(change: FieldChange) -> Json:
    field, name = TRACKED[change.field]
    before, after = (_written(change.field, values) for values in (change.before, change.after))
    return {
        "field": name,
        "fieldId": field,
        "fieldtype": "custom",
        "from": before,
        "fromString": ", ".join(change.before),
        "to": after,
        "toString": ", ".join(change.after),
    }


def _written(field: str, values: Sequence[str]) -> str:
    """A value as changelogs have it: ids, of an option in brackets."""
    if field == "team":
        return "".join(map(_team, values))
    return "[10019]" * len(values) if field == "flagged" else ", ".join(values)


def _team(name: str) -> str:
    return f"team-{name.lower()}"


def _person(login: str) -> Json:
    """An account; of robots only those that are apps are marked."""
    kind = "app" if login in BOTS else "atlassian"
    return {"accountId": f"account-{login}", "accountType": kind, "displayName": login}


def _named(item: WorkItem, now: datetime) -> Json:
    return {"id": str(item.id), "key": key_at(item, now)}
