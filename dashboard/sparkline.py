"""Sparklines: up to eight quarters of one number as SVG, and the same in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashboard import words
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.points import Point


def sparkline(figure: Figure, *, large: bool = False) -> str:
    """Up to eight quarters on their own scale: shape, not size. The open quarter hollow and dashed.

    A large one of a single quarter would be a dot without a shape: there is none.
    """
    width, height = (232, 40) if large else (96, 26)
    shown = [(i, p) for i, p in enumerate(figure.history) if p is not None and p.value is not None]
    if not shown or (large and len(shown) == 1):
        return ""
    place = _Place(width, height, len(figure.history), [p for _, p in shown])
    body = "".join(place.whisker(i, p) for i, p in shown)
    for (i, a), (j, b) in pairwise(shown):
        if j == i + 1:
            body += place.line(i, a, j, b)
    last_closed = max((i for i, p in shown if p.is_complete), default=-1)
    for i, p in shown:
        if i == last_closed:
            body += f'<circle cx="{place.x(i):.1f}" cy="{place.y(p.value):.1f}" r="3" fill="var(--sys)"/>'
        elif not p.is_complete:
            body += (
                f'<circle cx="{place.x(i):.1f}" cy="{place.y(p.value):.1f}" r="3" fill="var(--card)" '
                'stroke="var(--sys)" stroke-width="1.5"/>'
            )
        elif len(shown) == 1 or not any(abs(i - j) == 1 for j, _ in shown):
            body += f'<circle cx="{place.x(i):.1f}" cy="{place.y(p.value):.1f}" r="2" fill="var(--sys)"/>'
    labels = _labels(figure, place, last_closed) if large else ""
    full = height + (18 if large else 0)
    return (
        f'<svg class="eo-spark" width="{width}" height="{full}" viewBox="0 0 {width} {full}" role="img" '
        f'aria-label="{text(spoken(figure))}">{body}{labels}</svg>'
    )


@dataclass(frozen=True)
class _Place:
    """Where quarters and values lie in a sparkline."""

    width: int
    height: int
    slots: int
    points: Sequence[Point]

    def x(self, slot: int) -> float:
        return 5 + slot * (self.width - 10) / max(self.slots - 1, 1)

    def y(self, value: float | None) -> float:
        """From the values, with room for intervals up to as much again; longer ones are cut."""
        values = [p.value for p in self.points if p.value is not None]
        ends = [v for p in self.points for v in (p.low, p.high) if v is not None]
        room = (max(values) - min(values)) or 0.5 * max(map(abs, values)) or 1.0
        low = max(min([*values, *ends]), min(values) - room)
        high = min(max([*values, *ends]), max(values) + room)
        if value is None or high == low:
            return self.height / 2
        share = (min(max(value, low), high) - low) / (high - low)
        return self.height - 4 - share * (self.height - 8)

    def whisker(self, slot: int, point: Point) -> str:
        if point.low is None or point.high is None:
            return ""
        return (
            f'<line x1="{self.x(slot):.1f}" x2="{self.x(slot):.1f}" y1="{self.y(point.low):.1f}" '
            f'y2="{self.y(point.high):.1f}" stroke="var(--whisker)" stroke-width="3"/>'
        )

    def line(self, i: int, a: Point, j: int, b: Point) -> str:
        dash = "" if b.is_complete else ' stroke-dasharray="2 3"'
        return (
            f'<line x1="{self.x(i):.1f}" y1="{self.y(a.value):.1f}" x2="{self.x(j):.1f}" '
            f'y2="{self.y(b.value):.1f}" stroke="var(--sys)" stroke-width="1.5"{dash}/>'
        )


def _labels(figure: Figure, place: _Place, last_closed: int) -> str:
    """Names under the first quarter, the last closed one and the open one, where there is room."""
    y = place.height + 14
    names = figure.quarters
    ends_open = figure.history[-1] is not None and not figure.history[-1].is_complete
    parts = [(0.0, "start", words.short_period(names[0]))]
    if ends_open:
        parts.append((float(place.width), "end", "open"))
    if last_closed > 1:
        at = place.x(last_closed)
        edge = last_closed == len(names) - 1
        parts.append((place.width if edge else at + 4, "end", words.short_period(names[last_closed])))
    return "".join(
        f'<text x="{x:.0f}" y="{y}" text-anchor="{anchor}">{text(t)}</text>' for x, anchor, t in parts
    )


def spoken(figure: Figure) -> str:
    """A sparkline in words."""
    scale = figure.scale
    said = [
        f"{words.period(name)} {scale.full(p.value)}{'' if p.is_complete else ', still open'}"
        if p is not None and p.value is not None
        else f"{words.period(name)} no number"
        for name, p in zip(figure.quarters, figure.history, strict=True)
    ]
    return f"{figure.definition.title}: {'; '.join(said)}"
