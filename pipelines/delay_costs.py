"""The order of work by cost of delay: from a file, or from what is published of finished items."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb

from pipelines.cli_errors import USAGE, CommandError
from pipelines.snapshot_reader import Selection, parse_period, require_known
from pipelines.statistics.cost_of_delay import Job, inversions, ranks, total_cost

RATE, WEEKS, FINISHED = "cost_of_delay_per_week", "duration_weeks", "finished_on"
VALUES = ("user_business_value", "time_criticality", "risk_reduction")
SIZE = "job_size"
_KINDS = {"cd3": (RATE, WEEKS), "wsjf": (*VALUES, SIZE)}
_DAYS_PER_WEEK = 7

_FINISHED = (
    "SELECT min(n.label), min(c.cost_of_delay), min(i.value), min(i.on_date) "
    "FROM items_behind('cycle_time', $period) i JOIN cost_of_delay c ON c.item_id = i.item_id "
    "JOIN item n ON n.item_kind = i.item_kind AND n.item_id = i.item_id "
    "WHERE i.scope = $scope AND i.excluded_reason IS NULL GROUP BY i.item_id ORDER BY i.item_id"
)


def of_file(path: Path) -> dict[str, Any]:
    """The answer of `outcomes cost-of-delay FILE`.

    The file is a CSV with `item` and either `cost_of_delay_per_week` and `duration_weeks`, or the four
    relative scores of WSJF; `finished_on` is optional. Raises `CommandError` with the line at fault.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            kind = _kind(path, reader.fieldnames or [])
            jobs = [_job(f"{path}:{reader.line_num}", row, kind) for row in reader]
    except (UnicodeDecodeError, csv.Error):
        raise CommandError(f"{path}: not a CSV file in UTF-8. Save it as one", USAGE) from None
    _demand_one_row_each(path, jobs)
    return {"source": str(path), **_answer(kind, jobs)}


def of_finished(con: duckdb.DuckDBPyConnection, scope: str, period: str) -> dict[str, Any]:
    """The answer for a scope's items finished in a period whose tracker tells their cost of delay.

    The durations are the cycle times, known only afterwards. Raises `UnknownNameError` for a scope or a
    period that is not published.
    """
    require_known(con, Selection(scopes=[scope]))
    parse_period(con, period)
    rows = con.execute(_FINISHED, {"scope": scope, "period": period}).fetchall()
    jobs = [Job(label, rate, days / _DAYS_PER_WEEK, on) for label, rate, days, on in rows]
    return {"source": f"{scope}, {period}", **_answer("cd3", jobs)}


def _answer(kind: str, jobs: Sequence[Job]) -> dict[str, Any]:
    """Relative scores give an order and nothing else: their sums and quotients mean nothing."""
    is_money = kind == "cd3"
    ordered = ranks(jobs)
    finished = [job for _, job in ordered if job.finished_on]
    wrong = inversions(jobs)
    least = total_cost(finished)
    return {
        "by": kind,
        "order": [
            {"rank": rank, "item": job.item, **({"cd3": job.cd3} if is_money else {})}
            for rank, job in ordered
        ],
        "finished": len(finished),
        "inversions": [
            {"first": pair.first, "later": pair.later, **({"cost": pair.cost} if is_money else {})}
            for pair in wrong
        ],
        "cost": {"least": least, "as_done": least + sum(pair.cost for pair in wrong)}
        if is_money and finished
        else None,
    }


def _kind(path: Path, columns: Sequence[str]) -> str:
    known = {"item", FINISHED, *(name for names in _KINDS.values() for name in names)}
    for column in columns:
        if column not in known:
            raise CommandError(
                f"{path}: column {column}: unknown. Known are {', '.join(sorted(known))}", USAGE
            )
    for kind, names in _KINDS.items():
        if {"item", *names} <= set(columns):
            return kind
    needed = " or ".join(", ".join(names) for names in _KINDS.values())
    raise CommandError(f"{path}: columns are missing. Name item and {needed} in the first line", USAGE)


def _job(place: str, row: Mapping[str, str | None], kind: str) -> Job:
    item = (row.get("item") or "").strip()
    if not item:
        raise CommandError(f"{place}: column item: is empty. Write a name", USAGE)
    if kind == "cd3":
        rate, weeks = _number(place, row, RATE), _number(place, row, WEEKS, least_is_open=True)
    else:
        rate = sum(_number(place, row, name) for name in VALUES)
        weeks = _number(place, row, SIZE, least_is_open=True)
    return Job(item, rate, weeks, _day(place, row))


def _number(place: str, row: Mapping[str, str | None], column: str, *, least_is_open: bool = False) -> float:
    try:
        value = float(row.get(column) or "")
    except ValueError:
        raise CommandError(f"{place}: column {column}: not a number. Write 12.5", USAGE) from None
    if not isfinite(value) or value < 0 or (least_is_open and value == 0):
        what = "not a number above 0" if least_is_open else "not a number from 0 on"
        raise CommandError(f"{place}: column {column}: {what}. Mend it", USAGE)
    return value


def _day(place: str, row: Mapping[str, str | None]) -> date | None:
    text = (row.get(FINISHED) or "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise CommandError(f"{place}: column {FINISHED}: not a day. Write 2026-10-01", USAGE) from None


def _demand_one_row_each(path: Path, jobs: Sequence[Job]) -> None:
    names: set[str] = set()
    for job in jobs:
        if job.item in names:
            raise CommandError(f"{path}: {job.item} stands there twice. Keep one of its rows", USAGE)
        names.add(job.item)
