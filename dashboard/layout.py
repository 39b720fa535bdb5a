"""What every page shares: its frame, its head with selectors, the line on sources, the foot."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import altair as alt
import polars as pl
import streamlit as st
from altair.utils import schemapi
from streamlit.delta_generator import DeltaGenerator

from dashboard import address, colours, components, figures, snapshot, words
from dashboard.components import Column, chip, show
from dashboard.health.numbers import names
from dashboard.kept import kept
from dashboard.markup import text, with_code
from dashboard.snapshot import Run, Snapshot
from dashboard.snapshot_file import NothingPublished, SnapshotError, SnapshotGone

PAGE_WIDTH = 1136
TOKENS = Path(__file__).parent / "tokens"
LATE = timedelta(hours=36)
OLDER_FORMAT = " Settings, open surveys and the next run are not in it; the next run adds them."


def style() -> None:
    """Our one stylesheet."""
    st.html(f"<style>{colours.css_properties()}{stylesheet()}</style>")


def stylesheet() -> str:
    """The classes of our own markup; its colours are those of `colours`."""
    return (TOKENS / "style.css").read_text(encoding="utf-8")


@contextmanager
def frame() -> Iterator[None]:
    """The page's column, centred. What its address names and nothing has is said in it."""
    with st.container(horizontal_alignment="center"), st.container(width=PAGE_WIDTH):
        try:
            yield
        except address.UnknownName as unknown:
            address.say(unknown)
        except SnapshotGone:
            st.rerun()  # it is noted as such, so another one is shown, or that there is none


def head(alignment: Literal["top", "bottom"] = "bottom") -> tuple[DeltaGenerator, DeltaGenerator]:
    """Room for title and lede at the left, for selectors at the right; on phones one below the other."""
    left, right = st.columns([0.66, 0.34], gap="medium", vertical_alignment=alignment)
    return left, right


def opening(title: str, lede: str) -> None:
    """The page's title and its one finding."""
    show(f'<h1>{text(title)}</h1><p class="eo-lede">{text(lede)}</p>')


def meta(shown: Snapshot, parts: Sequence[str], now: datetime | None = None) -> None:
    """Scope, as of, definitions, demo or not, what is stale or could not be read. `parts` are markup."""
    run = snapshot.run(shown.path)
    versions = sorted({d.version for d in snapshot.definitions(shown.path).values()})
    span = f"v{versions[0]}" + (f" to v{versions[-1]}" if len(versions) > 1 else "") if versions else "none"
    items = [*parts, f"as of <b>{text(words.moment(run.as_of))}</b>", f"definitions <b>{span}</b>"]
    items += [chip("square", "Demo: a made-up organisation", "line")] if run.is_demo else []
    items += _late(run, now or datetime.now(UTC)) + source_chips(shown) + _quarantine_chips(shown)
    if run.is_of_older_format:
        items.append(chip("clock", "Made by an older version", "line") + OLDER_FORMAT)
    if shown.replaced:
        items.append(chip("stop", "Could not read", "bad") + text(_replaced(run)))
    show(f'<div class="eo-meta">{"".join(f"<span>{item}</span>" for item in items)}</div>')


def _replaced(run: Run) -> str:
    shown = f"The one of {words.moment(run.as_of)} is shown; outcomes run makes a new one."
    return f" The published snapshot does not open. {shown}"


def _late(run: Run, now: datetime) -> list[str]:
    gap = now - run.finished_at
    return [] if run.is_demo or gap < LATE else [chip("clock", f"Last run: {words.age(gap)}", "line")]


def source_chips(shown: Snapshot) -> list[str]:
    """One chip per source that has not answered lately, with how old its oldest answer is."""
    run = snapshot.run(shown.path)
    stale = (
        snapshot.freshness(shown.path)
        .filter("is_stale")
        .unique(["source", "stream"])
        .sort("source", "stream")
    )
    chips = []
    for (source,), group in stale.group_by("source", maintain_order=True):
        streams = group["stream"].to_list()
        what = streams[0].replace("_", " ") if len(streams) == 1 else words.plural(len(streams), "stream")
        answers = group["last_success_at"].to_list()
        old = "not read yet" if None in answers else words.age(run.as_of - min(answers))
        chips.append(chip("clock", f"{source} {what}: {old}", "line"))
    return chips


def _quarantine_chips(shown: Snapshot) -> list[str]:
    """One chip per source some of whose records could not be read: where they are, and how many."""
    unread = snapshot.manifest(shown.path).filter(pl.col("quarantined_count") > 0)
    chips = []
    for (source,), group in unread.group_by("source", maintain_order=True):
        streams = group["stream"].unique(maintain_order=True).to_list()
        what = streams[0].replace("_", " ") if len(streams) == 1 else words.plural(len(streams), "stream")
        records = words.plural(int(group["quarantined_count"].sum()), "record")
        chips.append(chip("hatch", f"{source} {what}: {records} could not be read", "line"))
    return chips


def quarter_choice(shown: Snapshot) -> str:
    """The quarter selector, bound to the address; the last closed quarter unless chosen."""
    calendar = figures.quarters(shown.path).sort("period_start", descending=True)
    names = calendar["period"].to_list()
    closed = dict(calendar.select("period", "is_complete").iter_rows())
    if not names:
        st.stop()
    first = next((i for i, name in enumerate(names) if closed[name]), 0)
    return address.choice("Quarter", {name: words.period(name) for name in names}, "quarter", index=first)


