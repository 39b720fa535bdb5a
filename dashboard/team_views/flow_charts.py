"""Work on its way: cumulative flow, how long items took, and how much is in progress against the limit."""

from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from dashboard import (
    chart_flow,
    chart_weekly,
    components,
    dots_table,
    figure_words,
    figures,
    layout,
    notes,
    sheet,
    snapshot_team,
    trends,
    words,
)
from dashboard.chart_flow import Finished, Flow
from dashboard.components import Column, section, show
from dashboard.figures import FEW_PEOPLE
from dashboard.markup import text
from dashboard.sheet import Sheet
from dashboard.team_views.looked_at import Looked

FLOW, CYCLE, IN_PROGRESS = "cumulative_flow", "cycle_time", "work_in_progress"
WEEKLY = ("throughput", "cycle_time", "work_item_arrival", "blocked_time")
BY_WEEK = (IN_PROGRESS, *WEEKLY)
PER_MEMBER = "work_in_progress_per_member"
WEEKS = 13
NAMED_AT_MOST = 20
"""Of the finished items, the longest first; the others are dots alone."""
BANDS = {"done": "Finished", "waiting": "Waiting", "active": "In progress"}
"""From the foot, by the published category."""
KEYS = dict(zip(BANDS.values(), chart_flow.BANDS, strict=True))


def cumulative(looked: Looked) -> None:
    """What was finished since a day, and above it what is started, over thirteen weeks."""
    if FLOW not in looked.known:
        return
    flow = _flow(looked)
    if flow is None:
        section("Flow")
        told = "Too few weeks of work items are known." if not _is_few(looked, FLOW) else words.few_people()
        show(components.state("", "none", "No data", text(told), height=220))
        return
    since = words.day(flow.days[0])
    section("Flow", f"Items since {since}; the bands above are what is started and not finished.")
    show(_key(flow))
    counted = "; ".join(f"{name} {words.figure(n)}" for name, n in zip(flow.names, flow.last, strict=True))
    layout.chart(chart_flow.cumulative(flow), f"Cumulative flow of {looked.name} since {since}: {counted}")
    rows = [(day, *counts) for day, counts in zip(flow.days, zip(*flow.counts, strict=True), strict=True)]
    file = Sheet(f"Cumulative flow of {looked.name}", ("end of day", *flow.names), tuple(rows))
    columns = [Column("End of day"), *(Column(name, is_number=True) for name in flow.names)]
    sheet.below(file, columns, [[words.day(day), *map(words.figure, counts)] for day, *counts in rows])


def _key(flow: Flow) -> str:
    """The sub-line as legend: each band with its count today."""
    parts = [
        f'<span><i style="background:var(--{KEYS[name]})"></i>{text(name)} {words.figure(count)}</span>'
        for name, count in reversed(list(zip(flow.names, flow.last, strict=True)))
    ]
    return f'<div class="eo-key">{"".join(parts)}</div>'


def _is_few(looked: Looked, metric: str) -> bool:
    figure = looked.figure(metric)
    return figure is not None and figure.state == FEW_PEOPLE


def _flow(looked: Looked) -> Flow | None:
    """The bands week by week; what was finished before counts as nothing."""
    end = min(looked.span[1], looked.today + timedelta(days=1))
    start = end - timedelta(weeks=WEEKS)
    rows = snapshot_team.weekly_parts(looked.path, FLOW, "level", looked.scope, start)
    is_inside = (pl.col("period_end") <= end) | (~pl.col("is_complete") & (pl.col("period_start") < end))
    rows = rows.filter(is_inside & pl.col("category").is_in(list(BANDS)))
    if rows.is_empty() or rows["value"].is_null().all():
        return None
    days: list[date] = []
    bands: dict[str, list[float]] = {category: [] for category in BANDS}
    for (until,), week in rows.group_by("period_end", maintain_order=True):
        known = dict(week.select("category", "value").iter_rows())
        if week["value"].is_null().any():
            days.clear()
            for band in bands.values():
                band.clear()
            continue
        days.append(min(until - timedelta(days=1), looked.today))
        for category, band in bands.items():
            band.append(float(known.get(category, 0.0)))
    if len(days) < trends.LEAST_WEEKS_SHOWN:
        return None
    done = [count - bands["done"][0] for count in bands["done"]]
    counts = (tuple(max(count, 0.0) for count in done), tuple(bands["waiting"]), tuple(bands["active"]))
    return Flow(tuple(days), tuple(BANDS.values()), counts)


def finished(looked: Looked) -> None:
    """Every finished item as a dot; over the quarter the days within which half and 85 of 100 were."""
    definition = looked.known.get(CYCLE)
    if definition is None:
        return
    start, end, is_complete = looked.span
    since = _quarter_before(looked)
    section(
        "How long items took", "A dot for each finished item, on its day; days counted from its first one."
    )
    few = _few_spans(looked, CYCLE)
    found = snapshot_team.last_finished(
        looked.path,
        CYCLE,
        looked.scope,
        definition.item_kind,
        since,
        end,
        few,
        chart_flow.DOTS_AT_MOST,
        NAMED_AT_MOST,
    )
    items = [Finished(*row) for row in found.dots.iter_rows()]
    if not items:
        told = words.few_people() if few else f"No item was finished since {words.day(since)}."
        show(components.state("", "hatch" if few else "none", "Nothing shown", text(told), height=240))
        return
    lines = _lines(looked)
    said = [f"{words.sentence(name)} {words.figure(value)} d" for name, value in lines]
    drawn = chart_flow.scatter(
        items, since, end, (start, end), list(zip(said, [v for _, v in lines], strict=True))
    )
    so_far = "" if is_complete else ", still open"
    finding = "; ".join([f"{found.many} finished since {words.day(since)}", *said])
    layout.chart(drawn, f"Cycle time of {looked.name} to {words.period(looked.quarter)}{so_far}: {finding}")
    if found.many > len(items):
        show(f'<p class="eo-note">The last {len(items):,} of {found.many:,} items.</p>')
    _below_finished(looked, items, found.longest)


