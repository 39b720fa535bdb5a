"""Who noticed incidents: monitors, the teams themselves, and users, of whose word a list is kept.

PagerDuty knows who opened an incident: a monitor, or somebody of the team by hand. What users tell the
support desk pages nobody; it reaches the organisation's numbers by the desk's list alone, a file.
"""

import random
from collections.abc import Iterator, Mapping

from connectors.sandbox.gate import iso
from connectors.sandbox.organisation import CATALOGUE
from connectors.sandbox.planted_calendar import owner
from connectors.sandbox.world import OF_TEAM, USER, World

Row = Mapping[str, str | int | float]
ROTATION = "Default"
"""The desk wakes whom PagerDuty would."""
USUAL, SINCE_THE_BREAK = (0.5, 0.2), (0.15, 0.6)
"""Shares of what no monitor has described that the team tells of, and that users do.

Since the pace of the catalogue broke down, its users notice before its team does.
"""


def say_who_noticed(world: World) -> None:
    """Decide it of incidents that stand for themselves and that no monitor has described."""
    services = {service.incident_service: service.id for service in world.services}
    merged = {one.merged_into for one in world.incidents}
    told = 0
    for incident in sorted(world.incidents, key=lambda one: (one.started_at, one.id)):
        if incident.details or incident.merged_into or incident.id in merged:
            continue
        began = incident.started_at.date()
        team = owner(world, services[incident.service], began)
        is_broken = team == "catalogue" and began >= CATALOGUE[-1].since
        of_team, of_users = SINCE_THE_BREAK if is_broken else USUAL
        luck = random.Random(f"{world.seed}/{incident.id}/noticed").random()  # noqa: S311 (a simulation)
        if luck < of_team:
            incident.noticed_by = OF_TEAM
        elif luck < of_team + of_users and incident.resolved_at:
            told += 1
            incident.id, incident.noticed_by = f"DESK-{told}", USER


def incidents(world: World) -> Iterator[Row]:
    """The support desk's list."""
    services = {service.incident_service: service.id for service in world.services}
    for incident in world.incidents:
        if incident.noticed_by == USER:
            yield {
                "incident_id": incident.id,
                "service": services[incident.service],
                "title": incident.title,
                "started_at": iso(incident.started_at),
                "resolved_at": iso(incident.resolved_at) if incident.resolved_at else "",
                "severity": incident.priority or incident.urgency,
                "reported_by": USER,
                "rotation": ROTATION,
            }
