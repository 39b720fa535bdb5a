"""Shows a plan: who is told of together, why, what will be published for whom, and who is not asked."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.survey.calendar import Opening, Wave
from pipelines.survey.planning import ITEMS_FROM, Draft

MOST_NAMED = 20
"""As many of those who are not asked are named in the text; json has them all."""
_UNIT = "scores in steps of 5, in bands, from {k} answers; else for a larger unit"
_GROUP = "scores; from {items} answers questions, shares and spread, unless they would tell a team"
_OF_ONE_UNIT = "what its only unit shows, and nothing more"
_SMALL = "scores only: {items} answers are out of reach"
NEWCOMERS = (
    "Whoever joins later answers with the newcomers: in their department as soon as six of them came to it, "
    "else in its parent, else in the organisation; "
    "fewer than six in the whole organisation are not asked. "
    "They count neither in a team nor below their pool."
)
EARLY_YEAR = (
    "A new year begins early only where much is reorganised: departments and the organisation keep their "
    "series, so where one to five people came since the last survey, what they said may follow."
)


@dataclass(frozen=True, slots=True)
class Coming:
    """A quarterly survey of the year, and the newcomers by pool whom the dated members promise by then.

    `joined` and `unasked` are None where a file is the roster, which tells nothing of later days.
    """

    wave: Wave
    joined: dict[str, int] | None = None
    unasked: int | None = None
    modules: tuple[str, ...] = ()
    """Ids of the modules that it asks besides."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is shown of a plan."""

    draft: Draft
    k: int
    coming: Sequence[Coming]
    pulses: Sequence[Opening]
    months_between: Sequence[date]
    """First days of the months in which no quarterly survey is proposed."""
    is_frozen: bool


def print_plan(shown: Shown, *, as_json: bool) -> None:
    """Print it to stdout."""
    if as_json:
        sys.stdout.write(json.dumps(plan_document(shown), ensure_ascii=False, indent=2) + "\n")
        return
    console = Console(highlight=False, soft_wrap=True)
    plan, roster = shown.draft.plan, shown.draft.roster
    console.print(f"The survey's units for {plan.year}: {len(roster.people)} people, each in exactly one.\n")
    console.print(_table("Units", _units(shown), console.width))
    console.print(_table("Departments", _groups(shown), console.width))
    console.print(Text(NEWCOMERS + "\n"))
    _print_calendar(console, shown)
    _print_left_out(console, shown.draft)


def plan_document(shown: Shown) -> dict[str, Any]:
    """The same for programs. It names accounts: keep it where the roster is kept."""
    plan, roster = shown.draft.plan, shown.draft.roster
    return {
        "schema_version": 1,
        "year": plan.year,
        "is_frozen": shown.is_frozen,
        "people": len(roster.people),
        "least_members": plan.least_members,
        "units": _units(shown),
        "departments": _groups(shown),
        "newcomers": NEWCOMERS,
        "surveys": [
            {
                "survey": one.wave.id,
                "opens_on": one.wave.opens_on.isoformat(),
                "closes_on": one.wave.closes_on.isoformat(),
                "newcomers": one.joined,
                "newcomers_not_asked": one.unasked,
                "modules": list(one.modules),
            }
            for one in shown.coming
        ],
        "pulses": [
            {
                "survey": one.wave.id,
                "items": sorted(one.wave.items),
                "left_out": dict(sorted(one.left_out.items())),
            }
            for one in shown.pulses
        ],
        "months_for_modules": [f"{month:%Y-%m}" for month in shown.months_between],
        "in_two_teams": [asdict(one) for one in roster.in_two_teams],
        "in_no_team": list(roster.not_asked),
        "bots": list(roster.bots),
    }


def _units(shown: Shown) -> list[dict[str, Any]]:
    draft = shown.draft
    reasons = _reasons(draft)
    return [
        {
            "id": unit.id,
            "name": unit.name,
            "within": unit.parent,
            "people": draft.sizes[unit.id],
            "shown": _UNIT.format(k=shown.k),
            "why": reasons.get(unit.id, ""),
        }
        for unit in draft.plan.partition.units
    ]


def _shown_of(people: int, units: int) -> str:
    """What a department or the organisation shows of so many people in so many units."""
    if units == 1:
        return _OF_ONE_UNIT
    return (_GROUP if people >= ITEMS_FROM else _SMALL).format(items=ITEMS_FROM)


def _groups(shown: Shown) -> list[dict[str, Any]]:
    draft = shown.draft
    below = draft.plan.partition.units_below()
    reasons = _reasons(draft)
    return [
        {
            "id": group.id,
            "name": group.name,
            "within": group.parent,
            "people": draft.sizes[group.id],
            "shown": _shown_of(draft.sizes[group.id], len(below[group.id])),
            "why": reasons.get(group.id, ""),
        }
        for group in draft.plan.partition.groups
    ]


def _reasons(draft: Draft) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for merge in draft.merges:
        found.setdefault(merge.into, []).append(merge.reason)
    return {into: "; ".join(reasons) for into, reasons in found.items()}


def _table(title: str, rows: Sequence[dict[str, Any]], width: int) -> Table:
    table = Table(title=title, title_justify="left", width=max(width, 80))
    for heading in ("name", "people", "what is shown", "why so"):
        table.add_column(heading, justify="right" if heading == "people" else "left", overflow="fold")
    for row in rows:
        table.add_row(Text(row["name"]), str(row["people"]), Text(row["shown"]), Text(row["why"]))
    return table


def _print_calendar(console: Console, shown: Shown) -> None:
    console.print("Surveys of the year, as proposed:")
    for one in shown.coming:
        line = f"- {one.wave.id}: opens {one.wave.opens_on}, closes {one.wave.closes_on}"
        if one.modules:
            line += f"; asks {', '.join(one.modules)} too"
        if one.joined:
            pools = ", ".join(f"{count} in {pool}" for pool, count in sorted(one.joined.items()))
            line += f"; newcomers by then: {pools}"
        if one.unasked:
            line += f"; newcomers by then {one.unasked}, fewer than six: not asked"
        console.print(Text(line))
    for pulse in shown.pulses:
        left_out = "; ".join(f"{item} not, {wave} asks it" for item, wave in sorted(pulse.left_out.items()))
        asks = ", ".join(sorted(pulse.wave.items))
        console.print(Text(f"- {pulse.wave.id}: asks {asks}{f' ({left_out})' if left_out else ''}"))
    if shown.months_between:
        months = ", ".join(f"{month:%Y-%m}" for month in shown.months_between)
        console.print(Text(f"- Months for a module that is asked apart (survey open --module): {months}"))
    console.print()


def _print_left_out(console: Console, draft: Draft) -> None:
    roster = draft.roster
    if roster.in_two_teams:
        console.print("In two teams, and asked for the smaller one: say which with a roster file")
        for one in roster.in_two_teams:
            console.print(Text(f"- {one.account}: {', '.join(one.units)} → {one.chosen}"))
    if roster.not_asked:
        named = ", ".join(roster.not_asked[:MOST_NAMED])
        more = len(roster.not_asked) - MOST_NAMED
        rest = f" and {more} more" if more > 0 else ""
        console.print(Text(f"In no team, so not asked ({len(roster.not_asked)}): {named}{rest}"))
    if roster.bots:
        console.print(Text(f"Bots, left out: {len(roster.bots)}"))
