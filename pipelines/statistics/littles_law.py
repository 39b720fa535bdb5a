"""Little's law as a check: work in progress = throughput × cycle time, each as a mean over one window.

It is exact where everything that starts also finishes within the window. Over another one it holds about,
if as much was begun as finished and what is under way did not grow older; where these two do not hold it
says nothing (D. Vacanti, Actionable Agile Metrics for Predictability, 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW_DAYS = 91
LEAST_FINISHED = 20
TOLERANCE = 0.25
"""Share by which the two sides may differ: what crosses the window's ends counts on one side alone."""
MOST_GROWTH = 0.2
"""Share of what was finished by which the work in progress may have grown or shrunk."""
MOST_AGEING = 1.5
"""How many times as old what is under way may be at the end as it was at the beginning, and the reverse."""


@dataclass(frozen=True, slots=True)
class Balance:
    """The three means of a window in items and days, and by what share the first differs from the rest."""

    work_in_progress: float
    throughput: float
    cycle_time: float

    @property
    def deviation(self) -> float:
        """0 where the law holds exactly; the throughput and the cycle time must not be 0."""
        return self.work_in_progress / (self.throughput * self.cycle_time) - 1


@dataclass(frozen=True, slots=True)
class Window:
    """What is known of a window of days.

    `levels` are the items under way at the end of each day, `durations` the days from start to finish of
    the items finished in it, 0 for those finished on the day of their start; the ages are the medians of
    what was under way in the beginning and at the end, None where nothing was.
    """

    levels: Sequence[float]
    durations: Sequence[float]
    age_before: float | None
    age_after: float | None

    @property
    def balance(self) -> Balance:
        """The three means. The window has a day and a finished item at least."""
        days, finished = len(self.levels), len(self.durations)
        return Balance(sum(self.levels) / days, finished / days, sum(self.durations) / finished)

    @property
    def not_applicable(self) -> str | None:
        """Why the law says nothing here: too_few, growing or ageing; None where it must hold."""
        finished = len(self.durations)
        if finished < LEAST_FINISHED or len(self.levels) < WINDOW_DAYS or not sum(self.durations):
            return "too_few"
        if abs(self.levels[-1] - self.levels[0]) > MOST_GROWTH * finished:
            return "growing"
        if self.age_before and self.age_after:
            older, younger = max(self.age_before, self.age_after), min(self.age_before, self.age_after)
            return "ageing" if older > MOST_AGEING * younger else None
        return None

    @property
    def is_broken(self) -> bool:
        """Whether the law must hold and does not."""
        return self.not_applicable is None and abs(self.balance.deviation) > TOLERANCE
