"""The organisation: what changed, its outcomes, its teams each beside its own past, and error budgets."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboard import (
    budgets,
    components,
    figure_words,
    figures,
    fold,
    headlines,
    layout,
    ledes,
    scope_table,
    service_list,
    snapshot,
    standings,
    team_index,
    team_table,
    weeks,
    words,
)
from dashboard.components import page_link, section, show
from dashboard.figures import Figure
from dashboard.fold import Listed
from dashboard.health.numbers import Numbers
from dashboard.health.results import budget_policy
from dashboard.health.written import Entries
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.team_index import Team
from dashboard.written_here import entries_or_why_not

WHOLE = "organisation"
HEADLINE = (
    "change_lead_time",
    "deployment_frequency",
    "change_failure_rate",
    "failed_deployment_recovery_time",
)


def page(shown: Snapshot) -> None:
    """Draw the overview."""
    team_index.require_known(shown)
    left, right = layout.head()
    with right:
        quarter = layout.quarter_choice(shown)
    written, trouble = entries_or_why_not(shown.path)
    with st.skeleton(height=600):
        known = snapshot.definitions(shown.path)
        metrics = tuple(metric for metric in HEADLINE if metric in known)
        came_to = standings.of_teams(shown.path, metrics, quarter)
        whole = {m: figures.load(shown.path, m, [WHOLE], quarter, among=metrics)[WHOLE] for m in metrics}
        teams = team_index.teams(shown, came_to, written, quarter)
    with left:
        main = next(iter(came_to.values()), {})
        named = [(team.name, main[team.scope]) for team in teams if main]
        layout.opening("Overview", ledes.overview(named, layout.quarter_so_far(shown, quarter)))
    _meta(shown, quarter, teams, next(iter(whole.values()), None))
    if trouble:
        show(components.state("What was written", "stop", "Could not read", text(trouble), tone="bad"))
    scopes = [team.scope for team in teams]
    elsewhere = headlines.elsewhere(shown, scopes, quarter, lambda scope: _link(shown, scope, quarter))
    headlines.draw(shown, WHOLE, snapshot.run(shown.path).organisation, quarter, elsewhere)
    section(
        "Outcomes", "All services together. Below each: in how many teams it changed, and what it rests on."
    )
    tallies = {metric: components.tally(came_to[metric][scope] for scope in scopes) for metric in metrics}
    show(components.cards(components.card(whole[metric], tallies[metric]) for metric in metrics))
    rows, numbers = _teams(shown, teams, metrics, quarter)
    _budgets(shown, written, quarter)
    if rows:
        with st.expander("What each number rests on: linked, not linked, left out"):
            show(scope_table.coverage(_labelled(shown, rows, quarter), numbers))
    layout.sources(shown)


def _meta(shown: Snapshot, quarter: str, teams: Sequence[Team], main: Figure | None) -> None:
    services = snapshot.services(shown.path)["service"].n_unique()
    counts = f"{words.plural(len(teams), 'team')}, {words.plural(services, 'service')}"
    if layout.is_long_over(shown, quarter):
        counts += f" of today, in <b>{words.period(quarter)}</b>"
    parts = [f"<b>{text(snapshot.run(shown.path).organisation)}</b>, {counts}"]
    now = main.now if main else None
    if main and now and now.coverage_eligible and now.coverage_linked is not None:
        share = figure_words.percent(now.coverage_linked, now.coverage_eligible)
        things = words.noun(main.definition.coverage_item_kind, now.coverage_eligible)
        parts.append(f"<b>{share}</b> of {text(things)} linked to a deployment")
    layout.meta(shown, parts)


def _link(shown: Snapshot, scope: str, quarter: str) -> str:
    label = layout.team_labels(shown.path)[scope.removeprefix("team:")]
    return page_link("team", label, {"team": label, "quarter": words.period(quarter)})


def _labelled(shown: Snapshot, teams: Sequence[Team], quarter: str) -> pl.DataFrame:
    """Teams as tables and charts take them: scope, name, label (a link)."""
    found = [(team.scope, team.name, _link(shown, team.scope, quarter)) for team in teams]
    return pl.DataFrame(found, schema=dict.fromkeys(["scope", "name", "label"], pl.String), orient="row")


def _teams(
    shown: Snapshot, teams: Sequence[Team], metrics: tuple[str, ...], quarter: str
) -> tuple[Sequence[Team], scope_table.Numbers]:
    """The index and, of the teams that it shows, the weeks. Which teams are open, and their numbers."""
    section("Teams", "In alphabetical order. Compare a team with its own past, not with its neighbours.")
    chosen = team_index.choice()
    passing = [team for team in teams if team.passes(chosen)]
    if not passing:
        show(team_table.nobody(len(teams), chosen, quarter))
    elif chosen and len(teams) <= fold.AT_ONCE:
        show(f'<p class="eo-note">{len(passing)} of {words.plural(len(teams), "team")}.</p>')
    listed = Listed("team", "", team_index.address_of(chosen, quarter), team_index.COUNTS)
    drawn = fold.opened(passing, teams, listed) if passing else []
    opened = drawn if len(teams) > fold.AT_ONCE else teams
    scopes = [WHOLE, *(team.scope for team in opened)]
    numbers = {m: figures.load(shown.path, m, scopes, quarter, among=metrics) for m in metrics}
    if drawn:
        team_table.draw(shown, drawn, numbers, quarter)
    if drawn and HEADLINE[0] in metrics:
        rows = _labelled(shown, drawn, quarter)
        weeks.per_team(shown, snapshot.definitions(shown.path)[HEADLINE[0]], rows, quarter)
    return opened, numbers


def _budgets(shown: Snapshot, written: Entries, quarter: str) -> None:
    if budgets.METRIC in snapshot.definitions(shown.path):
        policy = budget_policy(Numbers(shown.path, WHOLE, quarter), written)
        budgets.draw(shown.path, service_list.rows(shown.path, quarter), quarter, policy)
