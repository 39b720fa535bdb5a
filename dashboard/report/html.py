"""A health check as HTML, section by section, with the classes of our one stylesheet.

The page shows it, print and the self-contained file are made of it. It holds no chart that needs a script,
and every text from outside is escaped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dashboard import components, figure_words, words
from dashboard.components import Column, Tone, chip
from dashboard.health.document import Header, HealthCheck, Outcome, Promise, State, ThemeIndicator
from dashboard.markup import text
from dashboard.report import html_agreed, html_indicators, html_pairs, wording

T = TypeVar("T")

STATES: dict[State, tuple[str, str, Tone]] = {
    "done": ("tick", "Done", "good"),
    "moving": ("arrow", "Moving", "sys"),
    "dropped": ("cross", "Dropped", "plain"),
    "no_update": ("dots", "No update", "line"),
    "open": ("half", "Not done", "line"),
    "not_due": ("half", "Not due yet", "line"),
}
LIMITS = {
    "withheld": ("hatch", "Withheld"),
    "too_few": ("few", "Too little data"),
    "no_data": ("none", "No data"),
    "open": ("half", "Still open"),
    "unlinked": ("none", "Not linked"),
    "stale": ("clock", "Stale"),
    "definition": ("square", "Redefined"),
    "annotation": ("square", "Happened"),
    "context": ("square", "Context"),
    "not_known": ("few", "Not known"),
}


@dataclass(frozen=True)
class Section:
    """One numbered part of the page: its key, what stands in its heading, and its body as markup."""

    key: str
    number: int
    title: str
    sub: str
    body: str

    @property
    def markup(self) -> str:
        """The whole of it."""
        below = f'<span class="eo-sub">{text(self.sub)}</span>' if self.sub else ""
        heading = f"<i>{self.number}</i> {text(self.title)}"
        return (
            '<section class="eo-part"><div class="eo-section">'
            f'<span class="eo-h2" role="heading" aria-level="2">{heading}</span>{below}</div>'
            f"{self.body}</section>"
        )


def head(check: HealthCheck) -> str:
    """Title, the one finding, and what all of it rests on."""
    header = check.header
    items = [f"<b>{text(check.name)}</b>", *kept(header)]
    items.append(f"as of <b>{text(words.moment(header.as_of))}</b>, definitions <b>{header.definitions}</b>")
    items += [f"survey <b>{text(header.answers)}</b>"] if header.answers else []
    items += [text(line) for line in header.rests_on]
    meta = "".join(f"<span>{item}</span>" for item in items)
    return (
        f'<h1>{text(check.title)}</h1><p class="eo-lede">{text(check.lede)}</p>'
        f'<div class="eo-meta">{meta}</div>'
    )


def kept(header: Header) -> list[str]:
    """When it was frozen and as which revision, as markup; nothing where it was not."""
    if header.frozen_at is None:
        return []
    return [f"frozen <b>{text(words.moment(header.frozen_at))}</b>, revision {header.revision}"]


def sections(check: HealthCheck) -> list[Section]:
    """The parts in the order of the page, numbered; those that have nothing to say are left out."""
    found: list[tuple[str, str, str, str]] = []
    for key, title, part in _PARTS:
        sub, body = part(check)
        if body:
            found.append((key, title, sub, body))
    return [Section(key, number, *one) for number, (key, *one) in enumerate(found, 1)]


def by_key(*renderings: Callable[[HealthCheck], T]) -> dict[str, Callable[[HealthCheck], T]]:
    """What another form makes of each part: a function is called after its part's key."""
    return {one.__name__.removeprefix("_"): one for one in renderings}


def _promises(check: HealthCheck) -> tuple[str, str]:
    if not check.promises.items:
        return "", f'<p class="eo-note">{text(check.promises.sentence)}</p>'
    return (
        check.promises.sentence,
        f'<ul class="eo-promises">{"".join(map(_promise, check.promises.items))}</ul>',
    )


def _promise(promise: Promise) -> str:
    return (
        f"<li><div>{chip(*STATES[promise.state])}</div><div>"
        f'<div class="eo-h3">{components.link(promise.what, promise.url)}</div>'
        f'<div class="eo-note">{text(wording.promised(promise))}</div></div></li>'
    )


