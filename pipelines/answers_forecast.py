"""Prints a forecast: as JSON for programs, as sentences for people."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.statistics.forecast import BACKTEST_WEEKS, LEAST_HISTORY, LONGEST, USUAL_HISTORY

CHANCES = {"p50": "50 %", "p85": "85 %", "p95": "95 %"}


def print_forecast(found: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what `forecasts.forecast_of` found."""
    if as_json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    console = Console(highlight=False)
    console.print(f"[bold]Forecast[/bold], {found['scope']}")
    weeks = found["weeks_of_history"]
    if found["withheld_reason"]:
        console.print(f"There is none: {LEAST_HISTORY} weeks of throughput are needed, {weeks} are known.")
        return
    console.print(f"If the weeks to come are like the last {weeks}, each as likely as any other:\n")
    table = Table(box=None, pad_edge=False, header_style="")
    table.add_column("with a probability of")
    for chance in CHANCES.values():
        table.add_column(chance, justify="right")
    for answer in found["answers"]:
        is_amount = answer["question"] == "how_many"
        question = (
            f"items finished in {_weeks(answer['amount'])}, at least"
            if is_amount
            else f"{answer['amount']} items finished, at the latest"
        )
        table.add_row(question, *(_cell(answer[name], is_amount=is_amount) for name in CHANCES))
    console.print(table)
    for remark in _remarks(found):
        console.print(remark)


def _remarks(found: Mapping[str, Any]) -> list[str]:
    """What to be careful about, and how forecasts of the past fared."""
    remarks = [""]
    if found["is_short"]:
        remarks.append(f"Careful: fewer than {USUAL_HISTORY} weeks are a short history.")
    if found["is_unstable"]:
        remarks.append("Careful: throughput has changed clearly within these weeks, so they may mislead.")
    tested = found["backtest"]
    if tested["trials"]:
        kept = f"{tested['kept']} of {tested['trials']} kept"
        remarks.append(f"Earlier forecasts of {BACKTEST_WEEKS} weeks with 85 %: {kept}.")
    return remarks if len(remarks) > 1 else []


def _cell(value: int | None, *, is_amount: bool) -> str:
    if is_amount:
        return str(value)
    return f"more than {LONGEST} weeks" if value is None else _weeks(value)


def _weeks(count: int) -> str:
    return f"{count} week{'' if count == 1 else 's'}"
