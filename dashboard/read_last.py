"""What the runs read, as the page on ingest tells it: one row per source and stream."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from dashboard import snapshot, words
from dashboard.snapshot import Run

EXITS = {
    "ok": "exit 0: every source was read",
    "partial": "exit 1: a source could not be read; what was read is published",
    "failed": "exit 1: a metric failed and is withheld; what was read is published",
}
_SIZES = ("bytes", "kB", "MB", "GB")


@dataclass(frozen=True)
class Stream:
    """What became of one stream of a source in all its scopes; counts are None where nobody counted."""

    source: str
    stream: str
    scopes: int
    failed: int
    last_answer: datetime | None
    """Of the scope that has waited longest; None where one was never read."""
    calls: int | None
    received: int | None
    retries: int | None
    waited_seconds: float | None
    rows_read: int | None
    rows_changed: int | None
    troubles: tuple[str, ...]
    """What went wrong or is missing, one short sentence each."""


def streams(path: str, run: Run) -> list[Stream]:
    """Every stream, by source and name."""
    groups = snapshot.manifest(path).group_by(["source", "stream"], maintain_order=True)
    return [_stream(run, str(source), str(stream), rows) for (source, stream), rows in groups]


def _stream(run: Run, source: str, stream: str, rows: pl.DataFrame) -> Stream:
    answers = rows["last_success_at"].to_list()
    last = None if None in answers else min(answers)
    told = dict.fromkeys(line for row in rows.iter_rows(named=True) for line in _troubles(run, row))
    return Stream(
        source=source,
        stream=stream,
        scopes=rows.height,
        failed=rows.filter(pl.col("status") == "failed").height,
        last_answer=run.local(last) if last else None,
        calls=_total(rows, "calls"),
        received=_total(rows, "bytes_received"),
        retries=_total(rows, "retries"),
        waited_seconds=_total(rows, "wait_seconds"),
        rows_read=_total(rows, "rows_read"),
        rows_changed=_total(rows, "rows_changed"),
        troubles=tuple(told),
    )


def _total(rows: pl.DataFrame, name: str) -> Any:
    """The sum, or None where nobody counted."""
    known = rows[name].drop_nulls()
    return known.sum() if known.len() else None


def _troubles(run: Run, row: dict[str, Any]) -> Iterator[str]:
    of = "" if row["scope"] in ("*", "all") else f"{row['scope']}: "
    if row["error"]:
        yield f"{of}{row['error']}"
    if row["not_before"]:
        yield f"{of}its limit is used up until {words.moment(run.local(row['not_before']))}"
    if row["quarantined_count"]:
        records = words.plural(row["quarantined_count"], "record")
        yield f"{of}{records} could not be read: {row['quarantined_reasons']}"
    if row["gap"]:
        since = f", from {words.moment(run.local(row['gap_from']))} on" if row["gap_from"] else ""
        yield f"{of}missing: {row['gap']}{since}"


def lede(found: Sequence[Stream], stale: int) -> str:
    """How many sources were read, and how many numbers rest on what is older."""
    sources = list(dict.fromkeys(one.source for one in found))
    failing = list(dict.fromkeys(one.source for one in found if one.failed))
    if not sources:
        return "No source is configured yet."
    if failing:
        verb = (
            f"{words.amount(len(failing))} of {words.amount(len(sources))} sources could not be read in full"
        )
        first = f"{words.sentence(verb)}: {words.listed(failing)}."
    else:
        verb = "was" if len(sources) == 1 else "were"
        counted = f"{words.amount(len(sources))} {'source' if len(sources) == 1 else 'sources'}"
        first = f"{words.sentence(counted)} {verb} read in full."
    if not stale:
        return f"{first} No number is stale."
    rests = "metric rests" if stale == 1 else "metrics rest"
    return f"{first} {words.sentence(words.amount(stale))} {rests} on older data."


def size(count: int | None) -> str:
    """`380 kB`; not counted where it is None."""
    if count is None:
        return "not counted"
    amount, unit = float(count), 0
    while amount >= 999.5 and unit < len(_SIZES) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{words.figure(amount)} {_SIZES[unit]}"


def lasted(gap: timedelta) -> str:
    """`53 s`, `4 min`, `2.5 h`."""
    seconds = gap.total_seconds()
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{words.figure(seconds / 3600)} h"


def next_run(run: Run, now: datetime) -> tuple[str, bool]:
    """When the schedule starts the next run, in words; and whether that is over without one."""
    if run.is_demo:
        return "none: a demo is not read again", False
    if run.next_run_at is None:
        return "not known: the snapshot was made by an older version", False
    due = words.moment(run.next_run_at)
    if now - run.next_run_at > timedelta(hours=6):
        return f"was due on {due}, and nothing has been published since", True
    return f"{due}, if the schedule runs; it makes up for a missed night", False