def _theme(check: HealthCheck) -> tuple[str, str]:
    if check.theme is None:
        return "", '<p class="eo-note">No theme was chosen for this quarter.</p>'
    rows = "".join(map(_indicator, check.theme.indicators))
    work = f'<p class="eo-note">{text(check.theme.work)}</p>' if check.theme.work else ""
    return "", (
        f'<div class="eo-theme"><div><div class="eo-big">{text(check.theme.sentence)}</div>'
        f"<p>{text(check.theme.why)}</p>{work}</div><dl>{rows}</dl></div>"
    )


def _indicator(one: ThemeIndicator) -> str:
    figure = one.figure
    counted = (
        f'<span class="eo-under">{text(figure_words.counted(figure))}; {text(wording.since(one))}</span>'
    )
    return (
        f"<div><dt>{text(figure.definition.title)}</dt>"
        f"<dd><b>{text(wording.from_to(one))}</b> {components.verdict(figure)}{counted}</dd></div>"
    )


def _talk(check: HealthCheck) -> tuple[str, str]:
    points = "".join(
        f'<li><div class="eo-say">{text(point.sentence)}</div>'
        f'<div class="eo-chips">{components.verdict(point.figure)}'
        f'<span class="eo-note">{text("; ".join(point.evidence))}</span></div>'
        + (f"<p>{text(point.beside)}</p>" if point.beside else "")
        + f'<p class="eo-ask">{text(point.question)}</p></li>'
        for point in check.talk.points
    )
    listed = f'<ol class="eo-talk">{points}</ol>' if points else ""
    return check.talk.rule, f'{listed}<p class="eo-note">{text(check.talk.close)}</p>'


def _outcomes(check: HealthCheck) -> tuple[str, str]:
    if not check.outcomes:
        return "", ""
    cards = components.cards(map(_outcome, check.outcomes)).replace("eo-cards", "eo-cards eo-five", 1)
    policy = (
        f'<p class="eo-note">Agreed for when an error budget runs low: <b>{text(check.budget_policy)}</b></p>'
        if check.budget_policy
        else ""
    )
    if check.is_first_quarter:
        return "The baseline: each value with its range of 95 in 100.", cards + policy
    return (
        "Own last quarters; bars are ranges of 95 in 100. Nothing after the quarter is on this page.",
        cards + policy,
    )


def _outcome(outcome: Outcome) -> str:
    foot = "".join(f"<div>{text(line)}</div>" for line in outcome.foot)
    teams = components.tally(outcome.teams) if outcome.teams else ""
    return components.card(outcome.figure, foot + teams, with_coverage=False)


def _governance(check: HealthCheck) -> tuple[str, str]:
    items = "".join(
        f'<div><div class="eo-note">{text(item.figure.definition.title)}</div>'
        f'<div class="eo-big">{text(item.figure.scale.full(item.figure.now.value))}</div>'
        f'<div class="eo-note">{text(item.told)}</div>{components.verdict(item.figure)}</div>'
        for item in check.governance
        if item.figure.now is not None and item.figure.now.value is not None
    )
    return "", f'<div class="eo-strip">{items}</div>' if items else ""


def _went_well(check: HealthCheck) -> tuple[str, str]:
    voices = "".join(f"<li>{text(one)}</li>" for one in check.went_well)
    return (
        "Written by the teams, about work.",
        f'<ul class="eo-list eo-plain">{voices}</ul>' if voices else "",
    )


def _said_done(check: HealthCheck) -> tuple[str, str]:
    rows = [[text(one.said), text(one.did)] for one in check.said_done]
    if not rows:
        return "", ""
    return "", components.table("You said, we did", [Column("You said"), Column("We did")], rows)


def _cannot_tell(check: HealthCheck) -> tuple[str, str]:
    lines = "".join(
        f"<li>{chip(*LIMITS[limit.kind], 'line')} <span>{text(limit.sentence)}</span></li>"
        for limit in check.cannot_tell
    )
    return "", f'<ul class="eo-limits">{lines}</ul>' if lines else ""


_PARTS: Sequence[tuple[str, str, Callable[[HealthCheck], tuple[str, str]]]] = (
    ("promises", "What we said we would do", _promises),
    ("theme", "The theme", _theme),
    ("talk", "Things to talk about", _talk),
    ("outcomes", "Outcomes", _outcomes),
    ("indicators", "Technical and team indicators", html_indicators.part),
    ("pairs", "Pairs", html_pairs.part),
    ("governance", "Governance", _governance),
    ("went_well", "What went well", _went_well),
    ("said_done", "You said, we did", _said_done),
    ("cannot_tell", "What the numbers cannot tell", _cannot_tell),
    ("next", "Decisions and actions", html_agreed.part),
)
