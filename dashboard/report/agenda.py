"""The agenda of a review as one or two sheets to print: what is on it comes from the health check.

A team's session takes an hour, one of leaders three quarters. Each begins with people, goes on with what was
promised, and ends with an action, or with the reason why nothing changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard import words
from dashboard.components import chip, link
from dashboard.health.document import HealthCheck
from dashboard.markup import text
from dashboard.report.html import STATES, kept

MOST_PAIRS = 3
LINES_TO_WRITE = 3


@dataclass(frozen=True)
class Part:
    """One part of a session. `body` is markup."""

    minutes: int
    title: str
    how: str
    body: str = ""


CHECK_IN = {
    "team": (
        "How are you, really? What gave you energy this quarter, and what took it?",
        "One after the other, in a sentence or two. Listen to the end before anybody answers.",
        "Saying nothing is fine. Nothing of it is written down, and nobody is asked again later.",
    ),
    "leaders": (
        "What did I get wrong this quarter? What do I not know? What surprised me?",
        "Whoever has the most say begins, and is the shortest.",
        "Nothing of it is written down, but for what somebody wants on the page.",
    ),
}


def minutes(check: HealthCheck) -> int:
    """How long the session takes."""
    return sum(part.minutes for part in parts(check))


def parts(check: HealthCheck) -> list[Part]:
    """The parts of the session in their order."""
    is_team = check.kind == "team"
    told = "Read aloud, all of them, before anybody explains one."
    asked = "One question at a time. The numbers do not say why: whoever does the work does."
    chosen = "Take one question from above. An action answers it, or nothing changes, with the reason."
    theme = Part(4, "The theme, and what we do not know", "Is it still the one?", _theme(check))
    closing = "Say the actions once more. By a show of fingers, one to five: was it worth the time?"
    return [
        Part(
            10 if is_team else 5, "Check-in", CHECK_IN["team" if is_team else "leaders"][0], _check_in(check)
        ),
        Part(10 if is_team else 8, "What we said we would do", told, _promises(check)),
        *([] if is_team else [theme]),
        Part(12 if is_team else 8, "What stands out", asked, _talk(check)),
        Part(
            12 if is_team else 7, "Two kinds of evidence", "Neither explains the other. Ask.", _pairs(check)
        ),
        *([] if is_team else [Part(4, "Decisions", "Low risk? Then not here.", _decisions(check))]),
        Part(11 if is_team else 6, "Actions, at most three", chosen, _actions(check)),
        Part(5 if is_team else 3, "Close", closing, _went_well(check)),
    ]


def sheet(check: HealthCheck) -> str:
    """The whole agenda as markup."""
    listed = parts(check)
    who = "The team's session" if check.kind == "team" else "The leaders' session"
    items = [
        f"<b>{text(check.name)}</b>",
        *kept(check.header),
        f"{who}, {minutes(check)} minutes",
        "Needs: this sheet, a pen, the health check on a screen",
    ]
    head = f'<div class="eo-meta">{"".join(f"<span>{item}</span>" for item in items)}</div>'
    rows = "".join(
        f'<section class="eo-slot"><div class="eo-note">{part.minutes} min</div><div>'
        f'<div class="eo-big" role="heading" aria-level="2">{number}. {text(part.title)}</div>'
        f"<p>{text(part.how)}</p>{part.body}</div></section>"
        for number, part in enumerate(listed, 1)
    )
    return f'{head}<div class="eo-agenda">{rows}</div>'


def _check_in(check: HealthCheck) -> str:
    _, *rules = CHECK_IN["team" if check.kind == "team" else "leaders"]
    return _list(text(rule) for rule in rules)


def _promises(check: HealthCheck) -> str:
    items = (f"{chip(*STATES[one.state])} {link(one.what, one.url)}" for one in check.promises.items)
    return f'<p class="eo-note">{text(check.promises.sentence)}</p>{_list(items)}'


def _theme(check: HealthCheck) -> str:
    known = [limit.sentence for limit in check.cannot_tell if limit.kind == "not_known"]
    said = f"<p><b>{text(check.theme.sentence)}</b></p>" if check.theme else ""
    return said + _list(map(text, known))


def _talk(check: HealthCheck) -> str:
    points = (
        f'{text(one.sentence)}<div class="eo-ask">{text(one.question)}</div>' for one in check.talk.points
    )
    return _list(points) or f'<p class="eo-note">{text(check.talk.close)}</p>'


def _pairs(check: HealthCheck) -> str:
    if not check.pairs:
        return '<p class="eo-note">No pair has both sides this quarter.</p>'
    listed = _list(f"<b>{text(one.name)}.</b> {text(one.question)}" for one in check.pairs[:MOST_PAIRS])
    others = [one.name for one in check.pairs[MOST_PAIRS:]]
    return listed + (
        f'<p class="eo-note">Also on the page: {text(words.listed(others))}.</p>' if others else ""
    )


def _decisions(check: HealthCheck) -> str:
    waiting = [one for one in check.next.decisions if one.decided_on is None]
    rows = (f"{text(one.what)} (since {text(words.day(one.proposed_on))})" for one in waiting)
    return _list(rows) or '<p class="eo-note">No decision waits.</p>'


def _actions(check: HealthCheck) -> str:
    agreed = _list(f"{text(one.what)} (due {text(words.day(one.due))})" for one in check.next.actions)
    head = "".join(f'<th scope="col">{one}</th>' for one in ("What", "Owner (a role)", "Due", "Known by"))
    free = max(LINES_TO_WRITE - len(check.next.actions), 0)
    rows = f"<tr>{'<td>&nbsp;</td>' * 4}</tr>" * free
    blank = (
        '<table class="eo-table eo-blank"><caption>Room for new actions</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )
    return f"{agreed}{blank if free else ''}<p>No change, and why: <span class='eo-fill'></span></p>"


def _went_well(check: HealthCheck) -> str:
    said = _list(text(one) for one in check.went_well)
    return f"<p>And end with what went well:</p>{said}" if said else ""


def _list(items: Iterable[str]) -> str:
    rows = "".join(f"<li>{item}</li>" for item in items)
    return f'<ul class="eo-list">{rows}</ul>' if rows else ""
