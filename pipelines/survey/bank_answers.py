"""Prints a bank: what would be asked, for people or as JSON."""

import json
import sys
from typing import Any

from rich.console import Console

from pipelines.explain_layout import QUIET, page, print_sentence, print_table
from pipelines.survey.bank import Bank, Item

_LEVELS = {"unit": "", "department": "departments and above only", "organisation": "whole organisation only"}


def print_bank(bank: Bank, *, as_json: bool) -> None:
    """Print all that the bank asks, in its language."""
    if as_json:
        sys.stdout.write(json.dumps(_answer(bank), ensure_ascii=False) + "\n")
        return
    with page() as console:
        print_sentence(console, bank.title, "bold")
        print_sentence(console, bank.when)
        print_sentence(console, bank.wording)
        if bank.attribution:
            print_sentence(console, bank.attribution)
        console.print()
        points = ", ".join(f"{value} {label}" for value, label in enumerate(bank.scale, 1))
        print_sentence(console, f"{points}, or {bank.prefer_not_to_say}", QUIET)
        console.print()
        _print_sections(console, bank)
        if bank.asks_comment:
            print_sentence(console, bank.comment_question, "bold")
            print_sentence(console, bank.comment_warning, indent=2)
            console.print()
        counts = f"{len(bank.items)} items, {len(bank.dimensions)} dimensions, {', '.join(bank.languages())}"
        print_sentence(console, counts, QUIET)


def _print_sections(console: Console, bank: Bank) -> None:
    """Each section with its items, which the page shuffles within it."""
    names = {dimension.id: dimension.name for dimension in bank.dimensions}
    items = {item.id: item for item in bank.items}
    for section in bank.sections:
        print_sentence(console, section.title, "bold")
        rows = [
            (item.id, f"v{item.version}", item.text, names[item.dimension], _notes(item))
            for item in map(items.__getitem__, section.items)
        ]
        print_table(console, ("id", "version", "statement", "dimension", "note"), rows)


def _notes(item: Item) -> str:
    return ", ".join(
        filter(None, ["reversed: agreement is bad" if item.is_reversed else "", _LEVELS[item.least_level]])
    )


def _answer(bank: Bank) -> dict[str, Any]:
    """The bank as `--format json` prints it."""
    comment = {"question": bank.comment_question, "warning": bank.comment_warning}
    return {
        "schema_version": 1,
        "id": bank.id,
        "title": bank.title,
        "kind": bank.kind,
        "language": bank.language,
        "languages": bank.languages(),
        "when": bank.when,
        "wording": bank.wording,
        "attribution": bank.attribution,
        "scale": list(bank.scale),
        "prefer_not_to_say": bank.prefer_not_to_say,
        "comment": comment if bank.asks_comment else None,
        "sections": [{"id": one.id, "title": one.title, "items": list(one.items)} for one in bank.sections],
        "dimensions": [
            {
                "id": one.id,
                "name": one.name,
                "items": list(one.items),
                "least_level": bank.least_level_of(one.id),
            }
            for one in bank.dimensions
        ],
        "items": [_item(one) for one in bank.items],
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "version": item.version,
        "dimension": item.dimension,
        "section": item.section,
        "text": item.text,
        "reversed": item.is_reversed,
        "least_level": item.least_level,
    }
