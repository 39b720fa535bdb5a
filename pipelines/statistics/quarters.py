"""Each closed quarter against the one before it: how much it differs, and whether chance explains that."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.statistics import comparison
from pipelines.statistics.flows import FROM_MERGE, rows_of
from pipelines.statistics.frames import KEY, MetricSpec
from pipelines.statistics.judgements import (
    FIRST_QUARTER,
    MEDIANS,
    NO_CHANGE,
    RATES,
    RATIOS,
    TOO_LITTLE,
    signals,
)
from pipelines.statistics.quantiles import Floats, Integers
from pipelines.statistics.ratios import detectable_change, newcombe_difference, newcombe_p_value

QUARTERLY_COLUMNS: dict[str, pl.DataType] = {
    "difference": pl.Float64(),
    "difference_low": pl.Float64(),
    "difference_high": pl.Float64(),
    "p_value": pl.Float64(),
    "compared_with": pl.String(),
    "detectable_change": pl.Float64(),
}
"""A closed quarter minus the one before, in the metric's unit, the p-value of that, and the quarter that it
is compared with: null where nothing was tested, and the verdict says why. Ratios have the difference's
95 % interval, and the least change that two quarters as large as this one would show four times of five
(null where they would show none)."""

_MONDAY = 3
"""1970-01-01, day 0, was a Thursday: three days after a Monday."""
_SERIES = ["scope", "statistic"]
_OF_QUARTER = ["period", "period_start", "first_day", "last_day", "n", "events", "value"]

_LATER = 1 << 32
"""More than any number of a week."""


@dataclass(frozen=True, slots=True)
class _Items:
    """What was observed in one scope and quarter: local days, values, whether ended."""

    days: Integers
    values: Floats
    is_event: npt.NDArray[np.bool_]


Items = Mapping[tuple[str, date], _Items]


@dataclass(frozen=True, slots=True)
class _Quarter:
    """One published number of a quarter and the local days that it covers."""

    scope: str
    period_start: date
    first_day: int
    last_day: int


def quarterly(metric: MetricSpec, rows: pl.DataFrame, dated: pl.DataFrame) -> pl.DataFrame:
    """One row per closed quarter and tested statistic: KEY, statistic, verdict, QUARTERLY_COLUMNS.

    Input as for `verdicts.with_verdicts`.
    """
    tested = [] if metric.kind == "share" else [*RATES, *MEDIANS, *RATIOS]
    is_wanted = (pl.col("grain") == "quarter") & pl.col("is_complete") & pl.col("statistic").is_in(tested)
    pairs = (
        rows.filter(is_wanted)
        .with_columns(pl.col("first_day", "last_day").cast(pl.Int32))
        .sort(*_SERIES, "period_start")
        .with_columns(pl.col(name).shift(1).over(_SERIES).alias(f"{name}_before") for name in _OF_QUARTER)
    )
    is_ratio = pl.col("statistic").is_in(RATIOS)
    compared = pl.concat(
        [_ratios(pairs.filter(is_ratio)), _permuted(metric, pairs.filter(~is_ratio), dated)],
        how="diagonal_relaxed",
    )
    is_tested = pl.col("p_value").is_not_null()
    difference = pl.col("value") - pl.col("value_before")
    return compared.select(
        *KEY,
        "statistic",
        _verdict(metric, difference).alias("verdict"),
        pl.when(is_tested).then(difference).alias("difference"),
        "difference_low",
        "difference_high",
        "p_value",
        pl.when(is_tested).then(pl.col("period_before")).alias("compared_with"),
        "detectable_change",
    )


def _verdict(metric: MetricSpec, difference: pl.Expr) -> pl.Expr:
    up, down = signals(metric.direction)
    return (
        pl.when(pl.col("period_before").is_null())
        .then(pl.lit(FIRST_QUARTER))
        .when(pl.col("p_value").is_null())
        .then(pl.lit(TOO_LITTLE))
        .when((pl.col("p_value") > comparison.ERROR) | (difference == 0))
        .then(pl.lit(NO_CHANGE))
        .when(difference > 0)
        .then(pl.lit(up))
        .otherwise(pl.lit(down))
    )


def _ratios(pairs: pl.DataFrame) -> pl.DataFrame:
    """Add `p_value`, the interval of the difference and what could be detected, to all pairs at once."""
    counts = {name: pairs[name].cast(pl.Float64).fill_null(0.0).to_numpy() for name in ("events", "n")}
    before = [pairs[f"{name}_before"].cast(pl.Float64).fill_null(0.0).to_numpy() for name in ("events", "n")]
    earlier, later = (before[0], before[1]), (counts["events"], counts["n"])
    _, low, high = newcombe_difference(earlier, later)
    found = pairs.with_columns(
        pl.Series("p_value", newcombe_p_value(earlier, later)),
        pl.Series("difference_low", low),
        pl.Series("difference_high", high),
        pl.Series("detectable_change", detectable_change(*later, comparison.ERROR)).fill_nan(None),
    )
    has_both = pl.col("value").is_not_null() & pl.col("value_before").is_not_null()
    return found.with_columns(
        pl.when(has_both).then(pl.col("p_value", "difference_low", "difference_high")),
        pl.when(pl.col("value").is_not_null()).then(pl.col("detectable_change")),
    )


def _permuted(metric: MetricSpec, pairs: pl.DataFrame, dated: pl.DataFrame) -> pl.DataFrame:
    """Add `p_value` to each pair of rates or medians: its weeks are exchanged."""
    quarters = dated.filter(pl.col("grain") == "quarter")
    parts = [pairs.clear().with_columns(p_value=pl.lit(None, dtype=pl.Float64))]
    known: dict[tuple[bool, bool], Items] = {}
    for (statistic,), mine in pairs.group_by("statistic", maintain_order=True):
        kind = str(statistic).endswith(FROM_MERGE), str(statistic) in MEDIANS
        if kind not in known:
            known[kind] = dict(_items(_rows_of(metric, str(statistic), quarters)))
        items = known[kind]
        p_values = [_p_value(metric, row, items) for row in mine.iter_rows(named=True)]
        parts.append(mine.with_columns(pl.Series("p_value", p_values, dtype=pl.Float64)))
    return pl.concat(parts)


def _rows_of(metric: MetricSpec, statistic: str, quarters: pl.DataFrame) -> pl.DataFrame:
    mine = rows_of(metric, statistic, quarters)
    if statistic in MEDIANS and metric.estimator == "kaplan_meier":
        return mine
    # Of an amount the event says something else, such as that it is not none: each of them is known.
    return mine.filter(~pl.col("is_open")).with_columns(is_event=pl.lit(value=True))


def _p_value(metric: MetricSpec, row: Mapping[str, object], items: Items) -> float | None:
    if row["value"] is None or row["value_before"] is None:
        return None
    names = ("scope", "period_start", "first_day", "last_day")
    later = _Quarter(*(row[name] for name in names))  # type: ignore[arg-type]
    earlier = _Quarter(later.scope, *(row[f"{name}_before"] for name in names[1:]))  # type: ignore[arg-type]
    statistic = str(row["statistic"])
    seed = _seed(metric.name, statistic, later.scope, later.period_start.isoformat())
    test = _rate_p_value if statistic in RATES else _median_p_value
    return test((earlier, later), items, seed)


def _rate_p_value(pair: tuple[_Quarter, _Quarter], items: Items, seed: int) -> float | None:
    counts, days, is_later = [], [], []
    for position, quarter in enumerate(pair):
        first = _week(np.array([quarter.first_day]))[0]
        covered = _week(np.arange(quarter.first_day, quarter.last_day + 1)) - first
        mine = items.get((quarter.scope, quarter.period_start))
        events = np.empty(0, dtype=np.int64) if mine is None else _week(mine.days) - first
        days.append(np.bincount(covered))
        counts.append(np.bincount(events, minlength=len(days[-1])))
        is_later.append(np.full(len(days[-1]), position == 1))
    return comparison.rate_p_value(
        np.concatenate(counts), np.concatenate(days), np.concatenate(is_later), seed
    )


def _median_p_value(pair: tuple[_Quarter, _Quarter], items: Items, seed: int) -> float | None:
    both = [items[quarter.scope, quarter.period_start] for quarter in pair]
    # A week that straddles the quarters is two weeks here: its halves stand on different sides.
    weeks = np.concatenate([_week(both[0].days), _week(both[1].days) + _LATER])
    distinct, number = np.unique(weeks, return_inverse=True)
    return comparison.median_p_value(
        np.concatenate([items.values for items in both]),
        np.concatenate([items.is_event for items in both]),
        number,
        distinct >= _LATER,
        seed,
    )


def _items(mine: pl.DataFrame) -> Iterator[tuple[tuple[str, date], _Items]]:
    """The observations of each (scope, period_start); of what is equal the order tells nothing."""
    groups = mine.group_by("scope", "period_start", maintain_order=True).agg(
        pl.col("on_date").cast(pl.Int32).cast(pl.Int64).alias("day"), "value", "is_event"
    )
    days, values, is_event = (groups[name].explode().to_numpy() for name in ("day", "value", "is_event"))
    begin = 0
    for scope, start, rows in groups.select("scope", "period_start", pl.col("day").list.len()).iter_rows():
        one = slice(begin, begin + rows)
        yield (str(scope), start), _Items(days[one], values[one], is_event[one])
        begin += rows


def _week(days: Integers) -> Integers:
    """The number of the ISO week of days since 1970-01-01."""
    return (days.astype(np.int64) + _MONDAY) // 7


def _seed(*parts: str) -> int:
    """The same number for the same series in every run; Python's own hash differs between processes."""
    return int.from_bytes(hashlib.blake2b("|".join(parts).encode(), digest_size=8).digest())