def _below_finished(looked: Looked, items: list[Finished], longest: pl.DataFrame) -> None:
    """How many took how long, and by name those that took longest."""
    steps = dots_table.steps([item.days for item in items], dots_table.DAYS, dots_table.days_said)
    data = tuple((step, count) for step, (count,) in steps)
    sheet.below(
        Sheet(f"Finished items of {looked.name} by days", ("days", "items"), data),
        [Column("Days"), Column("Items", is_number=True)],
        [[text(step), f"{count:,}"] for step, count in data],
    )
    sheet.listed(
        f"The {longest.height} that took longest by name" if len(items) > longest.height else sheet.BY_NAME,
        [Column("Item"), Column("Finished"), Column("Days", is_number=True)],
        [
            [components.link(label, url), words.day(on), words.figure(days)]
            for label, url, on, days in longest.select("label", "url", "on_date", "value").iter_rows()
        ],
    )


def _quarter_before(looked: Looked) -> date:
    """The first day of the quarter before, or of this one where it is the first."""
    calendar = figures.quarters(looked.path)
    here = calendar["period"].to_list().index(looked.quarter)
    first: date = calendar["period_start"][max(0, here - 1)]
    return first


def _few_spans(looked: Looked, metric: str) -> tuple[tuple[date, date], ...]:
    """The quarters in which too few people were active for an item to be shown."""
    figure = looked.figure(metric)
    points = [] if figure is None else [point for point in figure.history if point is not None]
    return tuple((p.period_start, p.period_end) for p in points if p.withheld_reason == FEW_PEOPLE)


def _lines(looked: Looked) -> list[tuple[str, float]]:
    """The published quantiles of the quarter, in days."""
    found = []
    for statistic, lead in (("p50", "half within"), ("p85", "85 of 100 within")):
        figure = looked.figure(CYCLE, statistic) if statistic in looked.known[CYCLE].statistics else None
        if figure is not None and figure.now is not None and figure.now.value is not None:
            found.append((lead, figure.now.value))
    return found


def in_progress(looked: Looked) -> None:
    """How much is in progress at the end of each week, against the limit that the team set."""
    definition = looked.known.get(IN_PROGRESS)
    if definition is None:
        return
    among = tuple(definition.metric for definition in looked.definitions(BY_WEEK))
    series = trends.load(looked.path, IN_PROGRESS, looked.scope, looked.quarter, looked.notes, among)
    limit = looked.wip_limit()
    sub = "Items started and not finished, at the end of each week."
    sub += f" Dashed: the limit the team set, {limit}." if limit is not None else " No limit is set."
    section("Work in progress", sub)
    if series is None:
        show(components.state("", "none", "No data", "No work item of this team is known.", height=220))
        return
    series = replace(series, limits=_limits(looked, series.start, series.end))
    axis = chart_weekly.value_axis([series], is_duration=False)
    last = series.open_week[1] if series.open_week else series.shown[-1].value
    stands = "" if limit is None else f", the limit {limit}"
    when = "now" if series.open_week else f"at the end of {words.period(looked.quarter)}"
    told = f"Work in progress of {looked.name}, week by week: {when} {words.figure(last)}{stands}."
    layout.chart(chart_weekly.draw(series, axis, height=220), told + notes.spoken(series.notes))
    notes.listed(series.notes)
    chart_weekly.table([definition.title], [series], f"Work in progress of {looked.name}, week by week")
    _per_member(looked)


def _per_member(looked: Looked) -> None:
    """How much that is for each of the team's people, or why that is not told: a line below the chart."""
    figure = looked.figure(PER_MEMBER)
    if figure is None:
        return
    said = figure_words.missing(figure)
    if figure.now is not None and figure.now.value is not None:
        when = "at the end of the quarter" if figure.now.is_complete else "now"
        said = f"{figure.scale.full(figure.now.value)}, {when}. Of the team, and of none of its people."
    name = components.page_link("metrics", figure.definition.title, {"metric": figure.definition.title})
    show(f'<p class="eo-note">{name}: {text(said)}</p>')


def _limits(looked: Looked, start: date, end: date) -> list[tuple[date, date, float]]:
    """The stretches of the limit within a chart's days."""
    known = looked.wip_limits()
    ends = [*(since for since, _ in known[1:]), date.max][: len(known)]
    stretches = [
        (max(since, start), min(until, end), float(limit))
        for (since, limit), until in zip(known, ends, strict=True)
    ]
    return [(since, until, limit) for since, until, limit in stretches if since < until]
