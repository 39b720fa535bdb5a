"""Prints answers: as JSON or CSV for programs, as a table for people."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

UNIT_SIGNS = {"hours": " h", "days": " d", "ratio": " %", "count": ""}
CSV_COLUMNS = [
    *("metric", "definition_version", "scope", "grain", "period_start", "period_end", "is_complete"),
    *("statistic", "value", "unit", "n", "low", "high", "open_count", "verdict", "withheld_reason"),
    *("difference", "difference_low", "difference_high", "p_value", "compared_with", "detectable_change"),
    *("coverage_linked", "coverage_eligible"),
]
REASONS = {
    "no_data": "no data",
    "too_few": "too few",
    "low_coverage": "too little is linked",
    "not_reached": "not reached yet",
    "before_start": "before the start",
}


def print_values(answer: Mapping[str, Any], answer_format: str) -> None:
    """Print what `snapshot_reader.metric_values` found."""
    if answer_format == "json":
        sys.stdout.write(json.dumps(answer) + "\n")
    elif answer_format == "csv":
        _print_csv(answer["rows"])
    else:
        _print_table(answer)


def _print_csv(rows: list[dict[str, Any]]) -> None:
    flat = [
        {
            **{key: value for key, value in row.items() if key != "coverage"},
            "coverage_linked": row["coverage"]["linked"],
            "coverage_eligible": row["coverage"]["eligible"],
        }
        for row in rows
    ]
    writer = csv.DictWriter(sys.stdout, fieldnames=CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(flat)


def _print_table(answer: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("metric", "scope", "period", "statistic"):
        table.add_column(heading)
    for heading in ("value", "95 % range", "n", "open", "linked"):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for row in answer["rows"]:
        coverage = row["coverage"]
        table.add_row(
            row["metric"],
            row["scope"],
            f"{row['grain']} from {row['period_start']}{'' if row['is_complete'] else ', open'}",
            row["statistic"],
            REASONS.get(row["withheld_reason"], row["withheld_reason"]) or _number(row["value"], row),
            f"{_number(row['low'], row)} – {_number(row['high'], row)}" if row["low"] is not None else "",
            str(row["n"]),
            str(row["open_count"] or ""),
            f"{coverage['linked']} of {coverage['eligible']}" if coverage["eligible"] else "",
            (row["verdict"] or "").replace("_", " "),
        )
    console = Console(width=200 if not sys.stdout.isatty() else None)
    console.print(table)
    console.print(f"{len(answer['rows'])} values, as of {answer['as_of']}, {answer['snapshot']}", style="dim")


def _number(value: float | None, row: Mapping[str, Any]) -> str:
    if value is None:
        return ""
    unit = row["unit"]
    shown = value * 100 if unit == "ratio" else value
    return f"{shown:,.1f}".removesuffix(".0") + UNIT_SIGNS.get(unit, "")


def print_explanation(answer: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what `snapshot_reader.explanation` found."""
    if as_json:
        sys.stdout.write(json.dumps(answer, default=str) + "\n")
        return
    reasons = json.loads(answer["reasons"])
    console = Console(highlight=False)
    console.print(f"[bold]{answer['title']}[/bold], {answer['scope']}, {answer['period']}")
    console.print(f"{answer['question']}\n\n{answer['formula']}\nCounted in: {answer['period_rule']}\n")
    for row in answer["values"]:
        shown = REASONS.get(row["withheld_reason"], "") or _number(row["value"], row)
        console.print(
            f"  {row['statistic']}: [bold]{shown}[/bold] (n {row['n']}, {row['open_count'] or 0} open)"
        )
    console.print("\n[bold]From rows to this number[/bold]")
    for step in answer["steps"]:
        reason = step["excluded_reason"]
        used = "counted" if step["item_kind"].startswith(answer["item_kind"]) else "linked"
        words = reasons.get(reason, reason) if reason else used
        console.print(f"  {step['items']:>6} {step['item_kind'].replace('_', ' ')}: {words}")
    if answer["items"]:
        console.print("\n[bold]The items behind it[/bold] (20 at most, largest first)")
    for item in answer["items"]:
        value = _item_value(item["value"], answer["values"])
        state = " open" if item["is_open"] else ""
        console.print(f"  {value:>10}{state}  {item['label'] or item['item_id']}  {item['url'] or ''}")
    console.print("\n[bold]The query[/bold]")
    console.print(answer["sql"].strip(), markup=False)


def _item_value(value: float | None, published: Sequence[Mapping[str, Any]]) -> str:
    """An item's own value in the number's unit; of a ratio, whether it counts against it."""
    unit = published[0]["unit"] if published else ""
    if unit == "ratio":
        return "yes" if value else "no"
    return _number(value, {"unit": unit})
