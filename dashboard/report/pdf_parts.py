"""What the PDF's template is given: a health check's sections as plain texts, colours and pictures.

The template reads all of it as data, so no text can become markup of its own.
"""

from collections.abc import Sequence
from typing import Any

from dashboard import components, sparkline, survey_words, words
from dashboard.components import Tone
from dashboard.figures import Figure
from dashboard.health.document import Decided, HealthCheck, Mix, Next, Outcome, Pair
from dashboard.report import html, html_pairs, svg, wording
from dashboard.report.digest_document import safe_url
from dashboard.report.weekly import Chart
from dashboard.survey_results import Said

Part = dict[str, Any]
_INK: dict[Tone, tuple[str, str | None, str | None]] = {
    "plain": ("ink2", "wash", None),
    "line": ("ink2", None, "hair"),
    "good": ("good-x", "good-tint", None),
    "bad": ("bad-x", "bad-tint", None),
    "sys": ("link", "sys-tint", None),
}
"""Ink, fill and outline of a chip by its tone."""


def scope(check: HealthCheck, charts: Sequence[Chart]) -> Part:
    """The pages of one scope."""
    header = check.header
    meta = [wording.kept(check), *([f"survey {header.answers}"] if header.answers else []), *header.rests_on]
    return {
        "kind": check.kind,
        "title": check.title,
        "name": check.name,
        "lede": check.lede,
        "meta": meta,
        "foot": f"{check.name}, {words.period(check.quarter)}: {wording.kept(check)}",
        "sections": [
            {"kind": one.key, "number": one.number, "title": one.title, "sub": one.sub}
            | _PARTS[one.key](check)
            for one in html.sections(check)
        ],
        "charts": [_chart(chart) for chart in charts],
    }


def chip(shape: str, label: str, tone: Tone = "plain") -> Part:
    """A shape and a word, with their colours."""
    ink, fill, outline = _INK[tone]
    return {
        "shape": svg.shape(shape, ink),
        "label": label,
        "ink": svg.light(ink),
        "fill": svg.light(fill) if fill else None,
        "outline": svg.light(outline) if outline else None,
        "strong": tone in ("good", "bad", "sys"),
    }


def _verdict(figure: Figure) -> Part:
    return chip(*components.verdict_parts(figure))


def _chart(chart: Chart) -> Part:
    return {"title": chart.title, "note": chart.finding, "legend": chart.legend} | _picture(
        chart.svg, chart.alt
    )


def _picture(drawn: str, alt: str) -> Part:
    return {"picture": drawn, "alt": alt}


def _promises(check: HealthCheck) -> Part:
    items = [
        {
            "chip": chip(*html.STATES[one.state]),
            "what": one.what,
            "url": safe_url(one.url) or "",
            "note": wording.promised(one),
            "is_done": one.state == "done",
        }
        for one in check.promises.items
    ]
    return {"items": items, "note": "" if items else check.promises.sentence}


def _theme(check: HealthCheck) -> Part:
    theme = check.theme
    if theme is None:
        return {"sentence": "", "note": "No theme was chosen for this quarter.", "items": []}
    items = [
        {
            "name": one.figure.definition.title,
            "value": wording.from_to(one),
            "chip": _verdict(one.figure),
            "note": f"{wording.rests_on(one.figure)}; {wording.since(one)}",
        }
        for one in theme.indicators
    ]
    return {"sentence": theme.sentence, "note": f"{theme.why} {theme.work}".strip(), "items": items}


def _talk(check: HealthCheck) -> Part:
    points = [
        {
            "sentence": point.sentence,
            "chip": _verdict(point.figure),
            "evidence": "; ".join(point.evidence),
            "beside": point.beside or "",
            "question": point.question,
        }
        for point in check.talk.points
    ]
    return {"points": points, "close": check.talk.close}


def _outcomes(check: HealthCheck) -> Part:
    policy = check.budget_policy
    told = f"Agreed for when an error budget runs low: {policy}" if policy else ""
    letters = {4: 15, 5: 20}.get(len(check.outcomes), 12)
    return {"cards": [_card(one, letters) for one in check.outcomes], "policy": told}


def _card(outcome: Outcome, letters: int) -> Part:
    """`letters`: how large they are in the picture, which is as wide as its card."""
    figure = outcome.figure
    drawn = sparkline.sparkline(figure, large=True)
    teams = [
        {"shape": svg.shape(kind, _INK[tone][0]), "text": f"{count} {label}"}
        for kind, tone, count, label in components.tallied(outcome.teams)
    ]
    return _number(figure) | {
        "chip": _verdict(figure),
        "foot": list(outcome.foot),
        "teams": teams,
        "small": svg.alone(sparkline.sparkline(figure)),
        **_picture(svg.alone(drawn, letters=letters), sparkline.spoken(figure)),
    }


