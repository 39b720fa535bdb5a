"""Actions: what a review agrees on, and how what was promised stands."""

import os
from datetime import timedelta

import streamlit as st

from connectors.journal.entries import MOST_ACTIONS, Action
from dashboard import words
from dashboard.components import show
from dashboard.forms import said
from dashboard.forms.desk import Desk
from dashboard.forms.form import Form, Values
from dashboard.forms.sheet import Sheet
from dashboard.health.chosen import PAIRS
from dashboard.markup import text

ISSUES_VARIABLE = "OUTCOMES_ACTIONS"
"""Set where issues are made of actions; `outcomes dashboard` sets it by the configuration."""
A_REVIEW_LATER = timedelta(days=77)
NO_PAIR = "None of them"


def _state(_desk: Desk, sheet: Sheet) -> Values:
    """How it stands: other fields depend on it."""
    if sheet.seen is None:
        return {}
    held, issue = sheet.held("state"), sheet.held("issue")
    if issue is None:
        return {"state": sheet.choice("state", said.VALUES["state"], "moving")}
    show(f'<p class="eo-note">Issue {text(issue)} says whether it is done; it is read each night.</p>')
    options = [held, "dropped"] if held != "dropped" else ["dropped", "moving"]
    return {"state": sheet.choice("state", options, held)}


def _how_it_stands(_desk: Desk, sheet: Sheet, choices: Values) -> Values:
    if choices.get("state") == "dropped":
        return {"reason": sheet.area("reason", "Another team has built it.")}
    update = sheet.area("update", "Half of the services have it; the rest follow in June.", height=80)
    return {"update": update, "reason": None}


def _promise(desk: Desk, sheet: Sheet) -> Values:
    """What was promised, above how it stands."""
    body = sheet.seen
    if isinstance(body, Action):
        show(
            f'<div class="eo-h3">{text(body.what)}</div><div class="eo-note">Known by: {text(body.known_by)} '
            f"Due {text(words.day(body.due))}. Owner: {text(body.owner)}.</div>"
        )
    return _state(desk, sheet)


def _whole(desk: Desk, sheet: Sheet, choices: Values) -> Values:
    answers = ["", *(kind.name for kind in PAIRS)]
    held = sheet.held("answers", "")
    values: Values = {
        "what": sheet.line("what", example="Every service has a runbook that somebody else has tried"),
        "known_by": sheet.area("known_by", "Half of the incidents end with the runbook alone.", height=80),
    }
    one, two = st.columns(2, gap="small")
    with one:
        values["owner"] = sheet.line("owner", "A role or a team, never a person.", "Delivery lead")
        values["answers"] = st.selectbox(
            said.field("answers"),
            answers if held in answers else [*answers, held],
            index=answers.index(held) if held in answers else len(answers),
            format_func=lambda name: name or NO_PAIR,
            key=sheet.at("answers"),
        )
    with two:
        values["due"] = sheet.day("due", desk.today + A_REVIEW_LATER)
        values["effort"] = sheet.choice("effort", said.VALUES["effort"], "small")
    if os.environ.get(ISSUES_VARIABLE) and sheet.held("issue") is None:
        values["is_issue_wanted"] = sheet.tick(
            "is_issue_wanted", "Make an issue of it tonight", "Its state is then read back each night."
        )
    return values | (_how_it_stands(desk, sheet, choices) if sheet.seen is not None else {})


def _line(_desk: Desk, body: Action) -> str:
    state = said.VALUES["state"][body.state].lower()
    told = "no update" if body.state == "moving" and body.update is None else state
    return f"{body.what} ({told}{f', {body.issue}' if body.issue else ''})"


FORM = Form(
    name="action",
    kind=Action,
    title="Actions for the next quarter",
    lead=f"At most {words.amount(MOST_ACTIONS)}. A role or a team owns each, never a person; how we will "
    "know is part of it.",
    choices=_state,
    fields=_whole,
    line=_line,
)
PROMISES = Form(
    name="promise",
    kind=Action,
    title="How our promises stand",
    lead="What the review before agreed on. Dropping one is fine, with its reason.",
    choices=_promise,
    fields=_how_it_stands,
    line=_line,
    may_add=False,
    may_remove=False,
)
