"""What is still open for a scope: work by age, changes not yet deployed, failures not yet mended."""

from datetime import datetime

import polars as pl
import streamlit as st

from dashboard import chart_items, components, figures, layout, snapshot, words
from dashboard.chart_items import Aged
from dashboard.components import Column, section, show
from dashboard.markup import text
from dashboard.snapshot import Run, Snapshot

ITEMS_AT_MOST = 20
AGE, WAITING, FAILED = "work_item_age", "time_to_production", "failed_deployment_recovery_time"


def draw(shown: Snapshot, scope: str) -> None:
    """Everything still open as of the snapshot, side by side."""
    known = snapshot.definitions(shown.path)
    if _is_of_few(shown, scope):
        section("Open work")
        show(components.state("", "none", "Nothing shown", words.few_people()))
        return
    left, right = st.columns(2, gap="medium")
    with left:
        if AGE in known:
            _by_age(shown, scope)
    with right:
        if WAITING in known:
            kind = f"{known[WAITING].item_kind}_from_merge"
            waiting = _still_open(shown, WAITING, scope, kind)
            _open_items(
                shown,
                waiting,
                "Merged and not yet deployed",
                ("Change", "Merged"),
                _none_waiting(shown, scope),
            )
        if FAILED in known:
            failed = _still_open(shown, FAILED, scope, known[FAILED].item_kind)
            nothing = "No failed deployment is known to wait for its mending."
            _open_items(shown, failed, "Failed deployments still open", ("Deployment", "Failed"), nothing)


def _is_of_few(shown: Snapshot, scope: str) -> bool:
    """Whether too few people are active now for what is open to be shown, item by item."""
    known = snapshot.definitions(shown.path)
    for metric in (AGE, WAITING, FAILED):
        if metric in known:
            values = snapshot.series(shown.path, metric, known[metric].headline, "quarter")
            latest = list(figures.points(values, scope).values())[-1:]
            if any(point.withheld_reason == figures.FEW_PEOPLE for point in latest):
                return True
    return False


def _still_open(shown: Snapshot, metric: str, scope: str, item_kind: str) -> pl.DataFrame:
    """The counted rows of a duration that have not ended, the longest waiting first."""
    rows = snapshot.items_of_kind(shown.path, metric, scope, item_kind)
    counted = rows.filter(pl.col("is_open") & pl.col("excluded_reason").is_null())
    return counted.sort("started_at", "item_id")


def _none_waiting(shown: Snapshot, scope: str) -> str:
    """That no merged change is known to wait, and how many could not be told."""
    definition = snapshot.definitions(shown.path)[WAITING]
    changes = snapshot.items_of_kind(shown.path, WAITING, scope, definition.item_kind)
    unknown = changes.filter(pl.col("excluded_reason").is_in(definition.unlinked_reasons)).height
    if not unknown:
        return "No merged change is known to wait for its deployment."
    return f"No merged change is known to wait; of {words.plural(unknown, 'change')} it cannot be told."


def _by_age(shown: Snapshot, scope: str) -> None:
    run = snapshot.run(shown.path)
    today = figures.quarters(shown.path)["period"][-1]
    found = snapshot.observations(shown.path, AGE, scope, today)
    found = found.filter(pl.col("excluded_reason").is_null())
    items = [
        Aged(label, service or "no service", (run.today - day).days + 1)
        for label, service, day in found.select("label", "service", "on_date").iter_rows()
    ]
    items.sort(key=lambda item: (-item.days, item.label))
    limit = _last_p85(shown, scope)
    past = sum(limit is not None and item.days > limit for item in items)
    section(
        "Open work by age",
        "Items, not people. Age counts every day, weekends too."
        + (" The line: what 85 of 100 stayed under at the end of the last closed quarter." if limit else ""),
    )
    if not items:
        show(components.state("", "none", "No data", _nothing(shown, scope), height=160))
        return
    drawn = items[:ITEMS_AT_MOST]
    oldest = f"the oldest {items[0].label} with {items[0].days} days"
    finding = f"{words.plural(len(items), 'item')} open, {past} past the line, {oldest}"
    layout.chart(chart_items.ages(drawn, limit), f"Open work by age: {finding}")
    if len(items) > len(drawn):
        show(f'<p class="eo-note">The {len(drawn)} oldest of {len(items)}.</p>')
    links = dict(found.select("label", "url").iter_rows())
    rows = [[components.link(i.label, links[i.label]), text(i.line), str(i.days)] for i in drawn]
    components.same_as_table(
        "Open work by age", [Column("Item"), Column("Service"), Column("Days", is_number=True)], rows
    )


def _last_p85(shown: Snapshot, scope: str) -> float | None:
    """The age that 85 of 100 open items stayed under at the end of the last closed quarter."""
    if "p85" not in snapshot.definitions(shown.path)[AGE].statistics:
        return None
    found = figures.points(snapshot.series(shown.path, AGE, "p85", "quarter"), scope)
    closed = [p for p in found.values() if p.is_complete]
    return closed[-1].value if closed else None


def _nothing(shown: Snapshot, scope: str) -> str:
    values = snapshot.series(shown.path, AGE, "p50", "quarter")
    latest = figures.points(values, scope)
    if not latest or all(p.n == 0 for p in latest.values()):
        return "No work item of this team is known."
    return "Nothing is started and unfinished."


def _open_items(
    shown: Snapshot, found: pl.DataFrame, title: str, heads: tuple[str, str], nothing: str
) -> None:
    run = snapshot.run(shown.path)
    count = f"{found.height}, the longest waiting first." if found.height else ""
    section(title, count)
    if found.is_empty():
        show(f'<p class="eo-note">{text(nothing)}</p>')
        return
    columns = [Column(heads[0]), Column("Service"), Column(heads[1]), Column("Since then", is_number=True)]
    rows = [
        [
            components.link(label, url),
            text(service or "no service"),
            text(words.moment(run.local(start))),
            text(_since(run, start)),
        ]
        for label, url, service, start in found.head(ITEMS_AT_MOST)
        .select("label", "url", "service", "started_at")
        .iter_rows()
    ]
    show(components.table(title, columns, rows, phone="brief"))
    if found.height > ITEMS_AT_MOST:
        show(f'<p class="eo-note">{ITEMS_AT_MOST} of {found.height:,}.</p>')


def _since(run: Run, start: datetime) -> str:
    hours = (run.as_of - start).total_seconds() / 3600
    return f"{words.figure(hours)} h" if hours < 48 else f"{words.figure(hours / 24)} d"
