"""Ids, commit hashes and durations for simulated things, the same ones for the same seed."""

import hashlib
import itertools
import math
import random
from datetime import datetime, timedelta

WORK_STARTS, WORK_ENDS = 7, 17
"""UTC hours between which people open, review and merge."""


class Mint:
    """Hands out ids that rise and commit hashes that nobody else has."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ids = itertools.count(1_000)
        self._hashes = itertools.count()

    def id(self) -> int:
        """The next number."""
        return next(self._ids)

    def sha(self) -> str:
        """The next commit hash: forty hexadecimal digits."""
        text = f"{self._seed}/{next(self._hashes)}"
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def pagerduty_id(self) -> str:
        """The next id in PagerDuty's form."""
        return "Q" + self.sha()[:13].upper()


def hours(value: float) -> timedelta:
    """A duration in whole seconds."""
    return timedelta(seconds=round(value * 3600))


def lognormal_hours(rng: random.Random, median: float, sigma: float = 0.7) -> timedelta:
    """A lognormal duration with this median in hours."""
    return hours(median * math.exp(rng.gauss(0.0, sigma)))


def poisson(rng: random.Random, mean: float) -> int:
    """A Poisson count, for the small means used here."""
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def at_work(rng: random.Random, moment: datetime) -> datetime:
    """The moment itself if somebody works then, else a time on the next working morning."""
    is_today = moment.weekday() < 5 and moment.hour < WORK_STARTS
    if moment.weekday() < 5 and WORK_STARTS <= moment.hour < WORK_ENDS:
        return moment
    day = moment if is_today else moment + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    morning = day.replace(hour=WORK_STARTS, minute=0, second=0, microsecond=0)
    return morning + timedelta(seconds=rng.randrange(3 * 3600))


def working_time(rng: random.Random, monday: datetime) -> datetime:
    """A random time during working hours of the week that starts at `monday` (midnight UTC)."""
    day = rng.choices(range(5), weights=(9, 11, 11, 10, 7))[0]
    return monday + timedelta(days=day, seconds=rng.randrange(WORK_STARTS * 3600, WORK_ENDS * 3600))
