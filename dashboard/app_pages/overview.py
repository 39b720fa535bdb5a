"""The organisation: its outcomes, its teams and services, each beside its own past."""

import polars as pl
import streamlit as st

from dashboard import chart_weekly, components, figures, layout, ledes, scope_table, snapshot, trends, words
from dashboard.chart_weekly import Weekly
from dashboard.components import page_link, section, show
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.scope_table import Numbers
from dashboard.snapshot import Snapshot

HEADLINE = (
    "change_lead_time",
    "deployment_frequency",
    "change_failure_rate",
    "failed_deployment_recovery_time",
)
CHARTS_AT_MOST = 9


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
    section("Teams", "In alphabetical order. Compare a team with its own past, not with its neighbours.")
    scope_table.draw("Teams", teams, numbers)
    _week_by_week(shown, quarter, teams)
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
    """One row per service: scope, name, label (a link, its owner below), department_name."""
    labels = layout.scope_labels(shown.path)
    rows = []
    for key, name, team, department in (
        snapshot.services(shown.path).select("service", "name", "team_name", "department_name").iter_rows()
    ):
        query = {"scope": labels[f"service:{key}"], "quarter": words.period(quarter)}
        label = f'{page_link("metrics", name, query)}<span class="eo-under">{text(team)}</span>'
        rows.append((f"service:{key}", name, label, department))
    return pl.DataFrame(
        rows, schema=dict.fromkeys(["scope", "name", "label", "department_name"], pl.String), orient="row"
    )


def _card(found: dict[str, Figure], teams: pl.DataFrame) -> str:
    return components.card(found["organisation"], components.tally(found[scope] for scope in teams["scope"]))


def _week_by_week(shown: Snapshot, quarter: str, teams: pl.DataFrame) -> None:
    """Small charts of the weekly lead time, one per team, all on one scale."""
    metric = HEADLINE[0]
    if metric not in snapshot.definitions(shown.path) or teams.is_empty():
        return
    definition = snapshot.definitions(shown.path)[metric]
    section(
        "Week by week",
        f"Weekly median of {definition.title.lower()}, same scale for all. Band: the range expected from each "
        "team's own first 26 weeks. ▼ ▲ outside it, ◆ eight in a row on one side, ○ week still open.",
    )
    drawn = teams.head(CHARTS_AT_MOST)
    series = {scope: trends.load(shown.path, metric, scope, quarter) for scope in drawn["scope"]}
    found = [s for s in series.values() if s is not None]
    axis = chart_weekly.value_axis(found, is_duration=definition.unit == "hours")
    grid = st.grid(4, min_column_width=240, gap=("medium", "small"))
    for scope, name in drawn.select("scope", "name").iter_rows():
        with grid.cell():
            _small(name, series[scope], axis, definition.title)
    if drawn.height < teams.height:
        show(
            f'<p class="eo-note">{drawn.height} of {teams.height} teams; the others have theirs on their own pages.</p>'
        )
    chart_weekly.table(drawn["name"].to_list(), list(series.values()))
    judged = sum(s.expected is not None for s in found)
    show(
        f'<p class="eo-note">About 1 in 5 steady series shows a false signal in a quarter by chance: of the {judged} '
        f"above with a range, expect about {words.figure(judged / 5)}. Not shown on purpose: people, rankings, "
        "one overall score.</p>"
    )


def _small(name: str, series: Weekly | None, axis: chart_weekly.Axis, title: str) -> None:
    line = trends.said(series, "duration") if series else "no number in these weeks"
    show(
        f'<div class="eo-h3" role="heading" aria-level="3">{text(name)}</div><div class="eo-note">{text(line)}</div>'
    )
    if series is None:
        show(
            components.state(
                "", "none", "No data", "No week had enough changes, or too few could be linked.", height=112
            )
        )
    else:
        layout.chart(
            chart_weekly.draw(series, axis, height=120, small=True),
            f"{title} of {name}, week by week: {line}",
        )
