"""Ingest status: what the last run read of each source, what is missing, and which numbers are stale by "
"it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl
import streamlit as st

from dashboard import components, layout, read_last, snapshot, words
from dashboard.components import Column, chip, page_link, section, show
from dashboard.markup import text
from dashboard.read_last import Stream
from dashboard.snapshot import Snapshot

SCOPES_AT_MOST = 100


def page(shown: Snapshot) -> None:
    """Draw the page."""
    run = snapshot.run(shown.path)
    with st.skeleton(height=600):
        found = read_last.streams(shown.path, run)
        stale = snapshot.freshness(shown.path).filter("is_stale")
    layout.opening("Ingest status", read_last.lede(found, stale["metric"].n_unique()))
    layout.meta(shown, [f"<b>{text(run.organisation)}</b>"])
    _last_run(shown)
    section("Stale numbers", "They stay as they were when their source last answered.")
    _stale(shown, stale)
    for source in dict.fromkeys(one.source for one in found):
        _source(shown, source, [one for one in found if one.source == source])


def _last_run(shown: Snapshot) -> None:
    run = snapshot.run(shown.path)
    due, is_over = read_last.next_run(run, datetime.now(UTC))
    took = read_last.lasted(run.finished_at - run.started_at)
    kind = "tick" if run.status == "ok" else "stop"
    label = {"ok": "Read in full", "partial": "Read in part"}.get(run.status, "Failed")
    ended = chip(kind, label, "plain" if run.status == "ok" else "bad")
    facts = {
        "Began": text(words.moment(run.local(run.started_at))),
        "Published": f"{text(words.moment(run.finished_at))}, after {text(took)}",
        "Ended with": f"{ended} {text(read_last.EXITS.get(run.status, run.status))}",
        "Next run": (chip("clock", "Overdue", "line") + " " if is_over else "") + text(due),
        "Made by": text(f"version {run.version}, snapshot format {run.format}"),
    }
    told = "The one whose numbers are shown. A record may change several rows: those of its history."
    section("The last run", told)
    rows = "".join(f"<dt>{name}</dt><dd>{said}</dd>" for name, said in facts.items())
    show(f'<dl class="eo-facts">{rows}</dl>')


def _stale(shown: Snapshot, stale: pl.DataFrame) -> None:
    run, known = snapshot.run(shown.path), snapshot.definitions(shown.path)
    if stale.is_empty():
        show(components.state("", "tick", "Nothing is stale", "Every source behind a number answered."))
        return
    lines = []
    for (metric,), rows in stale.group_by("metric", maintain_order=True):
        if metric not in known:
            continue
        title = known[str(metric)].title
        answers = rows["last_success_at"].to_list()
        since = "never read" if None in answers else words.moment(run.local(min(answers)))
        streams = words.listed(
            f"{source} {stream.replace('_', ' ')}"
            for source, stream in rows.select("source", "stream").rows()
        )
        lines.append([page_link("metrics", title, {"metric": title}), text(since), text(streams)])
    columns = [Column("Metric"), Column("Stands as of"), Column("Waits for")]
    show(components.table("Stale numbers", columns, lines))


def _source(shown: Snapshot, source: str, streams: Sequence[Stream]) -> None:
    section(source, _told(streams))
    columns = [Column(name) for name in ("Stream", "State", "Last answer", "Rows", "Traffic")]
    table = components.table(f"What was read of {source}", columns, [_line(one) for one in streams])
    show(f'<div class="eo-alike">{table}</div>')
    rows = snapshot.manifest(shown.path).filter(source=source)
    if rows.height > len(streams):
        with st.expander(f"{source}, scope by scope"):
            show(_scopes(shown, source, rows))


def _told(streams: Sequence[Stream]) -> str:
    calls = sum(one.calls or 0 for one in streams)
    received = [one.received for one in streams if one.received is not None]
    size = f", {read_last.size(sum(received))} received" if received else ""
    told = f", {words.plural(calls, 'call')}{size}" if calls else ""
    return f"{words.plural(len(streams), 'stream')}{told}."


def _line(one: Stream) -> list[str]:
    of = f"{one.failed} of {one.scopes} scopes" if one.scopes > 1 else ""
    state = chip("stop", "Could not read", "bad") if one.failed else chip("tick", "Read in full")
    below = [of] if one.failed and of else []
    trouble = "".join(f'<span class="eo-under">{text(line)}</span>' for line in [*below, *one.troubles])
    return [
        text(one.stream.replace("_", " ")),
        state + trouble,
        text(words.moment(one.last_answer) if one.last_answer else "never in full"),
        text(f"{_count(one.rows_read)} read, {_count(one.rows_changed)} rows changed"),
        text(_traffic(one)),
    ]


def _traffic(one: Stream) -> str:
    """Calls, bytes, retries and waits; those of streams that share their calls are counted once."""
    if not one.calls:
        return "no call of its own"
    parts = [words.plural(one.calls, "call"), read_last.size(one.received)]
    parts.append(
        "retries not counted" if one.retries is None else words.plural(one.retries, "retry", "retries")
    )
    parts += [f"{one.waited_seconds:.0f} s waited"] if one.waited_seconds else []
    return ", ".join(parts)


def _count(value: int | None) -> str:
    return "not counted" if value is None else f"{value:,}"


def _scopes(shown: Snapshot, source: str, rows: pl.DataFrame) -> str:
    """Each repository, project or file of a source; those in trouble first."""
    run = snapshot.run(shown.path)
    ordered = rows.sort(pl.col("status") == "ok", "stream", "scope")
    lines = []
    for row in ordered.head(SCOPES_AT_MOST).iter_rows(named=True):
        last = words.moment(run.local(row["last_success_at"])) if row["last_success_at"] else "never"
        lines.append(
            [
                text(row["scope"]),
                text(row["stream"].replace("_", " ")),
                text("read in full" if row["status"] == "ok" else row["status"]),
                text(last),
                _count(row["rows_read"]),
            ]
        )
    columns = [Column("Scope"), Column("Stream"), Column("State"), Column("Last answer")]
    columns.append(Column("Rows read", is_number=True))
    more = f'<p class="eo-note">{SCOPES_AT_MOST} of {rows.height:,}, those in trouble first.</p>'
    table = components.table(f"{source}, scope by scope", columns, lines, phone="brief")
    return (more if rows.height > SCOPES_AT_MOST else "") + table
