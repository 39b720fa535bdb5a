"""Weekly series with their expected range, and what they show in one line of words."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import polars as pl

from dashboard import expected_range, figures, snapshot, snapshot_values, words
from dashboard.chart_weekly import Weekly
from dashboard.expected_range import LEAST_WEEKS, QUARTERS_BEFORE, ExpectedRange, Week
from dashboard.notes import Note, between

LEAST_WEEKS_SHOWN = 3
"""Fewer closed weeks with a number make no line."""


def load(
    path: str,
    metric: str,
    scope: str,
    quarter: str,
    notes: Sequence[Note] = (),
    among: tuple[str, ...] = (),
    beside: tuple[str, ...] = (),
) -> Weekly | None:
    """The weekly series from two quarters before a quarter to its end, or that of the open one after it.

    None if there is no line to draw. Of the notes it keeps those that fall into these weeks. `among`:
    metrics, or `beside`: scopes, whose weeks are asked for together, as a page shows them.
    """
    definition = snapshot.definitions(path)[metric]
    statistic = definition.headline
    calendar = figures.quarters(path)
    names = calendar["period"].to_list()
    here = names.index(quarter)
    span = calendar[max(0, here - QUARTERS_BEFORE) : figures.end_shown(path, quarter) + 1]
    start, end = span["period_start"][0], span["period_end"][-1]
    if beside:
        known = snapshot_values.weeks_of_many(path, metric, beside, start).filter(pl.col("scope") == scope)
    else:
        known = snapshot_values.weeks(path, among or (metric,), scope, start)
        known = known.filter(pl.col("metric") == metric)
    expected, weeks = expected_range.read(known.filter("is_complete"))
    scale = words.scale(definition, statistic, [1.0])
    factor = scale.factor if definition.unit == "ratio" else 1
    expected = _times(expected, factor)
    weeks = [replace(week, value=week.value * factor) for week in weeks if week.start < end]
    latest = known.filter(~pl.col("is_complete")).select("period_start", pl.col("value") * factor).rows()
    open_week = latest[0] if latest and start <= latest[0][0] < end else None
    today = snapshot.run(path).today
    better = {"lower_is_better": True, "higher_is_better": False}.get(definition.direction)
    shown_until = min(end, today + timedelta(days=4))
    labels = [
        (_name(p, complete), s)
        for p, s, complete in span.select("period", "period_start", "is_complete").iter_rows()
    ]
    series = Weekly(
        weeks=weeks,
        open_week=open_week,
        expected=expected,
        start=start,
        end=shown_until,
        quarters=labels,
        is_duration=definition.unit == "hours",
        lower_is_better=better,
        unit="h" if definition.unit == "hours" else scale.unit,
        notes=between(notes, start, shown_until),
    )
    return series if len(series.shown) >= LEAST_WEEKS_SHOWN else None


def _times(expected: ExpectedRange | None, factor: float) -> ExpectedRange | None:
    """A range in the unit in which the series is drawn."""
    if expected is None:
        return None
    limits = {name: getattr(expected, name) * factor for name in ("lower", "middle", "upper")}
    return replace(expected, **limits)


def _name(period: str, is_complete: bool) -> str:
    return words.short_period(period) + ("" if is_complete else ", open")


def said(series: Weekly, metric_kind: str) -> str:
    """What the weeks show, in one line."""
    if series.expected is None:
        return _no_range(series, metric_kind)
    marked = [w for w in series.shown if w.mark != "in"]
    if not marked:
        return "within the expected range"
    runs, outside = [], []
    for side, word in zip((1, -1), _sides(series, metric_kind), strict=True):
        group = [w for w in marked if w.side == side]
        if group and all(w.mark == "run" for w in group):
            runs.append(f"a run of weeks a little {word}, to {words.day(group[-1].start, year=False)}")
        elif group:
            outside.append((group, word))
    return "; ".join(filter(None, [_outside(series, outside), *runs]))


def _outside(series: Weekly, found: Sequence[tuple[Sequence[Week], str]]) -> str:
    """How many weeks lie outside on one side, or on either."""
    if len(found) == 2:
        (above, higher), (below, lower) = found
        return (
            f"{words.plural(len(above), 'week')} {higher} ({_when(series, above)}) and {len(below)} {lower} "
            f"({_when(series, below)}) than expected"
        )
    return "".join(
        f"{words.plural(len(group), 'week')} {word} than expected, {_when(series, group)}"
        for group, word in found
    )


def _when(series: Weekly, group: Sequence[Week]) -> str:
    """On which weeks: since a day only where each week from there on is one of them."""
    first, last = (words.day(week.start, year=False) for week in (group[0], group[-1]))
    after = [week for week in series.shown if week.start >= group[0].start]
    if len(group) > 1 and after == list(group):
        return f"since {first}"
    if len(group) <= 2:
        return " and ".join(dict.fromkeys([first, last]))
    return f"{first} to {last}" if after[: len(group)] == list(group) else f"between {first} and {last}"


def _no_range(series: Weekly, metric_kind: str) -> str:
    """Why a series is drawn without a range."""
    if metric_kind == "level":
        return "a level drifts, so there is no range"
    if len(series.weeks) >= LEAST_WEEKS:
        return "no range is taken of it"
    return f"too few weeks for a range ({len(series.weeks)}; it needs {LEAST_WEEKS})"


def _sides(series: Weekly, metric_kind: str) -> tuple[str, str]:
    """The words for above and below."""
    if metric_kind in ("ratio", "share"):
        return "higher", "lower"
    if series.is_duration or series.unit in ("min", "h", "d"):
        return "longer", "shorter"
    return ("larger", "smaller") if metric_kind == "quantity" else ("more", "fewer")


def baseline(series: Weekly) -> str:
    """From which weeks the expected range was taken."""
    if series.expected is None:
        return ""
    end = series.expected.until + timedelta(days=6)
    return f"{words.day(series.expected.since)} to {words.day(end)}"
