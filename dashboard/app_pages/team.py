"""One team: its quarter at a glance, and views on flow, changes, reliability, survey, agreements and waiting.

Each view has an address of its own, and only the open one is drawn: a phone shows few charts at once.
"""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import address, layout, ledes, notes, snapshot, words, written_here
from dashboard.components import chip, show
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.team_views import agreed, changes, flow, items, reliability, summary, survey, waiting
from dashboard.team_views.looked_at import Looked

Draw = Callable[[Looked, Sequence[Figure]], None]
VIEWS: dict[str, Draw] = {
    "Summary": summary.draw,
    "Waiting": lambda looked, _: waiting.draw(looked),
    "Flow": lambda looked, _: flow.draw(looked),
    "Changes": lambda looked, _: changes.draw(looked),
    "Reliability": lambda looked, _: reliability.draw(looked),
    "Survey": survey.draw,
    "Agreements": lambda looked, _: agreed.draw(looked),
    "Items": lambda looked, cards: items.draw(looked, tuple(card.definition.metric for card in cards)),
}
"""By the name that stands on the tab and in the address."""
METRICS: dict[str, tuple[str, ...]] = {
    "Summary": summary.METRICS,
    "Flow": flow.METRICS,
    "Changes": changes.METRICS,
    "Reliability": reliability.BY_WEEK,
}
"""Whose quarters a view shows beside those of the cards; of others they are asked for one by one."""


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
            team = address.choice("Team", labels, "team")
        with two:
            quarter = layout.quarter_choice(shown)
    address.require("View", "view", VIEWS)
    known = snapshot.definitions(shown.path).values()
    address.require("Metric", "metric", [definition.title for definition in known])
    spans = layout.periods_of(shown.path, quarter, ("month", "week"))
    address.require("Period", "period", map(words.period, spans))
    looked, trouble = _looked(shown, team, labels[team], quarter)
    cards = summary.headline(looked)
    with left:
        layout.opening(looked.name, ledes.team(cards, layout.quarter_so_far(shown, quarter)))
    _meta(looked, trouble)
    _views(looked, cards)


def _looked(shown: Snapshot, team: str, label: str, quarter: str) -> tuple[Looked, str]:
    """What is drawn from, and why nothing that people wrote is in it; nothing where it could be read."""
    name = snapshot.teams(shown.path).filter(team=team)["name"].item()
    entries, trouble = written_here.entries_or_why_not(shown.path)
    noted = notes.of_team(shown.path, entries, f"team:{team}", name)
    view = st.session_state.get("view") or st.query_params.get("view", "Summary")
    metrics = tuple(dict.fromkeys([*summary.ON_CARDS, *METRICS.get(view, ())]))
    return Looked(shown, team, name, label, quarter, entries, tuple(noted), metrics), trouble


def _views(looked: Looked, cards: Sequence[Figure]) -> None:
    """The tabs. An address that names a metric and no view means the items behind it."""
    first = "Items" if "metric" in st.query_params and "view" not in st.query_params else "Summary"
    names = [first, *(name for name in VIEWS if name != first)] if first != "Summary" else list(VIEWS)
    tabs = st.tabs(names, key="view", on_change="rerun", bind="query-params")
    for name, tab in zip(names, tabs, strict=True):
        if tab.open:
            with tab:
                VIEWS[name](looked, cards)


def _meta(looked: Looked, trouble: str) -> None:
    rows = snapshot.services(looked.path)
    owned = [name for name, owner in rows.select("name", "team").iter_rows() if owner == looked.team]
    row = next(r for r in snapshot.teams(looked.path).iter_rows(named=True) if r["team"] == looked.team)
    services = f"owns <b>{text(', '.join(owned))}</b>" if owned else "owns no service today"
    parts = [f"<b>{text(row['department_name'])}</b>", services]
    so_far = layout.quarter_so_far(looked.shown, looked.quarter)
    if so_far:
        parts.append(chip("half", f"{words.period(looked.quarter)}: {so_far}", "line"))
    layout.meta(looked.shown, parts)
    if trouble:
        told = f"{text(trouble)} What people wrote is missing below."
        show(f'<div class="eo-note">{chip("stop", "Could not read", "bad")} {told}</div>')