def _number(figure: Figure) -> Part:
    """Name, value and unit apart, and what it counts; or the reason why there is none."""
    name, now = figure.definition.title, figure.now
    if now is None or now.value is None:
        return {"name": name, "value": "", "unit": "", "note": wording.value(figure)}
    value, unit = figure.scale.number(now.value), figure.scale.unit
    return {"name": name, "value": value, "unit": unit, "note": wording.rests_on(figure)}


def _indicators(check: HealthCheck) -> Part:
    both = check.indicators
    return {
        "systems": [
            _number(figure)
            | {"chip": _verdict(figure)}
            | _picture(svg.alone(sparkline.sparkline(figure)), sparkline.spoken(figure))
            for figure in both.systems
        ],
        "mix": _mix(both.mix) if both.mix else {},
        "no_systems": "No number of these has been measured here.",
        "people": [_voice(said) for said in both.people],
        "answered": both.answered or "",
        "no_people": both.no_people or "Nothing was asked.",
    }


def _mix(mix: Mix) -> Part:
    note = "; ".join(filter(None, [mix.counted, mix.before]))
    return {"name": mix.name, "value": mix.now, "note": note}


def _voice(said: Said) -> Part:
    is_told = said.now is not None and said.now.value is not None
    return {
        "name": said.name,
        "value": wording.score(said) if is_told else "",
        "reason": "" if is_told else wording.score(said),
        "chip": chip("hatch", "Withheld"),
        "counted": wording.answered(said),
        "last": wording.last(said),
        "band": said.now is not None and said.now.label is not None,
        **_picture(svg.track(said), survey_words.spoken(said)),
    }


def _pairs(check: HealthCheck) -> Part:
    moved = [pair for pair in check.pairs if wording.has_moved(pair)]
    still = [pair for pair in check.pairs if pair not in moved]
    quarter = words.short_period(check.quarter)
    return {
        "moved": [_pair(pair, quarter) for pair in moved],
        "still": [
            _pair(pair, quarter) | {"facts": [one for side in pair.facts for one in side]} for pair in still
        ],
    }


def _pair(pair: Pair, quarter: str) -> Part:
    systems = [_number(figure) | _from(figure) | {"chip": _verdict(figure)} for figure in pair.systems]
    meeting = wording.meeting(pair, quarter)
    corners = [f"{x}, {y}" for y in reversed(pair.axes[1]) for x in pair.axes[0]]
    return {
        "name": pair.name,
        "systems": systems,
        "people": [_voice(said) for said in pair.people],
        "question": pair.question,
        "note": pair.note,
        "meeting": meeting,
        "corners": corners,
        **_picture(svg.alone(html_pairs.field(pair, "")) if meeting else "", meeting),
    }


def _from(figure: Figure) -> Part:
    before = figure.before
    return {"before": figure.scale.number(before.value) if before and before.value is not None else ""}


def _governance(check: HealthCheck) -> Part:
    return {
        "items": [
            {
                "name": item.figure.definition.title,
                "value": wording.value(item.figure),
                "note": item.told,
                "chip": _verdict(item.figure),
            }
            for item in check.governance
        ]
    }


def _went_well(check: HealthCheck) -> Part:
    return {"lines": list(check.went_well)}


def _said_done(check: HealthCheck) -> Part:
    return {"heads": ["You said", "We did"], "rows": [[one.said, one.did] for one in check.said_done]}


def _cannot_tell(check: HealthCheck) -> Part:
    return {
        "items": [
            {"chip": chip(*html.LIMITS[limit.kind], "line"), "text": limit.sentence}
            for limit in check.cannot_tell
        ]
    }


def _next(check: HealthCheck) -> Part:
    agreed = check.next
    rows = list(map(wording.action, agreed.actions))
    short = nothing = "" if rows else "No action is agreed yet."
    if not rows and agreed.no_change:
        short, nothing = (
            "No change; why is told where this stands in full.",
            f"No change, and why: {agreed.no_change}",
        )
    return {
        "heads": wording.ACTION_HEADS,
        "rows": rows,
        "nothing": nothing,
        "short": short,
        "theme": agreed.theme or "",
        "matrix": _matrix(agreed) if agreed.decisions or agreed.latencies else [],
    }


def _matrix(agreed: Next) -> list[Part]:
    """High risk first; in each row what reaches one team, then what reaches further."""
    return [
        {
            "name": f"{risk.capitalize()} risk",
            "cells": [_cell(*wording.cell(agreed, risk, reach)) for reach in wording.REACHES],
        }
        for risk in wording.RISKS
    ]


def _cell(decisions: Sequence[Decided], latency: str) -> Part:
    listed = [
        {"what": one.what, "note": f"by the {one.owner_level}, {wording.when(one)}"} for one in decisions
    ]
    return {"decisions": listed, "latency": latency}


_PARTS = html.by_key(
    _promises, _theme, _talk, _outcomes, _indicators, _pairs,
    _governance, _went_well, _said_done, _cannot_tell, _next,
)  # fmt: skip
