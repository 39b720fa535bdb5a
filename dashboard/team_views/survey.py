"""What the team said, topic by topic over time, and in the short surveys between."""

from collections.abc import Sequence
from datetime import date

from dashboard import (
    components,
    figures,
    looks,
    sheet,
    survey_bar,
    survey_results,
    survey_words,
    team_said,
    words,
)
from dashboard.components import Column, section, show
from dashboard.figures import Figure
from dashboard.health import first_look
from dashboard.health.people import survey_scope
from dashboard.markup import text
from dashboard.sheet import Sheet, Value
from dashboard.survey_results import Said, Wave
from dashboard.team_views.looked_at import Looked

MOST = 9
"""Topics drawn over time."""


def draw(looked: Looked, headline: Sequence[Figure]) -> None:
    """The quarter's survey, every topic over time, then the pulses."""
    quarterly = [w for w in survey_results.waves(looked.path, "quarterly") if w.id <= looked.quarter]
    if not survey_results.waves(looked.path, "quarterly") and not survey_results.waves(looked.path, "pulse"):
        section(team_said.HEADING)
        show(components.state("", "none", "No survey", "No survey has been published yet."))
        return
    said(looked, headline)
    _over_time(looked, "Topic by topic", looks.seen(looked.path, quarterly, looked.scope))
    pulses = [w for w in survey_results.waves(looked.path, "pulse") if w.opens_on < _next_ends(looked)]
    _over_time(looked, "Pulse", looks.seen(looked.path, pulses, looked.scope))


def said(looked: Looked, headline: Sequence[Figure]) -> None:
    """What the team said in the quarter's survey, once the visitor may see it."""
    waves = survey_results.waves(looked.path, "quarterly")
    now = next((wave for wave in waves if wave.id == looked.quarter), None)
    opens_at = first_look.opens(looked.path, looked.quarter) if now else None
    if opens_at is None or looks.sees(looked.path, looked.quarter, looked.scope):
        team_said.draw(looked.shown, looked.team, looked.name, looked.quarter, headline)
        return
    section(team_said.HEADING)
    told = f"Until {words.moment(opens_at)} this survey is the team's alone. Leaders see it then."
    show(components.state("", "half", "The team's first look", text(told)))


def _over_time(looked: Looked, title: str, waves: Sequence[Wave]) -> None:
    """A picture for each topic of the last of these surveys; nothing where none was published."""
    if not waves:
        return
    unit = survey_scope(looked.path, looked.scope, waves[-1].id)
    newest = survey_words.wave(waves[-1])
    if unit is None:
        section(title, newest)
        told = "No reporting unit of this survey has the team's name. Its people answered in another."
        show(components.state("", "hatch", "Withheld", text(told)))
        return
    shown = waves[-survey_results.SHOWN_AT_ONCE :]
    found = survey_results.load(looked.path, shown, unit)
    sub = f"0 to 100; filled: {newest}, outline: those before. Dashed line: nothing is compared across it."
    section(title, f"{sub} An empty place: not asked, or withheld.")
    names = [survey_words.wave(wave) for wave in shown]
    labels = [_short(wave) for wave in shown]
    cells = "".join(_topic(one, names, labels) for one in found[:MOST])
    show(f'<div class="eo-topics">{cells}</div>')
    _table(looked, title, found[:MOST], names)


def _next_ends(looked: Looked) -> date:
    """The end of the quarter after: what is asked now stands beside the last closed quarter, as in cards."""
    after = figures.shown_quarters(looked.path, looked.quarter)[-1]
    ends = dict(figures.quarters(looked.path).select("period", "period_end").iter_rows())
    end: date = ends[after]
    return end


def _short(wave: Wave) -> str:
    """`Q3 26`, `Aug 26`."""
    return words.short_period(wave.id) if wave.kind == "quarterly" else f"{wave.opens_on:%b %y}"


def _topic(one: Said, names: Sequence[str], labels: Sequence[str]) -> str:
    now = one.now
    if now is None or now.value is None:
        score = text(survey_words.withheld(now.reason if now else None)[0])
    else:
        score = f"<b>{text(survey_words.value(now))}</b>, {survey_words.answered(now)} answered"
    head = f'<div class="eo-h3" role="heading" aria-level="3">{text(one.name)}</div>'
    return f'<div>{head}<div class="eo-note">{score}</div>{survey_bar.columns(one, names, labels)}</div>'


def _table(looked: Looked, title: str, found: Sequence[Said], names: Sequence[str]) -> None:
    rows: list[tuple[Value, ...]] = []
    cells = []
    for one in found:
        for name, score in zip(names, one.history, strict=True):
            told = survey_words.value(score) if score else "not shown"
            known = (score.low, score.high, score.n, score.of) if score else (None, None, None, None)
            rows.append((one.name, name, told, *known))
            cells.append(
                [text(one.name), text(name), text(told), survey_words.answered(score) if score else ""]
            )
    columns = [Column("Topic"), Column("Survey"), Column("Score"), Column("Answered")]
    heads = ("topic", "survey", "score", "from", "to", "answered", "of")
    sheet.below(Sheet(f"{title} of {looked.name}", heads, tuple(rows)), columns, cells)
