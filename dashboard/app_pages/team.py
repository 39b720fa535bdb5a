"""One team: its numbers, its weeks, what is still open, and the items behind each number."""

import streamlit as st

from dashboard import (
    components,
    drill_down,
    figures,
    forecast,
    further,
    headlines,
    judged,
    layout,
    ledes,
    neighbours,
    open_work,
    snapshot,
    team_said,
    weeks,
    words,
)
from dashboard.app_pages.overview import HEADLINE
from dashboard.components import chip, section, show
from dashboard.markup import text
from dashboard.snapshot import Snapshot

SMALL_CHARTS_AT_MOST = 7


def page(shown: Snapshot) -> None:
    """Draw the team's page."""
    labels = layout.team_labels(shown.path)
    if not labels:
        layout.opening("Team", "No team is configured yet.")
        return
    left, right = layout.head()
    with right:
        one, two = st.columns(2, gap="small")
        with one:
            team = st.selectbox(
                "Team", list(labels), key="team", bind="query-params", format_func=labels.__getitem__
            )
        with two:
            quarter = layout.quarter_choice(shown)
    scope, name = f"team:{team}", labels[team]
    known = snapshot.definitions(shown.path)
    with st.skeleton(height=600):
        numbers = {m: figures.load(shown.path, m, [scope], quarter)[scope] for m in known}
    headline = [numbers[m] for m in HEADLINE if m in numbers]
    with left:
        layout.opening(name, ledes.team(headline, layout.quarter_so_far(shown, quarter)))
    _meta(shown, team, quarter)
    show(components.cards(components.card(f, judged.foot(f)) for f in headline))
    headlines.draw(shown, scope, name, quarter)
    _weeks(shown, scope, name, quarter)
    open_work.draw(shown, scope)
    forecast.draw(shown, scope, name)
    limit = dict(snapshot.teams(shown.path).select("team", "wip_limit").iter_rows())[team]
    further.draw(quarter, limit, [numbers[m] for m in known if m not in HEADLINE])
    team_said.draw(shown, team, name, quarter, headline)
    _behind(shown, scope, name, quarter)


def _meta(shown: Snapshot, team: str, quarter: str) -> None:
    rows = snapshot.services(shown.path)
    owned = [name for name, owner in rows.select("name", "team").iter_rows() if owner == team]
    row = next(r for r in snapshot.teams(shown.path).iter_rows(named=True) if r["team"] == team)
    services = f"owns <b>{text(', '.join(owned))}</b>" if owned else "owns no service today"
    parts = [f"<b>{text(row['department_name'])}</b>", services]
    so_far = layout.quarter_so_far(shown, quarter)
    layout.meta(
        shown, [*parts, chip("half", f"{words.period(quarter)}: {so_far}", "line")] if so_far else parts
    )


def _weeks(shown: Snapshot, scope: str, name: str, quarter: str) -> None:
    """The first weekly series wide, the others small."""
    weekly = [
        d for d in snapshot.definitions(shown.path).values() if "week" in d.grains and d.kind != "ratio"
    ]
    weekly.sort(key=lambda d: d.metric not in HEADLINE)
    if not weekly:
        return
    weeks.wide(shown, weekly[0], scope, name, quarter)
    if weekly[1:]:
        section(
            "The others, week by week", f"Each on its own scale. Band: its expected range. {weeks.LEGEND}"
        )
        weeks.several(shown, weekly[1 : SMALL_CHARTS_AT_MOST + 1], scope, name, quarter)


def _behind(shown: Snapshot, scope: str, name: str, quarter: str) -> None:
    """From a number down to its rows and items; metric and period stand in the address."""
    section("Behind a number", "Nothing is left out without a reason.")
    known = snapshot.definitions(shown.path)
    titles = {m: known[m].title for m in [*HEADLINE, *known] if m in known}
    one, two, _ = st.columns([0.34, 0.26, 0.4])
    with one:
        metric = st.selectbox(
            "Metric", list(titles), key="metric", bind="query-params", format_func=titles.__getitem__
        )
    with two:
        options = layout.periods_of(shown.path, quarter, known[metric].grains)
        period = st.selectbox("Period", options, key="period", bind="query-params", format_func=words.period)
    behind = drill_down.load(shown.path, metric, scope, name, period)
    show(f"<p>{drill_down.published(behind)}</p>")
    show(drill_down.rows_to_number(behind))
    drill_down.items(shown.path, behind)
    neighbours.draw(shown.path, behind, scope, period)
