"""Services: all of them beside their own past, or one with its owners and numbers."""

from dataclasses import dataclass

import polars as pl
import streamlit as st

from dashboard import (
    address,
    budgets,
    components,
    figures,
    fold,
    judged,
    layout,
    ledes,
    scope_table,
    service_list,
    service_one,
    snapshot,
    snapshot_services,
    weeks,
    words,
)
from dashboard.app_pages.overview import HEADLINE
from dashboard.components import section, show
from dashboard.figures import Figure
from dashboard.fold import Listed
from dashboard.health.numbers import Numbers
from dashboard.health.results import budget_policy
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.written_here import entries_or_why_not

ALL = "all"
SHOWN = ("change_lead_time", "change_failure_rate", budgets.METRIC, "new_code_coverage")
"""One of delivery, reliability, budget and quality each."""


def page(shown: Snapshot) -> None:
    """Draw all services, or the one that the address names."""
    named = service_list.labels(shown.path)
    if not named:
        layout.opening("Services", "No service is configured yet.")
        return
    left, right = layout.head()
    with right:
        one, two = st.columns([0.58, 0.42], gap="small")
        with one:
            chosen = address.choice("Service", {ALL: "All services"} | named, "service")
        with two:
            quarter = layout.quarter_choice(shown)
    if chosen == ALL:
        fold.require_known(service_list.rows(shown.path, quarter)["department_name"].unique().sort())
        with left:
            _all(shown, quarter)
        _tables(shown, quarter)
    else:
        _one(shown, chosen, named[chosen], quarter, left)


@dataclass(frozen=True)
class _Service:
    """A service of the list."""

    scope: str
    name: str
    department: str


def _all(shown: Snapshot, quarter: str) -> None:
    rows, nobodys = service_list.rows(shown.path, quarter), snapshot_services.unowned(shown.path)
    main: dict[str, Figure] = {}
    if SHOWN[0] in snapshot.definitions(shown.path):
        main = figures.load_now(shown.path, SHOWN[0], rows["scope"].to_list(), quarter)
    alone = service_list.ownerless(shown.path)
    adrift = nobodys.filter(kind="repository").height
    layout.opening("Services", service_list.lede(rows, main, quarter, ownerless=alone, adrift=adrift))


def _tables(shown: Snapshot, quarter: str) -> None:
    rows = service_list.rows(shown.path, quarter)
    layout.meta(shown, [f"<b>{text(snapshot.run(shown.path).organisation)}</b>"])
    section(
        "All services",
        "Under the department of the team that owns each today. Compare each with its own past.",
    )
    every = [_Service(*row) for row in rows.select("scope", "name", "department_name").iter_rows()]
    listed: Listed[_Service] = Listed("service", "services", {"quarter": words.period(quarter)}, {})
    scopes = [one.scope for one in fold.opened(every, every, listed)]
    drawn = rows.filter(pl.col("scope").is_in(scopes))
    known = snapshot.definitions(shown.path)
    metrics = tuple(metric for metric in SHOWN if metric in known and scopes)
    with st.skeleton(height=900):
        numbers = {m: figures.load(shown.path, m, scopes, quarter, among=metrics) for m in metrics}
    if scopes:
        scope_table.draw("Services", drawn, numbers)
    if budgets.METRIC in known:
        written, trouble = entries_or_why_not(shown.path)
        if trouble:
            show(components.state("What was written", "stop", "Could not read", text(trouble), tone="bad"))
        policy = budget_policy(Numbers(shown.path, "organisation", quarter), written)
        budgets.draw(shown.path, rows, quarter, policy)
    service_list.nobodys(shown.path, snapshot_services.unowned(shown.path))
    if scopes:
        with st.expander("What each number rests on: linked, not linked, left out"):
            show(scope_table.coverage(drawn, numbers))


def _one(
    shown: Snapshot, service: str, name: str, quarter: str, left: st.delta_generator.DeltaGenerator
) -> None:
    scope, known = f"service:{service}", snapshot.definitions(shown.path)
    with st.skeleton(height=900):
        found = {m: figures.load(shown.path, m, [scope], quarter)[scope] for m in known}
    headline = [found[m] for m in HEADLINE if m in found]
    with left:
        layout.opening(name, ledes.service(headline, layout.quarter_so_far(shown, quarter)))
    owners = snapshot.services(shown.path).filter(service=service)
    teams, department = words.listed(owners["team_name"].to_list()), owners["department_name"][0]
    layout.meta(shown, [f"<b>{text(department)}</b>", f"owned by <b>{text(teams)}</b>"])
    show(components.cards(components.card(figure, judged.foot(figure)) for figure in headline))
    service_one.owners(shown, service, quarter)
    if HEADLINE[0] in known:
        weeks.wide(shown, known[HEADLINE[0]], scope, name, quarter)
    label = layout.scope_labels(shown.path)[scope]
    rest = [figure for metric, figure in found.items() if metric not in HEADLINE]
    service_one.numbers(name, label, quarter, rest)
