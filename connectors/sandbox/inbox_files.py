"""Writes what no connector of the sandbox reads: the files of the inbox."""

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from connectors.sandbox import measured, noticed, written
from connectors.sandbox.world import World

Row = Mapping[str, str | int | float]

FILES: Mapping[str, Callable[[World], Iterable[Row]]] = {
    "actions": written.actions,
    "coverage": measured.coverage,
    "debt": measured.debt,
    "decisions": written.decisions,
    "exercises": written.exercises,
    "experiments": written.experiments,
    "incidents": noticed.incidents,
    "joiners": written.joiners,
    "memberships": written.memberships,
    "mentorship_offers": written.mentorship_offers,
    "mentorships": written.mentorships,
    "onboarding_checklists": written.onboarding_checklists,
    "postmortem_actions": written.postmortem_actions,
    "postmortems": written.postmortems,
    "registers": written.registers,
    "retention": measured.retention,
    "satisfaction": measured.satisfaction,
    "service_level_objectives": lambda _: measured.objectives(),
    "service_levels": measured.service_levels,
}
"""Record type → its rows."""


def write_inbox(folder: Path, world: World) -> None:
    """Write a CSV file of each record type into a folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for record_type, rows_of in FILES.items():
        rows = list(rows_of(world))
        columns = list(dict.fromkeys(name for row in rows for name in row))
        with (folder / f"{record_type}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
