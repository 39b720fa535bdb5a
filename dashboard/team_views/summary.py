"""A team's quarter at a glance: its cards, what changed, and of each other view its first chart."""

from collections.abc import Sequence

import streamlit as st

from dashboard import components, figure_words, headlines, judged, looks, survey_results, weeks
from dashboard.components import Column, section, show
from dashboard.figures import Figure
from dashboard.health import pairs, people
from dashboard.health.chosen import PAIRED
from dashboard.health.numbers import Numbers
from dashboard.markup import text
from dashboard.report import html_pairs, wording
from dashboard.team_views import ageing, agreed, flow_charts, stages, survey
from dashboard.team_views.looked_at import Looked

MAIN = "change_lead_time"
CARDS = (
    ("change_lead_time",),
    ("change_failure_rate",),
    ("throughput", "deployment_frequency"),
    ("work_in_progress", "failed_deployment_recovery_time"),
)
"""Of each group the first that is published."""


ON_CARDS = tuple(metric for group in CARDS for metric in group)
METRICS = (*stages.STAGES, flow_charts.FLOW, *PAIRED)
"""Whose quarters it shows beside those of the cards."""


def headline(looked: Looked) -> list[Figure]:
    """The numbers on the cards."""
    chosen = [next((m for m in group if m in looked.known), None) for group in CARDS]
    return [figure for metric in chosen if metric and (figure := looked.figure(metric)) is not None]


def draw(looked: Looked, cards: Sequence[Figure]) -> None:
    """Four charts: week by week, open work, flow, stages; then what the team said, side by side."""
    show(components.cards(components.card(figure, _foot(looked, figure)) for figure in cards))
    headlines.draw(looked.shown, looked.scope, looked.name, looked.quarter)
    if MAIN in looked.known:
        main = looked.known[MAIN]
        asked = looked.together
        weeks.wide(
            looked.shown, main, looked.scope, looked.name, looked.quarter, looked.notes, together=asked
        )
    left, right = st.columns(2, gap="medium")
    with left:
        ageing.draw(looked)
    with right:
        flow_charts.cumulative(looked)
    stages.draw(looked)
    survey.said(looked, cards)
    _side_by_side(looked)
    agreed.agreements(looked, f"They are written under {looked.link('Agreements', 'Agreements')}.")
    _rest_on(cards)


def _rest_on(cards: Sequence[Figure]) -> None:
    """Why what is not in a card's number is not in it: folded, as the cards have room for how much."""
    columns = [Column("Number"), Column("Rests on")]
    lines = [
        [
            text(figure.definition.title),
            "".join(f'<span class="eo-under">{text(one)}</span>' for one in figure_words.coverage(figure)),
        ]
        for figure in cards
    ]
    with st.expander("What each number rests on: linked, not linked, left out"):
        show(components.table("What each number rests on", columns, lines))


def _foot(looked: Looked, figure: Figure) -> str:
    """The quarter before; of work in progress the limit that the team set."""
    limit = looked.wip_limit()
    if figure.definition.metric != "work_in_progress" or figure.statistic != "level" or limit is None:
        return judged.foot(figure)
    if figure.now is None or figure.now.value is None:
        return f"<div>limit the team set: {limit}</div>"
    over = round(figure.now.value) - limit
    stands = f"{over:,} over it" if over > 0 else "kept"
    return f"<div>limit the team set: {limit}; {stands}</div>{judged.foot(figure)}"


def _side_by_side(looked: Looked) -> None:
    """The pairs of which a side moved; nothing before there is anything to hold side by side."""
    numbers = Numbers(looked.path, looked.scope, looked.quarter, looked.together)
    wave = next((w for w in survey_results.waves(looked.path, "quarterly") if w.id == looked.quarter), None)
    if wave is None or not looks.sees(looked.path, wave.id, looked.scope):
        return
    said = people.load(looked.path, looked.scope, looked.name, looked.quarter, sees_survey=True)
    found = [pair for pair in pairs.pairs(numbers, said, None) if wording.has_moved(pair)]
    if not found:
        return
    section("Side by side", "Two kinds of evidence about one question. They are never added up.")
    show("".join(html_pairs.card(looked.quarter, pair) for pair in found))
    link = looked.check_link("health check")
    show(f'<p class="eo-note">All pairs, and what was promised: {text(looked.name)}’s {link}.</p>')
