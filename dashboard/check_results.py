"""What the data checks found, in words and tables."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboard import components, figure_words, figures, snapshot, snapshot_checks, words
from dashboard.components import Column, chip
from dashboard.markup import text, with_code
from dashboard.snapshot import Run

ROWS_AT_MOST = 20
CHIPS = {
    "warning": ("stop", "Look at it"),
    "note": ("dash", "Note"),
    "none": ("tick", "Nothing found"),
    "failed": ("hatch", "Could not be made"),
    "empty": ("none", "Nothing to look at"),
}


@dataclass(frozen=True)
class Checked:
    """What one check found in one scope."""

    check: str
    scope: str
    title: str
    meaning: str
    action: str
    about: str
    thing: str
    things: str
    has_floor: bool
    looked_at: int
    found: int
    state: str
    """warning, note, none; failed where it could not be made, empty where there is nothing to look at."""

    @property
    def looked_at_words(self) -> str:
        """`12 merged changes`."""
        return words.plural(self.looked_at, self.thing, self.things)


def load(path: str, quarter: str) -> list[Checked]:
    """Every check in the organisation and each team, in the order in which they are shown."""
    rows = snapshot_checks.data_checks(path, quarter)
    scopes = ["organisation", *(f"team:{key}" for key in snapshot.teams(path)["team"])]
    found = {(row["check_id"], row["scope"]): row for row in rows.iter_rows(named=True)}
    catalogue = rows.unique("check_id", maintain_order=True)
    return [
        _checked(
            scope,
            {**row, "looked_at": 0, "found": 0, "state": "empty"} | found.get((row["check_id"], scope), {}),
        )
        for row in catalogue.iter_rows(named=True)
        for scope in scopes
    ]


def _checked(scope: str, row: Mapping[str, Any]) -> Checked:
    named = ("title", "meaning", "action", "about", "thing", "things", "has_floor", "looked_at", "found")
    state = "failed" if row["error"] else row["state"]
    return Checked(row["check_id"], scope, **{name: row[name] for name in named}, state=state)


def lede(own: Sequence[Checked], withheld: int, quarter: str) -> str:
    """How many checks ask for a look, and how many metrics are withheld."""
    asking = [one.title.lower() for one in own if one.state in ("warning", "failed")]
    if asking:
        verb = "asks" if len(asking) == 1 else "ask"
        first = f"{words.amount(len(asking))} of {words.amount(len(own))} checks {verb} for a look"
        first = f"{words.sentence(first)}: {words.listed(asking)}."
    else:
        first = "No check asks for a look."
    is_whole = bool(own) and own[0].scope == "organisation" and withheld > 0
    where = ", in the organisation or a team" if is_whole else ""
    metrics = f"{words.amount(withheld)} {'metric is' if withheld == 1 else 'metrics are'}"
    return f"{first} {words.sentence(metrics)} withheld in {words.period(quarter)}{where}."


def joins(found: Iterable[Checked], scopes: Mapping[str, str], floor: float) -> str:
    """One bar per join and scope."""
    columns = [Column("Of"), Column("Linked"), Column("Share", is_number=True), Column("Counted")]
    lines: list[list[str]] = []
    for one in found:
        if one.about != "join" or one.scope not in scopes:
            continue
        if one.scope == next(iter(scopes)):
            free = "" if one.has_floor else ". No line: not every one of them belongs to a deployment"
            lines.append([text(one.title + free)])
        lines.append([text(scopes[one.scope]), *_bar(one, floor)])
    return components.table("What is joined", columns, lines)


def _bar(one: Checked, floor: float) -> list[str]:
    if not one.looked_at:
        return [chip(*CHIPS["failed" if one.state == "failed" else "empty"]), "", ""]
    linked = one.looked_at - one.found
    mark = f'<i style="left:{100 * floor:g}%"></i>' if one.has_floor else ""
    width = f'<span style="width:{100 * linked / one.looked_at:.1f}%"></span>'
    below = '<span class="eo-under">below the line</span>' if one.state == "warning" else ""
    return [
        f'<div class="eo-cover" aria-hidden="true">{width}{mark}</div>',
        figure_words.percent(linked, one.looked_at),
        f"{linked:,} of {text(one.looked_at_words)}{below}",
    ]


def table(found: Sequence[Checked], scope: str, teams: Mapping[str, str]) -> str:
    """One line per check of a scope: what it came to, what that means and asks for, and in which teams."""
    columns = [Column("Check"), Column("Outcome"), Column("Found", is_number=True), Column("What it means")]
    return components.table(
        "Checks", columns, [_line(one, found, teams) for one in found if one.scope == scope]
    )


def _line(one: Checked, found: Sequence[Checked], teams: Mapping[str, str]) -> list[str]:
    if one.state in ("empty", "failed"):
        return [text(one.title), chip(*CHIPS[one.state]), "", ""]
    count = f"<b>{one.found:,}</b>" if one.found else "0"
    count += f'<span class="eo-under">of {text(one.looked_at_words)}</span>'
    meaning = [with_code(one.action)] if one.state == "warning" else []
    parts = [
        f"{teams[other.scope]} {other.found:,}"
        for other in found
        if other.check == one.check and other.found and other.scope in teams and other.scope != one.scope
    ]
    meaning += [text(f"In {words.listed(parts)}")] if parts else []
    below = "".join(f'<span class="eo-under">{line}</span>' for line in meaning)
    return [text(one.title), chip(*CHIPS[one.state]), count, (text(one.meaning) if one.found else "") + below]


def why_withheld(path: str, metric: str, scope: str, quarter: str) -> str:
    """What keeps items from being linked, the most frequent first, with how many."""
    definition = snapshot.definitions(path)[metric]
    unlinked = snapshot.left_out(path, metric, quarter).filter(
        pl.col("reason").is_in(definition.unlinked_reasons),
        scope=scope,
        item_kind=definition.coverage_item_kind,
    )
    parts = unlinked.select("reason", "items").iter_rows()
    return "; ".join(f"{figures.reason_words(definition, reason)} ({items:,})" for reason, items in parts)


def rows(run: Run, one: Checked, scope: str, found: pl.DataFrame) -> str:
    """The newest rows of a check in a scope, with how many there are in all."""
    if scope != "organisation":
        found = found.filter(team_id=scope.partition(":")[2])
    found = found.unique(["item_kind", "item_id"], keep="first", maintain_order=True).head(ROWS_AT_MOST)
    few = f"{found.height} of {one.found:,}, the newest" if found.height < one.found else f"All {one.found}"
    columns = [Column("What"), Column("Service"), Column("When"), Column("Found")]
    lines = []
    for row in found.iter_rows(named=True):
        when = words.moment(run.local(row["occurred_at"])) if row["occurred_at"] else "now"
        detail = row["detail"] + (f", by {_amount(row['hours'])}" if row["hours"] is not None else "")
        name = components.link(row["label"], row["url"])
        lines.append([name, text(row["service"] or "no service"), text(when), text(detail)])
    listed = components.table(one.title, columns, lines, phone="brief")
    return f'<p class="eo-note">{with_code(one.action)} {few}.</p>{listed}'


def _amount(hours: float) -> str:
    if hours < 1:
        return f"{words.figure(hours * 60)} min"
    return f"{words.figure(hours)} h" if hours < 48 else f"{words.figure(hours / 24)} d"