def scope_and_quarter(shown: Snapshot) -> tuple[str, str]:
    """The two selectors of a review, side by side: whose health check, and of which quarter."""
    one, two = st.columns([0.58, 0.42], gap="small")
    with one:
        scope = address.choice("Scope", health_labels(shown.path), "of")
    with two:
        return scope, quarter_choice(shown)


def health_labels(path: str) -> dict[str, str]:
    """Every scope that has a health check by what its selector and its address call it."""
    return unique_names(list(names(path).items()))


def unique_names(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Names by id for a selector; those that occur twice carry their id."""
    times = Counter(name for _, name in pairs)
    return {key: name if times[name] == 1 else f"{name} ({key})" for key, name in pairs}


def periods_of(path: str, quarter: str, grains: Sequence[str]) -> list[str]:
    """The quarter itself, then the months and weeks that begin in it and have begun."""
    span = figures.quarters(path).row(by_predicate=pl.col("period") == quarter, named=True)
    begins = pl.col("period_start")
    inside = snapshot.periods(path).filter(
        pl.col("grain").is_in([g for g in grains if g in ("month", "week")])
        & (begins >= span["period_start"])
        & (begins < span["period_end"])
    )
    return [quarter, *inside.sort("grain", "period_start")["period"]]


@kept
def team_labels(path: str) -> dict[str, str]:
    """Every team's name by its id, as selectors and addresses write it."""
    return unique_names(snapshot.teams(path).select("team", "name").rows())


@kept
def scope_labels(path: str) -> dict[str, str]:
    """Every scope by its published name, as selectors and addresses write it."""
    found = [("organisation", "Whole organisation")]
    for kind, rows in (
        ("department", snapshot.departments(path).select("department", "name").rows()),
        ("team", snapshot.teams(path).select("team", "name").rows()),
        ("service", snapshot.services(path).select("service", "name").unique(maintain_order=True).rows()),
    ):
        found += [(f"{kind}:{key}", f"{name}, {kind}") for key, name in rows]
    return unique_names(found)


def quarter_so_far(shown: Snapshot, quarter: str) -> str | None:
    """How much of an open quarter is over; None for a closed one."""
    row = figures.quarters(shown.path).row(by_predicate=pl.col("period") == quarter, named=True)
    if row["is_complete"]:
        return None
    return words.so_far(row["period_start"], row["period_end"], snapshot.run(shown.path).today)


def is_long_over(shown: Snapshot, quarter: str) -> bool:
    """Whether a later quarter has closed too: then what is of today must say so."""
    closed = figures.quarters(shown.path).filter("is_complete")["period"].to_list()
    return quarter in closed[:-1]


def chart(drawn: alt.LayerChart | str, alt_text: str) -> None:
    """A chart, or one that was written by `spec`, with its accessible name."""
    told = json.loads(drawn if isinstance(drawn, str) else spec(drawn))
    st.vega_lite_chart(spec={"datasets": {}, **told}, theme=None, alt=alt_text)


def spec(drawn: alt.LayerChart) -> str:
    """A chart as JSON, to be kept. Whether it keeps to Vega-Lite's schema is for tests: see `app.py`."""
    return json.dumps(drawn.to_dict(validate=schemapi.DEBUG_MODE))


def sources(shown: Snapshot) -> None:
    """Where the numbers come from: what the run read, folded."""
    run = snapshot.run(shown.path)
    columns = [
        Column("Source"),
        Column("Stream"),
        Column("Scope"),
        Column("State"),
        Column("Rows read", is_number=True),
        Column("Last answer"),
    ]
    rows = []
    for row in snapshot.manifest(shown.path).iter_rows(named=True):
        last = words.moment(run.local(row["last_success_at"])) if row["last_success_at"] else "never"
        failed = row["status"] == "failed"
        state = chip("stop", "Could not read", "bad") if failed else text(row["status"])
        why = "".join(f'<span class="eo-under">{text(line)}</span>' for line in _shortfall(run, row))
        rows.append(
            [
                text(row["source"]),
                text(row["stream"].replace("_", " ")),
                f'<span translate="no">{text(row["scope"])}</span>',
                state + why,
                f"{row['rows_read'] or 0:,}",
                text(last),
            ]
        )
    with st.expander("Where the numbers come from"):
        show(components.table("What the last run read", columns, rows))


def _shortfall(run: Run, row: Mapping[str, Any]) -> Iterator[str]:
    """What went wrong with a stream, which of its records could not be read, and what is missing of it."""
    if row["error"]:
        yield row["error"]
    if row["quarantined_count"]:
        records = words.plural(row["quarantined_count"], "record")
        yield f"{records} could not be read: {row['quarantined_reasons']}"
    if row["gap"]:
        since = f", from {words.moment(run.local(row['gap_from']))} on" if row["gap_from"] else ""
        yield f"Missing: {row['gap']}{since}"


def foot() -> None:
    """Below every page."""
    link = components.page_link("protection", "How we protect your answers", {})
    show(f'<div class="eo-end">{link}</div>')


def no_snapshot(error: SnapshotError) -> None:
    """The page when there is nothing to show: not yet, or not at present."""
    told = f"{text(error)} {with_code(error.fix)}"
    if isinstance(error, NothingPublished):
        opening("Engineering Outcomes", "There is nothing to show yet.")
        show(components.state("Published snapshot", "none", "No data", told, height=120))
        return
    opening("Engineering Outcomes", "This page cannot be shown at present.")
    show(components.state("Published snapshot", "stop", "Could not read", told, height=120, tone="bad"))
