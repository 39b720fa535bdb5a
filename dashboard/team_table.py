"""The table of the index: a row for each team with its numbers, what it says of pace, and its actions."""

from collections.abc import Mapping, Sequence

from dashboard import components, layout, words
from dashboard.components import Column, page_link, shape, show
from dashboard.health.numbers import names
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.sparkline import sparkline
from dashboard.team_index import FILTERS, Filter, Numbers, Team
from dashboard.team_pace import Paces

LEAD, FAILURES = "change_lead_time", "change_failure_rate"
NOBODY: dict[Filter, str] = {
    "changed": "Nothing changed clearly in any team in {quarter}.",
    "help": "No team asked for help in {quarter}.",
    "silent": "Of the actions for {quarter} none is without an update, and none kept elsewhere is overdue.",
}


def nobody(of: int, chosen: Filter | None, quarter: str) -> str:
    """What stands in the place of no team: there is none, or none that the filter shows."""
    if not of or chosen is None:
        return components.state("", "none", "No data", "The configuration names no teams.")
    told = NOBODY[chosen].format(quarter=words.period(quarter))
    return components.state("", "none", FILTERS[chosen], text(told), height=112)


def draw(shown: Snapshot, rows: Sequence[Team], numbers: Numbers, quarter: str) -> None:
    """One row per team, under its department."""
    period = words.period(quarter)
    columns, scales = _columns(numbers), _scales(numbers)
    paces = Paces.of(shown.path, quarter)
    if paces:
        columns.insert(-2, Column("Sustainable pace, survey, 0 to 100", short="Pace, survey"))
    named = layout.team_labels(shown.path)
    checked = layout.unique_names(list(names(shown.path).items()))
    lines: list[list[str]] = []
    department = None
    for team in rows:
        if team.department != department:
            department = team.department
            lines.append([text(department)])
        name = _name(team, named[team.scope.removeprefix("team:")], checked[team.scope], period)
        cells = _cells(numbers, scales, team.scope)
        said = [paces.cell(team.scope)] if paces else []
        main = numbers.get(LEAD, {}).get(team.scope)
        verdict = components.verdict(main) if main else ""
        lines.append([name, *cells, *said, _actions(team), verdict])
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


def _name(team: Team, label: str, of: str, period: str) -> str:
    """The team, with its health check below; a mark where it asked for help."""
    link = page_link("team", label, {"team": label, "quarter": period})
    check = page_link("health", "health check", {"of": of, "quarter": period})
    asks = f'<span class="eo-under">{shape("few")} asked for help</span>' if team.asked_for_help else ""
    return f'{link}<span class="eo-under eo-whole">{check}</span>{asks}'


def _actions(team: Team) -> str:
    if team.promised is None:
        return '<span class="eo-cell"><i>none due</i></span>'
    done, of = team.promised
    said = [f"{team.without_update} no update"] if team.without_update else []
    said += [f"{team.overdue} overdue"] if team.overdue else []
    under = "".join(f'<span class="eo-under">{one}</span>' for one in said)
    return f"{done} of {of}{under}"
