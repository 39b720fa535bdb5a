"""Which periods of a scope are covered, and how many days of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the local calendar has come: its last begun day and how much of that day is over."""

    last_day: date
    elapsed: float


def horizon(as_of: datetime, time_zone: str) -> Horizon:
    """Where `as_of` falls. At midnight the day before is the last one, and it is over.

    A day that a change of the clock makes shorter or longer is one day all the same.
    """
    zone = ZoneInfo(time_zone)
    # Only in UTC does subtracting a microsecond, or two times, go by the clock on the wall of no place.
    moment = as_of.astimezone(ZoneInfo("UTC"))
    last_day = (moment - timedelta(microseconds=1)).astimezone(zone).date()
    begins, ends = (
        datetime.combine(day, time(), zone).astimezone(ZoneInfo("UTC"))
        for day in (last_day, last_day + timedelta(days=1))
    )
    return Horizon(last_day, (moment - begins) / (ends - begins))


def covered_periods(
    spans: pl.DataFrame, periods: pl.DataFrame, grains: Sequence[str], until: Horizon
) -> pl.DataFrame:
    """One row per (scope, grain, period) of which at least a part is covered.

    Columns: scope_kind, scope, grain, period, period_start, period_end (exclusive), is_complete,
    first_day and last_day (the first and last covered one), whole_to (the day after the last covered
    day that is over), days_covered (the last day may count in part), is_fully_covered.
    """
    after = pl.col("last_day") + pl.duration(days=1)
    is_today = pl.col("last_day") == until.last_day
    today_left = pl.when(is_today).then(1 - until.elapsed).otherwise(0.0)
    ends = pl.min_horizontal("period_end", "ends_on", pl.lit(until.last_day + timedelta(days=1)))
    return (
        spans.join(periods.filter(pl.col("grain").is_in(list(grains))), how="cross")
        .with_columns(
            pl.max_horizontal("period_start", "starts_on").alias("first_day"),
            (ends - pl.duration(days=1)).alias("last_day"),
        )
        .filter(pl.col("first_day") <= pl.col("last_day"))
        .with_columns(
            pl.when(is_today & (until.elapsed < 1))
            .then(pl.col("last_day"))
            .otherwise(after)
            .alias("whole_to"),
            ((after - pl.col("first_day")).dt.total_days() - today_left).alias("days_covered"),
            (
                pl.col("is_complete")
                & (pl.col("first_day") == pl.col("period_start"))
                & (after == pl.col("period_end"))
            ).alias("is_fully_covered"),
        )
        .drop("starts_on", "ends_on")
        .sort("scope_kind", "scope", "grain", "period_start")
    )


def period_of_date(periods: pl.DataFrame, grains: Sequence[str]) -> pl.DataFrame:
    """One row per (date, grain): on_date, grain, period_start."""
    return (
        periods.filter(pl.col("grain").is_in(list(grains)))
        .select(
            pl.date_ranges("period_start", "period_end", closed="left").alias("on_date"),
            "grain",
            "period_start",
        )
        .explode("on_date")
    )
