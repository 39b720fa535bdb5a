"""One service: its owners over time, and every number that it has, beside its own past."""

from datetime import date

import polars as pl

from dashboard import components, figure_words, snapshot, snapshot_services, words
from dashboard.components import Column, chip, page_link, section, show
from dashboard.definition import Definition
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.sparkline import sparkline

FAMILIES = {
    "delivery": "Delivery",
    "reliability": "Reliability and error budget",
    "quality": "Quality",
    "flow": "Flow",
    "governance": "Governance",
}
"""In the order in which they are shown; others follow by name."""
ORIGINS = {
    "configuration": "the configuration",
    "catalogue": "the service catalogue",
    "code_owners": "the repository's list of owners",
}


def owners(shown: Snapshot, service: str, quarter: str) -> None:
    """Who owned it when, the latest first; times without an owner are rows of their own."""
    section("Owners over time", "Work counts for the team that owned the service on its day.")
    rows = snapshot_services.owners(shown.path).filter(service=service)
    if rows.is_empty():
        nobody = "No team has ever owned it: its work counts for the organisation alone."
        show(components.state("", "none", "No owner", nobody))
        return
    teams = dict(snapshot.teams(shown.path).select("team", "name").rows())
    lines = []
    for row in rows.iter_rows(named=True):
        name = row["team_name"]
        query = {"team": name, "quarter": words.period(quarter)}
        link = page_link("team", name, query) if row["team"] in teams else text(name)
        lines.append([link, *_span(row["valid_from"], row["valid_to"]), text(_known_by(row))])
    lines += _gaps(rows, snapshot.run(shown.path).today)
    columns = [Column("Team"), Column("From"), Column("To"), Column("Known by")]
    show(components.table("Owners over time", columns, lines))


def _span(first: date | None, end: date | None) -> tuple[str, str]:
    """The first day, and the day from which it was no longer so."""
    return words.day(first) if first else "the beginning", words.day(end) if end else "today"


def _known_by(row: dict[str, object]) -> str:
    origin = str(row["origin"] or "")
    said = ORIGINS.get(origin, origin.replace("_", " ") or "not told")
    return f"{said}; for the time before it was told, assumed" if row["is_assumed"] else said


def _gaps(rows: pl.DataFrame, today: date) -> list[list[str]]:
    """Times between owners, and since the last one, in which nobody owned it."""
    lines, until = [], date.min
    spans = [
        (row["valid_from"] or date.min, row["valid_to"] or date.max) for row in rows.iter_rows(named=True)
    ]
    for first, end in sorted(spans):
        if until not in (date.min, date.max) and first > until:
            lines.append([chip("none", "No owner"), *_span(until, first), ""])
        until = max(until, end)
    if until <= today:
        lines.append([chip("none", "No owner"), *_span(until, None), ""])
    return lines


def numbers(name: str, scope_label: str, quarter: str, found: list[Figure]) -> None:
    """Every number that the service has ever had, family by family; the others are counted."""
    measured = [one for one in found if any(p is not None and p.value is not None for p in one.history)]
    section("Its numbers", f"{words.period(quarter)}, each beside its own past.")
    if not measured:
        show(components.state("", "none", "No data", text(f"Nothing of {name} has been measured yet.")))
        return
    families = sorted({one.definition.family for one in measured}, key=_place)
    lines: list[list[str]] = []
    for family in families:
        lines.append([text(FAMILIES.get(family, family.capitalize()))])
        lines += [_line(one, scope_label, quarter) for one in measured if one.definition.family == family]
    columns = [Column("Metric"), Column("This quarter"), Column("Quarter by quarter", short="Quarters")]
    columns += [Column("Against the quarter before", short="Verdict"), Column("Rests on")]
    show(components.table(f"Numbers of {name}, {words.period(quarter)}", columns, lines))
    without = len(found) - len(measured)
    if without:
        metrics = words.plural(without, "metric")
        show(f'<p class="eo-note">{metrics} of the reference had nothing to count here.</p>')


def _place(family: str) -> tuple[int, str]:
    order = list(FAMILIES)
    return (order.index(family) if family in order else len(order)), family


def _line(figure: Figure, scope_label: str, quarter: str) -> list[str]:
    definition: Definition = figure.definition
    query = {"metric": definition.title, "scope": scope_label, "quarter": words.period(quarter)}
    cover = "".join(f'<span class="eo-under">{text(line)}</span>' for line in figure_words.coverage(figure))
    old = components.stale(figure.stale_since) if figure.stale_since else ""
    return [
        page_link("metrics", definition.title, query),
        components.cell(figure, figure.scale) + old,
        sparkline(figure),
        components.verdict(figure),
        cover,
    ]
