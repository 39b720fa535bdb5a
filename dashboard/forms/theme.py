"""The theme: one sentence, why, one to three numbers to watch, and by what work for it is known."""

from typing import Any

import streamlit as st

from connectors.journal.entries import Indicator, Theme
from dashboard import figure_words, figures, snapshot_beside, words
from dashboard.components import show
from dashboard.definition import Definition
from dashboard.forms import said
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet
from dashboard.markup import text

MOST = 3


def _choices(desk: Desk, sheet: Sheet) -> Values:
    """The sentence, then which numbers, from which quarter on and which way, with what each was then."""
    words_of = {
        "sentence": sheet.line("sentence", example="Changes reach production within a day"),
        "why": sheet.area("why", "Customers wait for fixes, and so do we."),
    }
    held: dict[str, Indicator] = {one.metric: one for one in sheet.held("indicators", ())}
    offered = _offered(desk, held)
    chosen = st.multiselect(
        said.field("indicators"),
        list(offered),
        default=[metric for metric in held if metric in offered],
        max_selections=MOST,
        format_func=lambda metric: offered[metric].title,
        key=sheet.at("indicators"),
        placeholder="Choose one to three",
        help="Each with its value in the quarter from which it is watched.",
    )
    numbers = tuple(_indicator(desk, sheet, offered[one], held.get(one)) for one in chosen)
    return {**words_of, "indicators": numbers, "markers": _markers(sheet)}


def _markers(sheet: Sheet) -> str:
    """Labels and keys in a line; the entry takes them apart."""
    return st.text_input(
        said.field("markers"),
        " ".join(sheet.held("markers", ())),
        key=sheet.at("markers"),
        placeholder="quick-release PAY-120",
        help="A label of the tracker, or the key of a goal: what is below it is for the theme. Several with "
        "spaces between them. Then *Work on the theme* says how much of what is finished was for it, from "
        "the next night on. Leave it empty where that cannot be seen.",
    )


def _offered(desk: Desk, held: dict[str, Indicator]) -> dict[str, Definition]:
    """The catalogue's metrics that count something here, by title."""
    known = desk.numbers.definitions
    counted = set(snapshot_beside.counted(desk.path, desk.scope))
    ordered = sorted(known.items(), key=lambda item: item[1].title)
    return {metric: definition for metric, definition in ordered if metric in counted | held.keys()}


def _indicator(desk: Desk, sheet: Sheet, definition: Definition, held: Indicator | None) -> dict[str, Any]:
    """One number: statistic, baseline and which way, in a row."""
    metric = definition.metric
    show(f'<div class="eo-h3">{text(definition.title)}</div>')
    one, two = st.columns([0.45, 0.55], gap="small", vertical_alignment="bottom")
    with one:
        quarter = _baseline(desk, sheet, metric, held)
    with two:
        expected = st.segmented_control(
            "Expected",
            list(said.VALUES["expected"]),
            default=held.expected if held else _usual(definition),
            required=True,
            format_func=lambda way: said.VALUES["expected"][way],
            key=sheet.at(f"{metric}|expected"),
        )
    statistic = held.statistic if held else definition.headline
    show(f'<p class="eo-note">{text(_was(desk, metric, statistic, quarter))}</p>')
    return {"metric": metric, "statistic": statistic, "baseline_quarter": quarter, "expected": expected}


def _baseline(desk: Desk, sheet: Sheet, metric: str, held: Indicator | None) -> str:
    known = [name for name in desk.numbers.calendar if name <= desk.quarter][-figures.QUARTERS_SHOWN :]
    names = list(reversed(known)) or [desk.quarter]
    before = desk.numbers.before_name if desk.quarter in desk.numbers.calendar else names[0]
    usual = held.baseline_quarter if held else before or names[0]
    chosen: str = st.selectbox(
        "From",
        names if usual in names else [usual, *names],
        index=names.index(usual) if usual in names else 0,
        format_func=words.period,
        key=sheet.at(f"{metric}|from"),
    )
    return chosen


def _usual(definition: Definition) -> str:
    return {"lower_is_better": "down", "higher_is_better": "up"}.get(definition.direction, "steady")


def _was(desk: Desk, metric: str, statistic: str, quarter: str) -> str:
    """`In Q2 2026 it was 61 h; half of 118 changes.`, or why there is no number."""
    if quarter not in desk.numbers.calendar:
        return f"Nothing is published of {words.period(quarter)}."
    figure = figures.load(desk.path, metric, [desk.scope], quarter, statistic, with_next=False)[desk.scope]
    if figure.now is None or figure.now.value is None:
        return f"{words.period(quarter)}: {figure_words.missing(figure)}"
    value = figure.scale.full(figure.now.value)
    return f"Baseline, {words.period(quarter)}: {value}; {figure_words.counted(figure)}."


FORM = Form(
    name="theme",
    kind=Theme,
    title="The theme",
    lead="One thing to be better at, not a list. There is one, or none.",
    choices=_choices,
    line=lambda _desk, body: body.sentence,
    is_single=True,
)
