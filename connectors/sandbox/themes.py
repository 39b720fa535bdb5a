"""By what work for the quarters' themes is known in the tracker, and which work items bear it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.sandbox.world import WorkItem

MARKERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("organisation", "2026-Q2"): ("learning",),
    ("organisation", "2026-Q3"): ("while-we-remember",),
    ("department:delivery-network", "2026-Q3"): (),
    ("department:ordering", "2026-Q3"): (),
    ("team:harbour", "2026-Q3"): ("merge-to-port",),
    ("team:depot", "2026-Q3"): (),
    ("team:routing", "2026-Q3"): (),
    ("team:tracking", "2026-Q3"): (),
    ("team:basket", "2026-Q3"): ("payments-handover",),
    ("team:catalogue", "2026-Q3"): ("CAT-1",),
    ("team:checkout", "2026-Q3"): (),
    ("team:identity", "2026-Q3"): ("newcomers",),
    ("organisation", "2026-Q4"): ("focus-time",),
    ("team:catalogue", "2026-Q4"): ("finish-first", "CAT-1"),
}
"""(Scope, quarter) of each theme → labels, or a goal; nothing where nobody said."""


@dataclass(frozen=True, slots=True)
class _Custom:
    """From when to when a label is given, to which share of the items, and in which projects; () is all."""

    first: date
    until: date
    share: float
    projects: tuple[str, ...] = ()


_LABELS: Mapping[str, _Custom] = {
    "learning": _Custom(date(2026, 3, 10), date(2026, 7, 1), 0.15),
    "merge-to-port": _Custom(date(2026, 6, 10), date(2026, 10, 1), 0.4, ("HAR",)),
    "payments-handover": _Custom(date(2026, 6, 10), date(2026, 10, 1), 0.1, ("BAS",)),
    "newcomers": _Custom(date(2026, 7, 1), date(2026, 10, 1), 0.3, ("IDN",)),
    "focus-time": _Custom(date(2026, 9, 20), date(2027, 1, 1), 0.2),
    "finish-first": _Custom(date(2026, 9, 20), date(2027, 1, 1), 0.3, ("CAT",)),
}


def label(items: Sequence[WorkItem], seed: int) -> None:
    """Give the labels to the items that were created while a theme was planned or held."""
    for item in items:
        rng = random.Random(f"{seed}/{item.key}/themes")  # noqa: S311 (a simulation, no secret)
        for name, custom in _LABELS.items():
            is_chosen = rng.random() < custom.share
            is_there = not custom.projects or item.project in custom.projects
            if is_chosen and is_there and custom.first <= item.created_at.date() < custom.until:
                item.labels.append(name)
