"""Prints answers: as JSON or CSV for programs, as a table for people."""

import csv
import json
import sys
from collections.abc import Mapping
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
    "few_people": "fewer than three people",
    "definition_fails": "the definition fails",
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
            REASONS.get(row["withheld_reason"], row["withheld_reason"]) or number(row["value"], row["unit"]),
            span(row["low"], row["high"], row["unit"]),
            str(row["n"]),
            str(row["open_count"] or ""),
            f"{coverage['linked']} of {coverage['eligible']}" if coverage["eligible"] else "",
            (row["verdict"] or "").replace("_", " "),
        )
    console = Console(width=200 if not sys.stdout.isatty() else None)
    console.print(table)
    console.print(f"{len(answer['rows'])} values, as of {answer['as_of']}, {answer['snapshot']}", style="dim")


def span(low: float | None, high: float | None, unit: str) -> str:
    """Where a value may lie; how far up is not known where too much is still open."""
    if low is None:
        return ""
    return f"from {number(low, unit)}" if high is None else f"{number(low, unit)} – {number(high, unit)}"


def number(value: float | None, unit: str) -> str:
    """A value with its unit's sign, rounded to a tenth; a ratio in percent; empty where there is none."""
    if value is None:
        return ""
    shown = value * 100 if unit == "ratio" else value
    return f"{shown:,.1f}".removesuffix(".0") + UNIT_SIGNS.get(unit, "")
