"""What Sonar finds in some services that report no lines of coverage themselves."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from connectors.sandbox.measured import FIRST_REPORT, fortnights
from connectors.sandbox.organisation import OWNER
from connectors.sandbox.world import World


@dataclass(frozen=True, slots=True)
class Habit:
    """One row per service: lines and conditions at first, how many tests run, and more of them each time."""

    lines: int
    conditions: int
    covered: float
    gained: float


ANALYSED = {
    "depot-scan": Habit(2_600, 480, 0.58, 0.0),
    "routing-engine": Habit(5_400, 1_300, 0.66, 0.004),
}
"""Those of the routing engine cover more with each analysis."""
NEW_COVERED = 0.12
"""So much more of new code is covered."""
RATINGS = ((0.05, 1), (0.1, 2), (0.2, 3), (0.5, 4))
"""Sonar's own: a debt ratio up to this is of that rating, A to D."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """One row per analysis, with its measures as Sonar writes them."""

    at: datetime
    values: Mapping[str, str]

    def covered(self) -> tuple[int, int]:
        """Lines and conditions that tests run, and all of them."""
        uncovered, coverable = self._sum("uncovered_"), self._sum("", "_to_cover")
        return coverable - uncovered, coverable

    def new_covered(self) -> tuple[int, int]:
        """Lines of new code that tests run, and all of them."""
        coverable = int(self.values["new_lines_to_cover"])
        return coverable - int(self.values["new_uncovered_lines"]), coverable

    def _sum(self, before: str, after: str = "") -> int:
        return sum(int(self.values[f"{before}{what}{after}"]) for what in ("lines", "conditions"))


def key(service: str) -> str:
    """The key of the service's project in Sonar."""
    return f"{OWNER}_{service}"


def of(world: World, service: str) -> list[Analysis]:
    """The analyses of a service, of every other Friday."""
    rng = random.Random(f"{world.seed}/{service}/analyses")  # noqa: S311 (a simulation, no secret)
    days = fortnights(FIRST_REPORT, world.as_of)
    return [
        Analysis(datetime.combine(day, time(12), UTC), _values(rng, ANALYSED[service], number))
        for number, day in enumerate(days)
    ]


def _values(rng: random.Random, habit: Habit, number: int) -> Mapping[str, str]:
    share = habit.covered + habit.gained * number + rng.uniform(-0.004, 0.004)
    lines, conditions, new = habit.lines + 30 * number, habit.conditions + 7 * number, 110 + rng.randrange(90)
    uncovered, uncovered_conditions = round(lines * (1 - share)), round(conditions * (1.08 - share))
    uncovered_new = round(new * max(1 - share - NEW_COVERED - rng.uniform(0, 0.04), 0.02))
    code, ratio = 2 * lines, 0.045 + rng.uniform(0, 0.006)
    found = {
        "ncloc": code,
        "sqale_index": round(ratio * code * 30),  # half an hour for each line: what Sonar reckons with
        "sqale_debt_ratio": f"{100 * ratio:.1f}",
        "sqale_rating": f"{next((rating for most, rating in RATINGS if ratio <= most), 5)}.0",
        "coverage": _percent(uncovered + uncovered_conditions, lines + conditions),
        "lines_to_cover": lines,
        "uncovered_lines": uncovered,
        "conditions_to_cover": conditions,
        "uncovered_conditions": uncovered_conditions,
        "new_coverage": _percent(uncovered_new, new),
        "new_lines_to_cover": new,
        "new_uncovered_lines": uncovered_new,
    }
    return {metric: str(value) for metric, value in found.items()}


def _percent(uncovered: int, coverable: int) -> str:
    return f"{100 * (coverable - uncovered) / coverable:.1f}"
