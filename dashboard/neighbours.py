"""The number under neighbouring definitions, each as a quiet dot, the published one marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboard import components, judged, snapshot, snapshot_beside, words
from dashboard.components import Column, section, show
from dashboard.markup import text
from dashboard.points import Point
from dashboard.rows_behind import Behind
from dashboard.words import Scale

WIDTH, HEIGHT, EDGE = 220, 18, 6


@dataclass(frozen=True)
class _Axis:
    """One axis for all definitions: from the least to the greatest of values and ranges."""

    low: float
    high: float

    def x(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return EDGE + share * (WIDTH - 2 * EDGE)


def of(behind: Behind) -> pl.DataFrame:
    """The number under each neighbouring definition: what `explained_neighbours` answers of its statistic.

    The items are not looked at again for the mean beside a median: `behind` knows it.
    """
    metric = behind.definition.metric
    stored = snapshot_beside.neighbours(behind.path, metric, behind.scope, behind.period)
    stored = stored.filter(pl.col("statistic") == behind.statistic)
    published = behind.published
    if behind.statistic != "p50" or published is None:
        return stored
    numbers = ("value", "low", "high", "n", "open_count", "withheld_reason")
    median = {"is_used": True, "words": "median", "statistic": "p50"}
    median |= {name: getattr(published, name) for name in numbers}
    mean = {"is_used": False, "words": "mean", "statistic": "mean", "open_count": published.open_count}
    beside = pl.DataFrame([median, mean | _mean(behind, published)], schema_overrides=stored.schema)
    return pl.concat([beside.with_columns(about=pl.lit("Median or mean")).select(stored.columns), stored])


def _mean(behind: Behind, published: Point) -> dict[str, object]:
    """The mean of the items that are kept, or the reason why there is none."""
    kept_from = snapshot.run(behind.path).items_from
    reason = published.withheld_reason if published.withheld_reason != "not_reached" else None
    if reason is None and kept_from is not None and kept_from > published.period_start:
        reason = "items_not_kept"
    if reason is None and behind.found.mean_of == 0:
        reason = "no_data"
    if reason is None and behind.found.mean is None:
        reason = "values_not_kept"
    mean = None if reason else behind.found.mean
    return {"value": mean, "n": behind.found.mean_of, "withheld_reason": reason}


def draw(behind: Behind) -> None:
    """One row per definition with a dot, its value, and how far it is from the published one."""
    if behind.is_few:
        return
    found = of(behind)
    if found["value"].is_null().all():
        return
    section(
        "Under another definition",
        "The same items, counted otherwise. The filled dot is the published number, the line its position; "
        "the hollow ones are not published.",
    )
    ends = pl.concat([found["value"], found["low"], found["high"]]).drop_nulls().to_list()
    axis = _Axis(min(ends), max(ends))
    own = behind.published.value if behind.published else None
    scale = words.scale(behind.definition, behind.statistic, [own])
    lines: list[list[str]] = []
    for (about,), group in found.group_by("about", maintain_order=True):
        lines.append([text(about)])
        lines += [_row(behind, row, axis, scale) for row in group.iter_rows(named=True)]
    columns = [Column("Definition"), Column("Value", is_number=True), Column("On one scale", short="")]
    columns += [Column("Of"), Column("Against the published one", short="Difference")]
    show(components.table(f"Under another definition, {behind.label}", columns, lines, phone="brief"))


def _row(behind: Behind, row: Mapping[str, Any], axis: _Axis, scale: Scale) -> list[str]:
    own = behind.published.value if behind.published else None
    n = f"{row['n']:,} {words.things(behind.definition, row['n'])}" + (
        f", {row['open_count']:,} open" if row["open_count"] else ""
    )
    if row["value"] is None:
        return [
            text(row["words"]),
            text((row["withheld_reason"] or "no number").replace("_", " ")),
            "",
            text(n),
            "",
        ]
    if row["is_used"]:
        against = "as published"
    elif own is None:
        against = ""
    else:
        against = judged.difference(scale, row["value"] - own)
    dot = _dot(row, axis, own, f"{row['words']}: {scale.full(row['value'])}")
    return [text(row["words"]), f"<b>{text(scale.full(row['value']))}</b>", dot, text(n), text(against)]


def _dot(row: Mapping[str, Any], axis: _Axis, own: float | None, said: str) -> str:
    """Range as a whisker, value as a dot, the published value as a thin line through all rows."""
    middle = HEIGHT / 2
    fill = "var(--sys)" if row["is_used"] else "var(--bg)"
    track = f'<line x1="{EDGE}" x2="{WIDTH - EDGE}" y1="{middle}" y2="{middle}" stroke="var(--grid)"/>'
    dot = (
        f'<circle cx="{axis.x(row["value"]):.1f}" cy="{middle}" r="4" stroke="var(--sys)" '
        f'stroke-width="1.5" fill="{fill}"/>'
    )
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{text(said)}">{track}{_published_line(axis, own)}'
        f"{_whisker(row, axis, middle)}{dot}</svg>"
    )


def _published_line(axis: _Axis, own: float | None) -> str:
    if own is None:
        return ""
    x = f"{axis.x(own):.1f}"
    return f'<line x1="{x}" x2="{x}" y1="0" y2="{HEIGHT}" stroke="var(--mark)" stroke-dasharray="2 2"/>'


def _whisker(row: Mapping[str, Any], axis: _Axis, y: float) -> str:
    if row["low"] is None or row["high"] is None:
        return ""
    return (
        f'<line x1="{axis.x(row["low"]):.1f}" x2="{axis.x(row["high"]):.1f}" y1="{y}" y2="{y}" '
        'stroke="var(--whisker)" stroke-width="4"/>'
    )
