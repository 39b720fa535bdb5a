"""Planted answers about the themes: what was finished, and whether it was for its team's theme."""

from collections.abc import Iterator

from connectors.sandbox.planning import Planning
from connectors.sandbox.planted_calendar import Calendar, scopes
from connectors.sandbox.planted_events import Seen
from connectors.sandbox.planted_planning import finished_at, is_known
from connectors.sandbox.themes import MARKERS
from connectors.sandbox.world import World


def theme_seen(world: World, calendar: Calendar) -> Iterator[Seen]:
    """Each work item that is done in a quarter of which any theme says how its work is known."""
    services = {project: service.id for service in world.services for project in service.jira_projects}
    planning = Planning(world)
    for item in world.work_items:
        ended_at = finished_at(item, world.as_of)
        if ended_at and is_known(item, world.as_of) and item.project in services:
            service, day = services[item.project], calendar.day(ended_at)
            quarter = calendar.span("quarter", day).name
            markers = _markers(scopes(world, service, day), quarter)
            if any(markers for (_, name), markers in MARKERS.items() if name == quarter):
                parent = planning.parent(item)
                told = {*item.labels, item.key, parent.key if parent else ""}
                is_for = not told.isdisjoint(markers)
                yield Seen("theme_work_share", item.key, service, day, ended_at, is_for)


def _markers(places: list[str], quarter: str) -> tuple[str, ...]:
    """Those of the nearest theme: the team's, the department's, the organisation's."""
    team = [one for one in places if one.startswith("team:")]
    above = [*(one for one in places if one.startswith("department:")), "organisation"]
    held = [MARKERS[place, quarter] for place in (*team, *above) if team and (place, quarter) in MARKERS]
    return held[0] if held else ()
