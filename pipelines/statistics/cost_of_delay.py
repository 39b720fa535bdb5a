"""The order of work that costs the least delay, and what another order cost.

One thing is done after the other, all of them could have been begun at the start, and each costs its rate
per week until it is finished. The total is least in the order of rate ÷ duration, greatest first (CD3;
W. E. Smith, Various optimizers for single-stage production, 1956). Each pair that stands the other way
round adds what it costs by itself, whatever lies between the two, so that the pairs sum to the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isclose


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work: what a week of its delay costs, in any unit, and how many weeks it takes (> 0)."""

    item: str
    rate: float
    weeks: float
    finished_on: date | None = None

    @property
    def cd3(self) -> float:
        """Cost of delay divided by duration."""
        return self.rate / self.weeks


@dataclass(frozen=True, slots=True)
class Inversion:
    """A pair that was finished in the other order than CD3 says, and what that cost, in the rates' unit."""

    first: str
    later: str
    cost: float


def ranks(jobs: Sequence[Job]) -> list[tuple[int, Job]]:
    """The jobs in the order that costs least, from rank 1 on; equal ones share a rank, by their names."""
    ordered = sorted(jobs, key=lambda job: (-job.cd3, job.item))
    return [(1 + sum(_is_before(other, job) for other in ordered), job) for job in ordered]


def _is_before(one: Job, other: Job) -> bool:
    """Whether the one has the greater CD3, by more than the rounding of a division."""
    return one.cd3 > other.cd3 and not isclose(one.cd3, other.cd3)


def total_cost(jobs: Sequence[Job]) -> float:
    """What all delays cost together where the jobs are done one after the other, in this order."""
    elapsed = total = 0.0
    for job in jobs:
        elapsed += job.weeks
        total += job.rate * elapsed
    return total


def inversions(jobs: Sequence[Job]) -> list[Inversion]:
    """The pairs of finished jobs in the wrong order, the most expensive first.

    Of two that were finished on one day neither was first; what is not finished has no order yet.
    """
    finished = [(job.finished_on, job) for job in jobs if job.finished_on]
    found = [
        Inversion(first.item, later.item, later.rate * first.weeks - first.rate * later.weeks)
        for on, first in finished
        for later_on, later in finished
        if on < later_on and _is_before(later, first)
    ]
    return sorted(found, key=lambda pair: (-pair.cost, pair.first, pair.later))
