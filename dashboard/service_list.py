"""All services beside their own past, with who owns them; and what is nobody's."""

from collections.abc import Sequence

import polars as pl

from dashboard import components, layout, snapshot, snapshot_services, words
from dashboard.components import Column, page_link, section, show
from dashboard.figures import Figure
from dashboard.kept import kept
from dashboard.ledes import NAMED_AT_MOST
from dashboard.markup import text

KINDS = {
    "service": "service",
    "repository": "repository",
    "project": "project",
    "incident_service": "service that incidents name",
    "catalogue_service": "service of the catalogue",
    "indicator": "quality indicator",
    "team": "team",
    "team_elsewhere": "team named elsewhere",
    "pull_requests": "changes",
}
_ROWS = dict.fromkeys(["scope", "name", "link", "label", "department_name"], pl.String)


@kept
def labels(path: str) -> dict[str, str]:
    """Every service in use by its id, as selectors and addresses write it."""
    return layout.unique_names(
        snapshot.services(path).select("service", "name").unique(maintain_order=True).rows()
    )


@kept
def rows(path: str, quarter: str) -> pl.DataFrame:
    """One row per service: scope, name, link, label (the link, its owners below), department_name.

    The department is that of the first owner.
    """
    named = labels(path)
    owners = snapshot.services(path).group_by("service", maintain_order=True)
    owned = owners.agg(pl.col("team_name"), pl.col("department_name").first())
    found = []
    for key, teams, department in owned.iter_rows():
        query = {"service": named[key], "quarter": words.period(quarter)}
        under = f'<span class="eo-under">{text(words.listed(teams))}</span>'
        link = page_link("services", named[key], query)
        found.append((f"service:{key}", named[key], link, link + under, department))
    return pl.DataFrame(found, schema=_ROWS, orient="row")


def lede(
    services: pl.DataFrame, main: dict[str, Figure], quarter: str, *, ownerless: int, adrift: int
) -> str:
    """Which services changed clearly, and what is nobody's; at most two sentences."""
    if services.is_empty():
        return "No service is configured yet."
    changed: dict[str, list[str]] = {}
    for scope, name in services.select("scope", "name").iter_rows():
        figure = main.get(scope)
        up = words.went_up(figure.definition, figure.state) if figure else None
        if figure and up is not None:
            changed.setdefault(words.changed(figure.definition, up=up), []).append(name)
    whole, of = sum(map(len, changed.values())), words.plural(services.height, "service")
    groups = "; ".join(f"{word} in {_named(names)}" for word, names in changed.items())
    where = f"in {words.amount(whole)} of {of}: {groups}" if changed else f"in none of {of}"
    first = f"In {words.period(quarter)} change lead time changed clearly {where}."
    has = "service has" if ownerless == 1 else "services have"
    parts = (
        [f"{words.amount(ownerless)} {has} no owner today"] if ownerless else ["every service has an owner"]
    )
    if adrift:
        are = "repository is nobody's" if adrift == 1 else "repositories are nobody's"
        parts.append(f"{words.amount(adrift)} {are}")
    return f"{first} {words.sentence(words.listed(parts))}."


def _named(names: list[str]) -> str:
    """Their names; of many their number."""
    return words.listed(names) if len(names) <= NAMED_AT_MOST else words.plural(len(names), "service")


def nobodys(path: str, found: pl.DataFrame) -> None:
    """What has no owner, or an unclear one, named: services and repositories first."""
    section(
        "Nobody's", "What was read and belongs to no service or team, or of which the owner is not clear."
    )
    names = dict(snapshot.services(path).select("service", "name").rows())
    if found.is_empty():
        shown = components.state("", "tick", "Nothing is nobody's", "Everything that was read has an owner.")
        show(shown)
        return
    lines = [_line(names, row) for row in found.select("kind", "source", "name", "why", "items").rows()]
    columns = [Column("Name"), Column("What"), Column("Told by"), Column("Why")]
    show(components.table("What is nobody's", columns, lines))


def _line(names: dict[str, str], row: Sequence[object]) -> list[str]:
    kind, source, name, why, items = row
    many = f" ({items:,})" if isinstance(items, int) and items > 1 else ""
    shown = names.get(str(name), str(name)) if kind == "service" else str(name)
    told = source or "the configuration"
    return [
        text(shown),
        text(KINDS.get(str(kind), str(kind).replace("_", " ")) + many),
        text(told),
        text(why),
    ]


def ownerless(path: str) -> int:
    """How many services in use nobody owns today."""
    return len(snapshot_services.without_owner(path))
