"""What Prometheus answers, turned into counts by the hour and readings. Nothing is asked for here."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import UnexpectedShape
from connectors.records import ServiceLevelReading

HOUR = timedelta(hours=1)
NOISE = 1e-6
"""Differences of floating-point numbers end a little below zero, or above all events: as a share of them.
What is further off was no count."""
COUNT_ALIKE = "Let good select some of what total counts"

Json = Mapping[str, Any]


def data(where: str, answer: Json) -> Json:
    """What was asked for. Raises `UnexpectedShape` where the server says that something is missing."""
    if answer["status"] != "success":
        raise ValueError(answer["status"])
    warnings = [one for one in answer.get("warnings") or () if not str(one).startswith("PromQL info")]
    if warnings:
        raise UnexpectedShape(
            where,
            "the server warns that its answer may be incomplete",
            "Look at the warnings of the query there; the next run asks again",
        )
    return dict(answer["data"])


def counts(where: str, answer: Json) -> dict[datetime, float]:
    """The one series of an answer by time, NaN and infinity included."""
    found = data(where, answer)["result"]
    if len(found) > 1:
        raise UnexpectedShape(
            where, f"a query gives {len(found)} series instead of one", "Aggregate it, as sum(…) does"
        )
    by_time: dict[datetime, float] = {}
    for seconds, text in found[0]["values"] if found else ():
        number = float(text)
        if number < -NOISE and math.isfinite(number):
            raise UnexpectedShape(
                where, "a query counts less than nothing", "Write queries that count events"
            )
        is_noise = -NOISE <= number < 0
        by_time[datetime.fromtimestamp(round(seconds), UTC)] = 0.0 if is_noise else number
    return by_time


def reading(
    where: str,
    objective_id: str,
    good: Mapping[datetime, float],
    total: Mapping[datetime, float],
    ends: datetime,
) -> Iterator[ServiceLevelReading]:
    """The hour that ends then: without good events where good has no point, unknown where it is NaN."""
    count = good.get(ends, 0.0)
    if not math.isfinite(count):
        return
    if count > total[ends] * (1 + NOISE) + NOISE:
        raise UnexpectedShape(where, "good counts more events than total", COUNT_ALIKE)
    yield ServiceLevelReading(
        id=f"{objective_id}:{ends - HOUR:%Y-%m-%dT%H:%M:%SZ}",
        objective_id=objective_id,
        period_start=ends - HOUR,
        period_end=ends,
        good=min(count, total[ends]),
        total=total[ends],
    )
