"""The organisation: what changed, its outcomes, its teams each beside its own past, and error budgets."""

import polars as pl
import streamlit as st

from dashboard import (
    budgets,
    components,
    figures,
    headlines,
    layout,
    ledes,
    scope_table,
    service_list,
    snapshot,
    team_index,
    weeks,
    words,
)
from dashboard.components import page_link, section, show
from dashboard.figures import Figure
from dashboard.health.numbers import Numbers
from dashboard.health.results import budget_policy
from dashboard.health.written import Entries
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.team_index import Team
from dashboard.written_here import entries_or_why_not

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
    written, trouble = entries_or_why_not(shown.path)
    with st.skeleton(height=600):
        scopes = ["organisation", *(f"team:{team}" for team in snapshot.teams(shown.path)["team"])]
        known = snapshot.definitions(shown.path)
        numbers = {m: figures.load(shown.path, m, scopes, quarter) for m in HEADLINE if m in known}
        teams = team_index.teams(shown, numbers, written, quarter)
    with left:
        main = next(iter(numbers.values()), {})
        named = [(team.name, main[team.scope]) for team in teams if main]
        layout.opening("Overview", ledes.overview(named, layout.quarter_so_far(shown, quarter)))
    _meta(shown, teams, main.get("organisation"))
    if trouble:
        show(components.state("What was written", "stop", "Could not read", text(trouble), tone="bad"))
    links = {team.scope: _link(shown, team, quarter) for team in teams}
    name = snapshot.run(shown.path).organisation
    headlines.draw(shown, "organisation", name, quarter, headlines.elsewhere(shown, links, quarter))
    section(
        "Outcomes", "All services together. Below each: in how many teams it changed, and what it rests on."
    )
    show(components.cards(_card(found, teams) for found in numbers.values()))
    _teams(shown, teams, numbers, quarter)
    _budgets(shown, written, quarter)
    with st.expander("What each number rests on: linked, not linked, left out"):
        show(scope_table.coverage(_rows(teams, links), numbers))
    layout.sources(shown)


def _meta(shown: Snapshot, teams: list[Team], main: Figure | None) -> None:
    services = snapshot.services(shown.path)["service"].n_unique()
    counts = f"{words.plural(len(teams), 'team')}, {words.plural(services, 'service')}"
    parts = [f"<b>{text(snapshot.run(shown.path).organisation)}</b>, {counts}"]
    now = main.now if main else None
    if main and now and now.coverage_eligible and now.coverage_linked is not None:
        share = figures.percent(now.coverage_linked, now.coverage_eligible)
        things = words.noun(main.definition.coverage_item_kind, now.coverage_eligible)
        parts.append(f"<b>{share}</b> of {text(things)} linked to a deployment")
    layout.meta(shown, parts)


def _link(shown: Snapshot, team: Team, quarter: str) -> str:
    label = layout.team_labels(shown.path)[team.scope.removeprefix("team:")]
    return page_link("team", label, {"team": label, "quarter": words.period(quarter)})


def _rows(teams: list[Team], links: dict[str, str]) -> pl.DataFrame:
    """Teams as tables and charts take them: scope, name, label (a link)."""
    found = [(team.scope, team.name, links[team.scope]) for team in teams]
    return pl.DataFrame(found, schema=dict.fromkeys(["scope", "name", "label"], pl.String), orient="row")


def _card(found: dict[str, Figure], teams: list[Team]) -> str:
    return components.card(found["organisation"], components.tally(found[team.scope] for team in teams))


def _teams(shown: Snapshot, teams: list[Team], numbers: scope_table.Numbers, quarter: str) -> None:
    """The index and, of the teams that it shows, the weeks."""
    section("Teams", "In alphabetical order. Compare a team with its own past, not with its neighbours.")
    chosen = team_index.choice()
    passing = [team for team in teams if team.passes(chosen)]
    team_index.draw(shown, passing, len(teams), chosen, numbers, quarter)
    known = snapshot.definitions(shown.path)
    if HEADLINE[0] in known and passing:
        links = {team.scope: "" for team in passing}
        weeks.per_team(shown, known[HEADLINE[0]], _rows(passing, links), quarter)


def _budgets(shown: Snapshot, written: Entries, quarter: str) -> None:
    if budgets.METRIC not in snapshot.definitions(shown.path):
        return
    rows = service_list.rows(shown, quarter)
    found = figures.load(shown.path, budgets.METRIC, rows["scope"].to_list(), quarter)
    policy = budget_policy(Numbers(shown.path, "organisation", quarter), written)
    budgets.draw(rows, found, quarter, policy)
