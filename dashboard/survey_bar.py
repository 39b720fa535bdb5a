"""The pictures of surveys: what people say is ochre and made of blocks. One function per picture.

Widths are shares of a track from 0 to 100, so they fit wherever they stand. The values are always printed
beside them.
"""

from collections.abc import Sequence
from itertools import pairwise

from dashboard import survey_words
from dashboard.markup import text
from dashboard.survey_results import Said, Score

LEAST_WIDTH = 0.8
"""Of the thin mark of an exact score, in points."""
_SLOT, _HEIGHT = 12, 26
_LEAST_SPAN = 30.0


def track(said: Said) -> str:
    """A score on its track: a block as wide as its band, or a thin mark; last time an outline."""
    now, before = said.now, said.before
    if now is None or now.low is None or now.high is None:
        return ""
    few = " eo-few" if now.is_of_few else ""
    parts = ""
    if now.if_all_had_answered:
        parts += _part("eo-might", *now.if_all_had_answered)
    if before and before.low is not None and before.high is not None:
        parts += _part("eo-was", before.low, before.high)
    parts += _part("eo-now", now.low, now.high)
    label = text(survey_words.spoken(said))
    return f'<div class="eo-track{few}" role="img" aria-label="{label}"><b></b>{parts}</div>'


def _part(css: str, low: float, high: float) -> str:
    low, high = ends(low, high)
    return f'<i class="{css}" style="left:{low:.2f}%;width:{high - low:.2f}%"></i>'


def ends(low: float, high: float) -> tuple[float, float]:
    """Where a block begins and ends on its track; an exact score is a thin mark."""
    if high - low < LEAST_WIDTH:
        middle = (low + high) / 2
        low = min(max(middle - LEAST_WIDTH / 2, 0), 100 - LEAST_WIDTH)
        high = low + LEAST_WIDTH
    return low, high


def blocks(said: Said, names: Sequence[str]) -> str:
    """A unit survey by survey: a block per band, never joined, a dashed line where a series starts anew."""
    shapes = ""
    for at, score in enumerate(said.history):
        if said.gaps[at] and at:
            shapes += _break(at)
        if score is not None and score.low is not None and score.high is not None:
            top, bottom = _on_track(score.high), _on_track(score.low)
            ink = "var(--ppl)" if at == len(said.history) - 1 else "none"
            shapes += (
                f'<rect x="{at * _SLOT + 2.5}" y="{top:.1f}" width="{_SLOT - 5}" '
                f'height="{max(bottom - top, 3):.1f}" fill="{ink}" stroke="var(--ppl)"/>'
            )
    return _picture(said, names, shapes)


def _on_track(value: float) -> float:
    return 1 + (100 - value) / 100 * (_HEIGHT - 2)


def line(said: Said, names: Sequence[str]) -> str:
    """An exact score survey by survey, on its own scale; broken where a series starts anew."""
    known = [(at, score) for at, score in enumerate(said.history) if score and score.value is not None]
    if not known:
        return ""
    values = [score.value for _, score in known if score.value is not None]
    middle, span = (max(values) + min(values)) / 2, max(max(values) - min(values), _LEAST_SPAN)

    def place(at: int, score: Score) -> tuple[float, float]:
        share = ((score.value or 0) - middle) / span + 0.5
        return at * _SLOT + _SLOT / 2, _HEIGHT - 4 - share * (_HEIGHT - 8)

    shapes = "".join(_break(at) for at in range(1, len(said.gaps)) if said.gaps[at])
    for (one, first), (other, second) in pairwise(known):
        if other == one + 1 and not said.gaps[other]:
            (x, y), (to_x, to_y) = place(one, first), place(other, second)
            shapes += (
                f'<path d="M{x:.1f} {y:.1f}L{to_x:.1f} {to_y:.1f}" stroke="var(--ppl)" stroke-width="1.5"/>'
            )
    for at, score in known:
        x, y = place(at, score)
        half = 3 if at == len(said.history) - 1 else 1.5
        corner = f'x="{x - half:.1f}" y="{y - half:.1f}"'
        shapes += f'<rect {corner} width="{2 * half}" height="{2 * half}" fill="var(--ppl)"/>'
    return _picture(said, names, shapes)


def _break(at: int) -> str:
    x = at * _SLOT
    return f'<path d="M{x} 0V{_HEIGHT}" stroke="var(--mark)" stroke-dasharray="2 3"/>'


def _picture(said: Said, names: Sequence[str], shapes: str) -> str:
    told = _told(said, names)
    width = len(said.history) * _SLOT
    return (
        f'<svg class="eo-spark" width="{width}" height="{_HEIGHT}" viewBox="0 0 {width} {_HEIGHT}" '
        f'role="img" aria-label="{told}">{shapes}</svg>'
    )


def _told(said: Said, names: Sequence[str]) -> str:
    spoken = [
        f"{name} {survey_words.value(score) if score else 'not shown'}"
        for name, score in zip(names, said.history, strict=True)
    ]
    return text(f"{said.name}, survey by survey: {'; '.join(spoken)}")


def columns(said: Said, names: Sequence[str], labels: Sequence[str]) -> str:
    """The same large, with the name of each survey below its block: a dashed line where a series starts anew.

    `names` are read aloud, `labels` stand below.
    """
    parts = ""
    for at, (score, label) in enumerate(zip(said.history, labels, strict=True)):
        block = '<i class="eo-gap"></i>'
        if score is not None and score.low is not None and score.high is not None:
            height = max(score.high - score.low, 2 * LEAST_WIDTH)
            now = "eo-now" if at == len(said.history) - 1 else "eo-was"
            few = " eo-few" if score.is_of_few else ""
            bottom = min(score.low, 100 - height)
            block = f'<i class="{now}{few}" style="bottom:{bottom:.1f}%;height:{height:.1f}%"></i>'
        css = ' class="eo-anew"' if said.gaps[at] and at else ""
        parts += f"<span{css}><b>{block}</b><em>{text(label)}</em></span>"
    return f'<div class="eo-over" role="img" aria-label="{_told(said, names)}">{parts}</div>'


def histogram(shares: Sequence[float], scale: Sequence[str]) -> str:
    """How answers are spread over the scale, first to last, each a block with its share below it."""
    tallest = max([*shares, 0.01])
    named = "; ".join(f"{name} {100 * share:.0f} %" for name, share in zip(scale, shares, strict=False))
    columns = "".join(
        f'<span><i style="height:{24 * share / tallest:.1f}px"></i>{100 * share:.0f}</span>'
        for share in shares
    )
    return f'<div class="eo-hist" role="img" aria-label="{text(named)}">{columns}</div>'
