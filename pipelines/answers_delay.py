"""Prints an order of work by cost of delay: as JSON for programs, as sentences for people."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.answers import number

MOST_SHOWN = 10
"""Inversions that are shown one by one; all of them stand in the JSON."""


def print_order(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what `delay_costs` found."""
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    console = Console(highlight=False)
    console.print(f"[bold]Order by cost of delay[/bold], {escape(found['source'])}")
    if not found["order"]:
        console.print("There is none: no item has a cost of delay. `cost_of_delay_field` names Jira's.")
        return
    console.print(_order(found))
    for line in _inversions(found):
        console.print(line)


def _order(found: Mapping[str, Any]) -> Table:
    has_number = found["by"] == "cd3"
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("rank", justify="right")
    table.add_column("item")
    if has_number:
        table.add_column("cost of delay a week ÷ weeks", justify="right")
    for row in found["order"]:
        cells = [number(row["cd3"], "count")] if has_number else []
        table.add_row(str(row["rank"]), escape(row["item"]), *cells)
    return table


def _inversions(found: Mapping[str, Any]) -> list[str]:
    """The pairs in the wrong order, what they cost, and what that takes for granted."""
    wrong, cost = found["inversions"], found["cost"]
    if found["finished"] < 2:
        return []
    pairs = f"{len(wrong)} pair{'' if len(wrong) == 1 else 's'}"
    lines = ["", f"Of {found['finished']} finished items {pairs} were finished in the other order."]
    for pair in wrong[:MOST_SHOWN]:
        dear = f": {number(pair['cost'], 'count')}" if "cost" in pair else ""
        lines.append(f"  {escape(pair['first'])} before {escape(pair['later'])}{dear}")
    if len(wrong) > MOST_SHOWN:
        lines.append(f"  and {len(wrong) - MOST_SHOWN} more")
    if cost:
        least, done = number(cost["least"], "count"), number(cost["as_done"], "count")
        lines.append(f"In the best order their delay costs {least}, in the one they were finished in {done}.")
    lines.append("This takes them as done one after the other and all known from the beginning.")
    return lines
