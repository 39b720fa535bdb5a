"""Planted answers about incidents: who noticed them, and whether their cause had struck before."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from connectors.sandbox import written
from connectors.sandbox.planted_calendar import Calendar, Span, scopes
from connectors.sandbox.planted_events import Seen
from connectors.sandbox.world import MONITOR, OF_TEAM, Incident, World

LOOKED_BACK = timedelta(days=90)
LEAST = 5
"""Of fewer incidents the product tells no share."""
LEAST_TOLD = 0.8
"""`[rules] coverage_floor` of the sandbox's configuration: where causes of fewer are known it tells none."""

Row = dict[str, Any]


def noticed_seen(world: World, calendar: Calendar) -> Iterator[Seen]:
    """Each incident that people noticed, on the day on which it began."""
    for incident, service in _counted(world):
        if incident.noticed_by != MONITOR:
            where = incident.id, service, calendar.day(incident.started_at), incident.resolved_at
            yield Seen("incidents_reported_by_team_share", *where, incident.noticed_by == OF_TEAM)


def repeated_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Of the incidents of a month or quarter whose cause is written down, those that it had struck before."""
    groups: dict[tuple[str, Span], list[bool | None]] = defaultdict(list)
    for service, day, is_repeated in _repeated(world, calendar):
        for scope in scopes(world, service, day):
            for grain in ("month", "quarter"):
                groups[scope, calendar.span(grain, day)].append(is_repeated)
    for (scope, span), found in sorted(groups.items()):
        told = [one for one in found if one is not None]
        is_too_few = len(told) < LEAST or len(told) / len(found) < LEAST_TOLD
        where = {"metric": "repeat_causes_share", "scope": scope, "grain": span.grain, "period": span.name}
        share = None if is_too_few else sum(told) / len(told)
        counts = {"n": len(told), "open_count": 0, "is_too_few": is_too_few}
        yield {**where, "statistic": "ratio", "value": share, **counts}


def _repeated(world: World, calendar: Calendar) -> Iterator[tuple[str, date, bool | None]]:
    """Each incident's service and day, and whether its cause had struck; None where nobody wrote it down.

    The first 90 days of a service are left out: what was before is not known.
    """
    causes = {str(row["incident"]): str(row["causes"]) for row in written.postmortems(world)}
    struck: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for incident, service in _counted(world):
        day, cause = calendar.day(incident.started_at), causes.get(incident.id)
        since = next(one.active_from for one in world.services if one.id == service)
        before = struck[service, cause] if cause else []
        if day - max(since, world.history_start) >= LOOKED_BACK:
            shortly = [at for at in before if timedelta() < incident.started_at - at <= LOOKED_BACK]
            yield service, day, bool(shortly) if cause else None
        before.append(incident.started_at)


def _counted(world: World) -> Iterator[tuple[Incident, str]]:
    """Those that stand for themselves, in the order in which they began, with their services."""
    services = {one.incident_service: one.id for one in world.services if one.incident_service}
    for incident in sorted(world.incidents, key=lambda one: one.started_at):
        if incident.merged_into is None and incident.service in services:
            yield incident, services[incident.service]
