"""Decisions, each with its place in the matrix of risk and reach."""

from typing import Literal

import streamlit as st

from connectors.journal.entries import Decision
from dashboard import words
from dashboard.components import show
from dashboard.forms import said
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet

Cell = tuple[Literal["low", "high"], Literal["team", "organisation"]]
CELLS: tuple[Cell, ...] = (
    ("high", "team"),
    ("high", "organisation"),
    ("low", "team"),
    ("low", "organisation"),
)
ADVICE: dict[Cell, str] = {
    ("high", "team"): "The team decides, and tells others early.",
    ("high", "organisation"): "Decided where all who are touched are heard; slow is fine.",
    ("low", "team"): "The team decides at once, and nobody is asked.",
    ("low", "organisation"): "Whoever is nearest decides; easily taken back.",
}


def _choices(_desk: Desk, sheet: Sheet) -> Values:
    """The place is chosen in the matrix itself: risk upwards, reach to the right."""
    key = sheet.at("place")
    held: Cell = st.session_state.setdefault(key, (sheet.held("risk", "low"), sheet.held("reach", "team")))
    show('<div class="eo-h3" role="heading" aria-level="3">Its place</div>')
    with st.grid(2, min_column_width=130, gap="xsmall", wrap=False):
        for cell in CELLS:
            st.button(
                _label(cell, is_chosen=cell == held),
                key=sheet.at("-".join(cell)),
                type="primary" if cell == held else "secondary",
                width="stretch",
                wrap=True,
                on_click=lambda chosen: st.session_state.update({key: chosen}),
                args=(cell,),
            )
    show(f'<p class="eo-note" role="status">{ADVICE[held]}</p>')
    return {"risk": held[0], "reach": held[1]}


def _label(cell: Cell, *, is_chosen: bool) -> str:
    mark = "● " if is_chosen else "○ "
    return f"{mark}{said.VALUES['risk'][cell[0]]}, {said.VALUES['reach'][cell[1]].lower()}"


def _fields(desk: Desk, sheet: Sheet, _choices: Values) -> Values:
    values: Values = {
        "what": sheet.line("what", example="Releases need no sign-off by another team"),
        "owner_level": sheet.choice("owner_level", said.VALUES["owner_level"], "team"),
    }
    one, two, three = st.columns(3, gap="small")
    with one:
        values["proposed_on"] = sheet.day("proposed_on", desk.today)
    with two:
        values["decided_on"] = sheet.day("decided_on", help_="Empty while it is open.")
    with three:
        values["reversed_on"] = sheet.day("reversed_on", help_="Where it was taken back.")
    return values | {"link": sheet.line("link", example="https://")}


def _line(_desk: Desk, body: Decision) -> str:
    place = f"{said.VALUES['risk'][body.risk].lower()}, {said.VALUES['reach'][body.reach].lower()}"
    state = f"decided {words.day(body.decided_on)}" if body.decided_on else "still open"
    if body.reversed_on:
        state = f"reversed {words.day(body.reversed_on)}"
    return f"{body.what} ({place}; {state})"


FORM = Form(
    name="decision",
    kind=Decision,
    title="Decisions",
    lead="What was decided and at which level, never by whom. Low risk and short reach belongs to the team.",
    choices=_choices,
    fields=_fields,
    line=_line,
)
