"""Mappings to fill in for Google Forms and Microsoft Forms, by the texts of a bank in a language."""

import json
from typing import Literal

from pipelines.survey.bank import Bank

Kind = Literal["google-forms", "microsoft-forms"]

_OWN_COLUMNS = {
    "google-forms": (
        "Timestamp",
        "Username",
        "Email Address",
        "Email address",
        "Score",
        "Zeitstempel",
        "Nutzername",
        "E-Mail-Adresse",
    ),
    "microsoft-forms": (
        "ID",
        "Id",
        "Start time",
        "Completion time",
        "Email",
        "Name",
        "Last modified time",
        "Startzeit",
        "Fertigstellungszeit",
        "E-Mail",
    ),
}
"""The columns that a form adds to the questions, in English and German: whoever exports decides which."""

_KEYS = {"google-forms": "Email Address", "microsoft-forms": "Email"}
_HOW = {
    "google-forms": (
        "# Google Forms: Responses > Download responses (.csv), then unpack the archive.\n"
        "# A column of a grid, `Question [Statement]`, is found by the statement alone.\n"
    ),
    "microsoft-forms": (
        "# Microsoft Forms: View results > Open in Excel, then save as .xlsx.\n"
        "# A column of a Likert question, `Question.Statement`, is found by the statement alone.\n"
    ),
}
_UNITS = """\
# What people chose as their team, where that is neither its id nor its name in the configuration.
# People of no team are of a department or the organisation: direct:<department>, direct:organisation.
[units]
# "Harbour crew" = "harbour"
# "No team" = "direct:organisation"

# How many people each unit had, for "n of N". Leave it out where that is not known.
# [members]
# harbour = 9
"""


def template(kind: Kind, bank: Bank, name: str) -> str:
    """A mapping in TOML, complete but for the header of the column with the team.

    Args:
        kind: the form that was used.
        bank: what it asked, in the language in which it asked.
        name: how the mapping names the bank.
    """
    comment = f"# comment = {_text(bank.comment_question)}\n" if bank.asks_comment else ""
    items = "".join(f"{item.id} = {_text(item.text)}\n" for item in bank.items)
    return (
        f"{_HOW[kind]}"
        f"bank = {_text(name)}\n"
        f"form = {_text(kind)}\n"
        "# numbers = true           # the answers are 1 to 5, and 1 is the least\n"
        '# repeated = "last"        # of two answers of one respondent the one further down counts\n'
        "# keep_comments = true     # else they are dropped\n"
        f"{_ignored(kind, bank)}"
        "# ignore_others = true\n\n"
        "[columns]\n"
        'unit = "Team"              # the question for the team, as it was asked\n'
        f"# respondent = {_text(_KEYS[kind])}   # finds answers given twice, in memory alone\n"
        f"{comment}\n"
        f"[items]\n{items}\n"
        "# From the least to the most agreement. Further languages have tables of their own.\n"
        f"[labels.{bank.language}]\n"
        f"scale = [{', '.join(map(_text, bank.scale))}]\n"
        f"not_said = [{_text(bank.prefer_not_to_say)}]\n\n"
        f"{_UNITS}"
    )


def _ignored(kind: Kind, bank: Bank) -> str:
    """What is dropped without being read: the form's own columns, and the comment until it is asked for."""
    columns = [*_OWN_COLUMNS[kind], *([bank.comment_question] if bank.asks_comment else [])]
    return "ignore = [\n" + "".join(f"    {_text(one)},\n" for one in columns) + "]\n"


def _text(text: str) -> str:
    """A text in TOML: it escapes as JSON does."""
    return json.dumps(text, ensure_ascii=False)
