"""Weekly series with their expected range, and what they show in one line of words."""

from datetime import timedelta

import polars as pl

from dashboard import expected_range, figures, snapshot, words
from dashboard.chart_weekly import Weekly
from dashboard.expected_range import LEAST_WEEKS

LEAST_WEEKS_SHOWN = 3
"""Fewer closed weeks with a number make no line."""


def load(path: str, metric: str, scope: str, quarter: str) -> Weekly | None:
    """The weekly series from two quarters before a quarter to one after; None if there is no line to draw."""
    definition = snapshot.definitions(path)[metric]
    statistic = definition.headline
    calendar = figures.quarters(path)
    names = calendar["period"].to_list()
    here = names.index(quarter)
    span = calendar[max(0, here - 2) : here + 2]
    start, end = span["period_start"][0], span["period_end"][-1]
    frame = snapshot.series(path, metric, statistic, "week").filter(pl.col("scope") == scope)
    known = frame.filter(pl.col("value").is_not_null()).sort("period_start")
    expected, weeks = expected_range.read(known.filter("is_complete"))
    latest = known.filter(~pl.col("is_complete")).select("period_start", "value").rows()
    open_week = latest[0] if latest and start <= latest[0][0] < end else None
    today = snapshot.run(path).today
    better = {"lower_is_better": True, "higher_is_better": False}.get(definition.direction)
    labels = [
        (_name(p, complete), s)
        for p, s, complete in span.select("period", "period_start", "is_complete").iter_rows()
    ]
    series = Weekly(
        weeks=weeks,
        open_week=open_week,
        expected=expected,
        start=start,
        end=min(end, today + timedelta(days=4)),
        quarters=labels,
        is_duration=definition.unit == "hours",
        lower_is_better=better,
        unit=words.scale(definition, statistic, [w.value for w in weeks]).unit
        if definition.unit != "hours"
        else "h",
    )
    return series if len(series.shown) >= LEAST_WEEKS_SHOWN else None


def _name(period: str, is_complete: bool) -> str:
    return words.short_period(period) + ("" if is_complete else ", open")


def said(series: Weekly, metric_kind: str) -> str:
    """What the weeks show, in one line."""
    if series.expected is None:
        if metric_kind == "level":
            return "a level drifts, so there is no range"
        return f"too few weeks for a range ({len(series.weeks)}; it needs {LEAST_WEEKS})"
    above, below = ("longer", "shorter") if series.is_duration else ("more", "fewer")
    if metric_kind in ("ratio", "share"):
        above, below = "higher", "lower"
    if metric_kind == "quantity":
        above, below = "larger", "smaller"
    marked = [w for w in series.shown if w.mark != "in"]
    if not marked:
        return "within the expected range"
    parts = []
    for side, word in ((1, above), (-1, below)):
        group = [w for w in marked if w.side == side]
        if not group:
            continue
        since = words.day(group[0].start, year=False)
        if all(w.mark == "run" for w in group):
            parts.append(f"a run of weeks a little {word}, to {words.day(group[-1].start, year=False)}")
        elif len(group) == 1:
            parts.append(f"1 week {word} than expected, {since}")
        else:
            parts.append(f"{len(group)} weeks {word} than expected, since {since}")
    return "; ".join(parts)


def baseline(series: Weekly) -> str:
    """From which weeks the expected range was taken."""
    if series.expected is None:
        return ""
    end = series.expected.until + timedelta(days=6)
    return f"{words.day(series.expected.since)} to {words.day(end)}"
