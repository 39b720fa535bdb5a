"""The organisation: its outcomes, its teams and services, each beside its own past."""

import polars as pl
import streamlit as st

from dashboard import components, figures, headlines, layout, ledes, scope_table, snapshot, weeks, words
from dashboard.components import page_link, section, show
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.snapshot import Snapshot

HEADLINE = (
    "change_lead_time",
    "deployment_frequency",
    "change_failure_rate",
    "failed_deployment_recovery_time",
)


def page(shown: Snapshot) -> None:
    """Draw the overview."""
    left, right = layout.head()
    with right:
        quarter = layout.quarter_choice(shown)
    with st.skeleton(height=600):
        teams, services = _teams(shown, quarter), _services(shown, quarter)
        scopes = ["organisation", *teams["scope"], *services["scope"]]
        known = snapshot.definitions(shown.path)
        numbers = {m: figures.load(shown.path, m, scopes, quarter) for m in HEADLINE if m in known}
    with left:
        main = next(iter(numbers.values()), {})
        named = [(name, main[scope]) for scope, name in teams.select("scope", "name").iter_rows() if main]
        layout.opening("Overview", ledes.overview(named, layout.quarter_so_far(shown, quarter)))
    counts = f"{words.plural(teams.height, 'team')}, {words.plural(services.height, 'service')}"
    layout.meta(shown, [f"<b>{text(snapshot.run(shown.path).organisation)}</b>, {counts}"])
    section(
        "Outcomes",
        "All services together. Below each number: in how many teams it changed, and what it rests on.",
    )
    show(components.cards(_card(found, teams) for found in numbers.values()))
    links = dict(teams.select("scope", "label").iter_rows())
    name = snapshot.run(shown.path).organisation
    headlines.draw(shown, "organisation", name, quarter, headlines.elsewhere(shown, links, quarter))
    section("Teams", "In alphabetical order. Compare a team with its own past, not with its neighbours.")
    scope_table.draw("Teams", teams, numbers)
    if HEADLINE[0] in known and not teams.is_empty():
        weeks.per_team(shown, known[HEADLINE[0]], teams, quarter)
    section(
        "Services", "The same numbers for each service, under the department of the team that owns it today."
    )
    scope_table.draw("Services", services, numbers)
    with st.expander("What each number rests on: linked, not linked, left out"):
        show(scope_table.coverage(pl.concat([teams, services]), numbers))
    layout.sources(shown)


def _teams(shown: Snapshot, quarter: str) -> pl.DataFrame:
    """One row per team: scope, name, label (a link), department_name."""
    labels = layout.team_labels(shown.path)
    rows = [
        (
            f"team:{key}",
            name,
            page_link("team", name, {"team": labels[key], "quarter": words.period(quarter)}),
            department,
        )
        for key, name, department in snapshot.teams(shown.path)
        .select("team", "name", "department_name")
        .iter_rows()
    ]
    return pl.DataFrame(
        rows, schema=dict.fromkeys(["scope", "name", "label", "department_name"], pl.String), orient="row"
    )


def _services(shown: Snapshot, quarter: str) -> pl.DataFrame:
    """One row per service: scope, name, label (a link, its owners below), department_name of the first."""
    labels = layout.scope_labels(shown.path)
    rows = []
    owners = snapshot.services(shown.path).group_by("service", maintain_order=True)
    owned = owners.agg(pl.col("name").first(), pl.col("team_name"), pl.col("department_name").first())
    for key, name, teams, department in owned.iter_rows():
        query = {"scope": labels[f"service:{key}"], "quarter": words.period(quarter)}
        label = (
            f'{page_link("metrics", name, query)}<span class="eo-under">{text(words.listed(teams))}</span>'
        )
        rows.append((f"service:{key}", name, label, department))
    return pl.DataFrame(
        rows, schema=dict.fromkeys(["scope", "name", "label", "department_name"], pl.String), orient="row"
    )


def _card(found: dict[str, Figure], teams: pl.DataFrame) -> str:
    return components.card(found["organisation"], components.tally(found[scope] for scope in teams["scope"]))
