"""Datadog's answers about service levels, turned into records. They ask for nothing."""

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import UnexpectedShape
from connectors.records import ServiceLevelObjective, ServiceLevelReading

DAY_SECONDS = 86_400

Json = Mapping[str, Any]


def midnight(at: datetime) -> datetime:
    """The last midnight of UTC."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def definitions(answer: Json) -> tuple[dict[str, Json], float]:
    """One page of objectives by id, and how many there are in all."""
    page = (answer.get("metadata") or {}).get("page") or {}
    total = page.get("total_filtered_count", page.get("total_count"))
    return {str(node["id"]): node for node in answer["data"]}, math.inf if total is None else float(total)


def objective(node: Json) -> ServiceLevelObjective:
    """One objective by its primary timeframe, else by the longest one that has a target."""
    by_days = {_days(one["timeframe"]): one for one in node["thresholds"]}
    days = _days(node.get("timeframe"))
    days = days if days in by_days else max(by_days, key=lambda one: one or 0)
    services = [tag.partition(":")[2] for tag in node.get("tags") or () if tag.startswith("service:")]
    return ServiceLevelObjective(
        id=str(node["id"]),
        service=services[0] if services else None,
        name=node.get("name"),
        target_ratio=round(by_days[days]["target"] / 100, 9),
        window_days=days,
        indicator=node.get("type"),
        url=None,
    )


def _days(timeframe: str | None) -> int | None:
    """The days of 7d, 30d or 90d; None for a timeframe of another kind."""
    found = re.fullmatch(r"(\d+)d", timeframe or "")
    return int(found[1]) if found else None


def history(where: str, answer: Json) -> Json:
    """What a history holds. Raises `UnexpectedShape` where Datadog could not compute it."""
    data: Json = answer["data"]
    if data.get("errors") or (data.get("overall") or {}).get("errors"):
        raise UnexpectedShape(
            where, "Datadog could not compute its history", "Look at the objective's page there"
        )
    return data


def events_by_day(objective_id: str, data: Json, start: datetime, end: datetime) -> list[ServiceLevelReading]:
    """Good and all events per day, from series whose points lie closer than a day.

    A point without a value in the denominator is no data; one in the numerator alone is no good event,
    as Datadog itself counts.
    """
    series = data["series"]
    times = series.get("times") or series["denominator"].get("times") or []
    interval = int(series["interval"])
    if interval <= 0 or DAY_SECONDS % interval:
        raise ValueError("points that no day is made of")
    good: dict[datetime, float] = defaultdict(float)
    total: dict[datetime, float] = defaultdict(float)
    points = zip(times, series["numerator"]["values"], series["denominator"]["values"], strict=True)
    for at, (numerator, denominator) in {at: counts for at, *counts in points}.items():
        moment = datetime.fromtimestamp(at / 1000, UTC)
        if denominator is not None and start <= moment < end:
            good[midnight(moment)] += numerator or 0.0
            total[midnight(moment)] += denominator
    return [_reading(objective_id, day, good[day], total[day]) for day in sorted(total)]


def seconds_of_day(objective_id: str, data: Json, day: datetime) -> list[ServiceLevelReading]:
    """Good and all seconds of one day, from the percentage; none where there was no data."""
    percent = data["overall"].get("sli_value")
    if percent is None or not math.isfinite(percent):
        return []
    return [_reading(objective_id, day, percent / 100 * DAY_SECONDS, DAY_SECONDS)]


def _reading(objective_id: str, day: datetime, good: float, total: float) -> ServiceLevelReading:
    return ServiceLevelReading(
        id=f"{objective_id}:{day:%Y-%m-%d}",
        objective_id=objective_id,
        period_start=day,
        period_end=day + timedelta(days=1),
        good=good,
        total=total,
    )
