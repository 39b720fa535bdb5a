"""Pairs as cards: the two facts beside each other, a question below, and for departments the field."""

from dashboard import components, survey_bar, survey_words, words
from dashboard.components import chip
from dashboard.figures import Figure
from dashboard.health.document import Course, HealthCheck, Pair
from dashboard.markup import text
from dashboard.report import wording
from dashboard.report.html_indicators import last
from dashboard.survey_results import Said

_CELL = 44


def part(check: HealthCheck) -> tuple[str, str]:
    """The sub-line and one card for each pair."""
    sub = (
        "Two facts in words. The numbers do not say why. Ask."
        if check.kind == "team"
        else "Each side moves by its own test alone, else it is steady."
    )
    moved = [pair for pair in check.pairs if wording.has_moved(pair)]
    still = [pair for pair in check.pairs if pair not in moved]
    cards = "".join(card(check.quarter, pair) for pair in moved)
    return sub, cards + (f'<div class="eo-steady">{"".join(map(_steady, still))}</div>' if still else "")


def _steady(pair: Pair) -> str:
    """A pair in which nothing moved: its two facts in words, and the question."""
    sides = zip(("sys", "ppl"), pair.facts, strict=True)
    told = "".join(f'<p class="eo-of-{side}">{text(one)}</p>' for side, facts in sides for one in facts)
    return (
        f'<div><div class="eo-h3" role="heading" aria-level="3">{text(pair.name)}</div>{told}'
        f'<p class="eo-ask">{text(pair.question)}</p></div>'
    )


def card(quarter: str, pair: Pair) -> str:
    """One pair: what the systems record, what people say, and the question between them."""
    field = _field(pair, words.short_period(quarter)) if pair.course else ""
    third = f'<div><div class="eo-side">Where the two meet</div>{field}</div>' if field else ""
    systems = "".join(map(_system, pair.systems))
    people = "".join(map(_voice, pair.people))
    return (
        f'<article class="eo-pair"><div class="eo-h3" role="heading" aria-level="3">{text(pair.name)}</div>'
        '<div class="eo-facts2"><div><div class="eo-side eo-sys">What the systems record</div>'
        f"{systems}</div>"
        f'<div><div class="eo-side eo-ppl">What people say</div>{people}</div>{third}</div>'
        f'<div class="eo-asks"><span class="eo-ask">{text(pair.question)}</span>'
        f'<span class="eo-note">{text(pair.note)}</span></div></article>'
    )


def _system(figure: Figure) -> str:
    now, before = figure.now, figure.before
    if now is None or now.value is None:
        return (
            f'<div class="eo-fact"><div>{text(figure.definition.title)}</div>'
            f"{components.cell(figure, figure.scale)}</div>"
        )
    earlier = f"{figure.scale.number(before.value)} → " if before and before.value is not None else ""
    from_to = f"{earlier}{figure.scale.full(now.value)}"
    cell = components.cell(figure, figure.scale)
    under = cell[cell.index('<span class="eo-under">') : -len("</span>")] if "eo-under" in cell else ""
    return (
        f'<div class="eo-fact"><div class="eo-big">{text(figure.definition.title)} {text(from_to)}</div>'
        f"{components.verdict(figure)}{under}</div>"
    )


def _voice(said: Said) -> str:
    now = said.now
    if now is None or now.value is None:
        why = survey_words.withheld(now.reason if now else None)[1]
        return (
            f'<div class="eo-fact"><div>{text(said.name)}</div>{chip("hatch", "Withheld")} {text(why)}</div>'
        )
    return (
        f'<div class="eo-fact"><div class="eo-big">{text(said.name)} {text(survey_words.value(now))}</div>'
        f"{survey_bar.track(said)}<div>{last(said)}</div>"
        f'<span class="eo-under">{text(wording.answered(said))}</span></div>'
    )


def _field(pair: Pair, quarter: str) -> str:
    """The picture with its corners named and its meaning in words."""
    (x_low, x_high), (y_low, y_high) = pair.axes
    label = wording.meeting(pair, quarter)
    names = (
        f"<span>{text(x_low)}, {text(y_high)}</span><span>{text(x_high)}, {text(y_high)}</span>",
        f"<span>{text(x_low)}, {text(y_low)}</span><span>{text(x_high)}, {text(y_low)}</span>",
    )
    above, below = (f'<div aria-hidden="true">{one}</div>' for one in names)
    caption = f'<figcaption class="eo-note">{text(label)}</figcaption>'
    return f'<figure class="eo-field">{above}{field(pair, label)}{below}{caption}</figure>'


def field(pair: Pair, label: str) -> str:
    """Three by three cells: this quarter filled, the one before hollow, joined by a dashed line."""
    assert pair.course is not None
    size, shapes = 3 * _CELL, ""
    shapes += f'<rect x=".5" y=".5" width="{size - 1}" height="{size - 1}" fill="none" stroke="var(--hair)"/>'
    for at in (0, 2):
        corner = f'width="{_CELL}" height="{_CELL}" fill="var(--wash)"'
        shapes += (
            f'<rect x="{at * _CELL}" y="{_CELL}" {corner}/><rect x="{_CELL}" y="{at * _CELL}" {corner}/>'
        )
    shapes += f'<rect x="{_CELL}" y="{_CELL}" width="{_CELL}" height="{_CELL}" fill="var(--wash)"/>'
    x, y = _place(pair.course)
    if pair.course_before is not None and pair.course_before != pair.course:
        from_x, from_y = _place(pair.course_before)
        shapes += (
            f'<path d="M{from_x} {from_y}L{x} {y}" stroke="var(--mark)" stroke-dasharray="2 3" fill="none"/>'
            f'<circle cx="{from_x}" cy="{from_y}" r="5" fill="var(--bg)" stroke="var(--ink)"/>'
        )
    shapes += f'<circle cx="{x}" cy="{y}" r="5.5" fill="var(--ink)"/>'
    return (
        f'<svg width="{size}" height="{size}" viewBox="0 0 {size} {size}" role="img" '
        f'aria-label="{text(label)}">{shapes}</svg>'
    )


def _place(course: tuple[Course, Course]) -> tuple[int, int]:
    across, up = course
    return (across + 1) * _CELL + _CELL // 2, (1 - up) * _CELL + _CELL // 2
