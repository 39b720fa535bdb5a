"""The index of teams: alphabetical inside departments, with three filters, and no order by any number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from connectors.journal.entries import Action, Context
from dashboard import (
    address,
    components,
    figures,
    layout,
    looks,
    snapshot,
    snapshot_beside,
    survey_below,
    survey_results,
    survey_words,
    words,
)
from dashboard.components import Column, page_link, shape, show
from dashboard.figures import Figure
from dashboard.health import people
from dashboard.health.numbers import names
from dashboard.health.written import Entries
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.sparkline import sparkline
from dashboard.survey_results import Said

LEAD, FAILURES = "change_lead_time", "change_failure_rate"
PACE = "pace"
"""The dimension of the survey that stands beside delivery."""
Filter = Literal["changed", "help", "silent"]
FILTERS: dict[Filter, str] = {
    "changed": "Something changed",
    "help": "Asked for help",
    "silent": "No update on actions",
}
NOBODY: dict[Filter, str] = {
    "changed": "Nothing changed clearly in any team in {quarter}.",
    "help": "No team asked for help in {quarter}.",
    "silent": "Every action that teams agreed on for {quarter} has an update.",
}
Numbers = Mapping[str, Mapping[str, Figure]]
"""Figures by metric and scope."""


@dataclass(frozen=True)
class Team:
    """A team of the index: what it is called, and what the filters ask."""

    scope: str
    name: str
    department: str
    has_changed: bool
    asked_for_help: bool
    is_silent: bool
    promised: tuple[int, int] | None
    """How many of its actions were done, and how many there were; None where none was due."""

    def passes(self, chosen: Filter | None) -> bool:
        """Whether a filter shows it; None shows all."""
        return {
            "changed": self.has_changed,
            "help": self.asked_for_help,
            "silent": self.is_silent,
            None: True,
        }[chosen]


def teams(shown: Snapshot, numbers: Numbers, entries: Entries, quarter: str) -> list[Team]:
    """Every team by department and name."""
    before = _before(shown.path, quarter)
    found = []
    for key, name, department in snapshot.teams(shown.path).select("team", "name", "department_name").rows():
        scope = f"team:{key}"
        clear = any(_is_clear(figures_of[scope]) for figures_of in numbers.values() if scope in figures_of)
        own = not snapshot_beside.headlines(shown.path, scope, quarter).is_empty()
        asked = any(body.asks_for_help for body in entries.of(Context, scope, quarter))
        actions = entries.of(Action, scope, before) if before else []
        done = sum(one.state == "done" for one in actions)
        found.append(
            Team(
                scope,
                name,
                department,
                has_changed=clear or own,
                asked_for_help=asked,
                is_silent=any(one.state == "moving" and one.update is None for one in actions),
                promised=(done, len(actions)) if actions else None,
            )
        )
    return found


def _is_clear(figure: Figure) -> bool:
    return words.went_up(figure.definition, figure.state) is not None


def _before(path: str, quarter: str) -> str | None:
    """The quarter whose review agreed on what this one was to bring."""
    names = figures.quarters(path)["period"].to_list()
    at = names.index(quarter)
    return names[at - 1] if at else None


def choice() -> Filter | None:
    """The filter that is chosen, bound to the address: `?show=Asked+for+help`."""
    address.require("Filter", "show", FILTERS.values())
    chosen: Filter | None = st.pills(
        "Show the teams of which",
        list(FILTERS),
        key="show",
        bind="query-params",
        format_func=FILTERS.__getitem__,
        label_visibility="collapsed",
    )
    return chosen


def draw(
    shown: Snapshot, rows: Sequence[Team], of: int, chosen: Filter | None, numbers: Numbers, quarter: str
) -> None:
    """One row per team with its numbers, what it says of pace, and its actions."""
    period = words.period(quarter)
    if not of:
        show(components.state("", "none", "No data", "The configuration names no teams."))
        return
    if chosen and not rows:
        nobody = NOBODY[chosen].format(quarter=period)
        show(components.state("", "none", FILTERS[chosen], text(nobody), height=112))
        return
    if chosen:
        show(f'<p class="eo-note">{len(rows)} of {words.plural(of, "team")}.</p>')
    columns, scales = _columns(numbers), _scales(numbers)
    wave = next((one for one in survey_results.waves(shown.path, "quarterly") if one.id == quarter), None)
    if wave:
        columns.insert(-2, Column("Sustainable pace, survey, 0 to 100", short="Pace, survey"))
    lines: list[list[str]] = []
    department = None
    for team in rows:
        if team.department != department:
            department = team.department
            lines.append([text(department)])
        cells = _cells(numbers, scales, team.scope)
        said = [_pace(shown.path, team, quarter)] if wave else []
        main = numbers.get(LEAD, {}).get(team.scope)
        verdict = components.verdict(main) if main else ""
        lines.append([_name(shown.path, team, period), *cells, *said, _actions(team), verdict])
    table = components.table(f"Teams, {period}", columns, lines)
    show(table.replace("eo-table ", "eo-table eo-verdict-first ", 1))


def _columns(numbers: Numbers) -> list[Column]:
    found = [Column("Team")]
    if LEAD in numbers:
        found += [Column("Change lead time"), Column("Quarter by quarter", short="Quarters")]
    if FAILURES in numbers:
        found.append(Column("Change failure rate, of deployments", short="Change failure rate"))
    verdict = Column("Lead time, against the quarter before", short="Verdict")
    return [*found, Column("Actions done", short="Actions done"), verdict]


def _scales(numbers: Numbers) -> dict[str, words.Scale]:
    """One unit for each column."""
    scales = {}
    for metric, found in numbers.items():
        known = list(found.values())
        values = [figure.now.value if figure.now else None for figure in known]
        scales[metric] = words.scale(known[0].definition, known[0].statistic, values)
    return scales


def _cells(numbers: Numbers, scales: Mapping[str, words.Scale], scope: str) -> list[str]:
    cells = []
    if LEAD in numbers:
        lead = numbers[LEAD][scope]
        cells += [components.cell(lead, scales[LEAD]), sparkline(lead)]
    if FAILURES in numbers:
        cells.append(components.cell(numbers[FAILURES][scope], scales[FAILURES]))
    return cells


def _name(path: str, team: Team, period: str) -> str:
    """The team, with its health check below; a mark where it asked for help."""
    label = layout.team_labels(path)[team.scope.removeprefix("team:")]
    link = page_link("team", label, {"team": label, "quarter": period})
    of = layout.unique_names(list(names(path).items()))[team.scope]
    check = page_link("health", "health check", {"of": of, "quarter": period})
    asks = f'<span class="eo-under">{shape("few")} asked for help</span>' if team.asked_for_help else ""
    return f'{link}<span class="eo-under eo-whole">{check}</span>{asks}'


def _pace(path: str, team: Team, quarter: str) -> str:
    """What the team says of pace: a band with who answered, or why there is none."""
    found = people.load(
        path, team.scope, team.name, quarter, sees_survey=looks.sees(path, quarter, team.scope)
    )
    said = found.dimension(PACE)
    if said is None or said.now is None or said.now.value is None:
        kind, why = (
            ("clock", "the team's first") if found.missing == people.FIRST_LOOK else ("hatch", "withheld")
        )
        below = found.missing or survey_words.withheld(said.now.reason if said and said.now else None)[1]
        short = "open to all later" if found.missing == people.FIRST_LOOK else below
        return _cell(f"<i>{shape(kind)} {text(why)}</i>", short)
    shared = _shared(path, quarter, found.scope, team.scope)
    answered = f"{survey_words.answered(said.now)} answered"
    return _cell(f"<b>{text(survey_words.value(said.now))}</b>", _last(said), answered + shared)


def _cell(first: str, *below: str) -> str:
    """A line of markup, with smaller lines of text below it."""
    under = "".join(f'<span class="eo-under">{text(line)}</span>' for line in below)
    return f'<span class="eo-cell">{first}{under}</span>'


def _last(said: Said) -> str:
    if said.before is None:
        return survey_words.gap(said.gap or "first")[0]
    return "same as last time" if said.direction == "same" else f"last time {survey_words.value(said.before)}"


def _shared(path: str, wave: str, unit: str, scope: str) -> str:
    """With whom a team answers, where it is not alone: `, with Tracking`."""
    others = [part for part in survey_below.parts_of(path, wave, unit) if part != scope]
    return f", with {words.listed(survey_below.part_name(path, part) for part in others)}" if others else ""


def _actions(team: Team) -> str:
    if team.promised is None:
        return '<span class="eo-cell"><i>none due</i></span>'
    done, of = team.promised
    silent = '<span class="eo-under">without an update</span>' if team.is_silent else ""
    return f"{done} of {of}{silent}"
