"""The one step that turns observations into published numbers, the same for every metric.

Observations are what happened, to which service, on which local day. Here they become scopes, periods,
statistics with their range, coverage and verdict: a value, or the reason why there is none.
"""

from dataclasses import replace

import polars as pl

from pipelines.statistics import flows, levels
from pipelines.statistics.covered_periods import covered_periods, horizon, period_of_date
from pipelines.statistics.days_between import DAYS_BETWEEN_SCHEMA, days_between
from pipelines.statistics.frames import KEY, OBSERVATION_SCHEMA, AggregationFrames, MetricSpec
from pipelines.statistics.quarters import QUARTERLY_COLUMNS
from pipelines.statistics.scoped_items import ScopedItems
from pipelines.statistics.scopes import one_row_per_item, places, scope_spans, service_calendar
from pipelines.statistics.verdicts import WEEKLY_COLUMNS, with_verdicts
from pipelines.withholding import is_eligible, is_linked, with_coverage, with_few, withheld

__all__ = [
    "DAYS_BETWEEN_SCHEMA",
    "METRIC_VALUES_SCHEMA",
    "OBSERVATION_SCHEMA",
    "AggregationFrames",
    "MetricSpec",
    "ScopedItems",
    "aggregate",
    "aggregate_days_between",
    "aggregate_items",
    "aggregation_grid",
    "scoped_items",
]

METRIC_VALUES_SCHEMA: dict[str, pl.DataType] = {
    "metric": pl.String(),
    "definition_version": pl.Int32(),
    "scope_kind": pl.String(),
    "scope": pl.String(),
    "grain": pl.String(),
    "period": pl.String(),
    "period_start": pl.Date(),
    "period_end": pl.Date(),
    "is_complete": pl.Boolean(),
    "statistic": pl.String(),
    "value": pl.Float64(),
    "unit": pl.String(),
    "n": pl.Int32(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "open_count": pl.Int32(),
    "coverage_linked": pl.Int32(),
    "coverage_eligible": pl.Int32(),
    "verdict": pl.String(),
    "withheld_reason": pl.String(),
    **WEEKLY_COLUMNS,
    **QUARTERLY_COLUMNS,
}

BREAKDOWN_SCHEMA: dict[str, pl.DataType] = {**METRIC_VALUES_SCHEMA, "category": pl.String()}
"""A published value of the items of one category alone."""

_ORDER = ["scope_kind", "scope", "grain", "period_start", "statistic"]
_GRAINS = pl.Enum(["day", "month", "quarter", "week"])
_OF_FLOWS = (
    *("item_kind", "period_start", "on_date", "value", "weight"),
    *("is_event", "is_open", "excluded_reason"),
)
"""The columns of items that numbers about flows are made of."""
_OF_LEVELS = (
    *("item_kind", "item", "is_apart", "begin", "end", "clock", "value", "weight"),
    "excluded_reason",
)
_NOT_WEEKLY = ["p85", "p95", "p85_from_merge", "p95_from_merge", "median_days_per_week"]
"""A week holds too few items for its tail, and one week's days are no median."""


def aggregate(metric: MetricSpec, observations: pl.DataFrame, frames: AggregationFrames) -> pl.DataFrame:
    """One row per (scope, grain, period, statistic) of the metric, from calendar start to `as_of`.

    Columns and types are `METRIC_VALUES_SCHEMA`; `value` is null exactly where `withheld_reason` is
    set. The result depends on the content of `observations`, not on the order of their rows. Raises
    ValueError for observations or statistics that contradict the metric's kind.
    """
    return aggregate_items(metric, scoped_items(metric, observations, frames), frames)


def scoped_items(metric: MetricSpec, observations: pl.DataFrame, frames: AggregationFrames) -> ScopedItems:
    """The observations that are covered, with counts_from and counts_to, and the scopes they count in.

    Flows have one row per item and scope. A level has one per spell of the item under each service:
    several may count on the same day, and are one item then. These rows are published as they are, so
    that what is shown behind a number is what made it.
    """
    rows = _checked(metric, observations)
    calendar = service_calendar(frames, metric.calendar)
    if metric.kind == "level":
        until = horizon(frames.as_of, frames.time_zone)
        # What names no service still holds for its team and the organisation, or is left out of theirs.
        is_of_none = pl.col("service_id").is_null() & (is_eligible(metric) | pl.col("team_id").is_not_null())
        is_covered = pl.col("service_id").is_in(calendar["service_id"].drop_nulls().implode())
        known = rows.filter(is_of_none | is_covered)
        spells = levels.as_days(known, calendar, until, frames.time_zone).with_columns(
            pl.col("begin").cast(pl.Date).alias("counts_from"), pl.col("end").cast(pl.Date).alias("counts_to")
        )
        return ScopedItems(spells, places(spells, frames))
    is_covered = pl.col("service_id").is_null() | (
        (pl.col("on_date") >= pl.col("starts_on"))
        & (pl.col("ends_on").is_null() | (pl.col("on_date") < pl.col("ends_on")))
    )
    # Where a service has no calendar at all, what is left out of every count still says why.
    is_told = pl.col("starts_on").is_null() & ~is_eligible(metric)
    covered = (
        rows.join(calendar, on="service_id", how="left")
        .filter(is_covered | is_told)
        .drop("starts_on", "ends_on")
        # Sums of floats depend on their order in the last digit.
        .sort("value")
        .with_columns(
            pl.col("on_date").alias("counts_from"), pl.col("on_date").dt.offset_by("1d").alias("counts_to")
        )
    )
    return one_row_per_item(ScopedItems(covered, places(covered, frames)), metric.ends_with)


def aggregate_items(metric: MetricSpec, items: ScopedItems, frames: AggregationFrames) -> pl.DataFrame:
    """As `aggregate`, from what `scoped_items` returned."""
    return _aggregate(metric, items, frames, None)


def _aggregate(
    metric: MetricSpec, items: ScopedItems, frames: AggregationFrames, scopes: pl.Series | None
) -> pl.DataFrame:
    """The numbers of some scopes, or of all of them: none depends on another scope's."""
    grid = aggregation_grid(metric, frames, scopes)
    if grid.is_empty() or not metric.statistics:
        return pl.DataFrame(schema=METRIC_VALUES_SCHEMA)
    # What is grouped over and over is grouped by small numbers instead of texts.
    grid = grid.with_columns(pl.col("scope").cast(items.places.schema["scope"]))
    items = items.within(grid["scope"])
    if metric.kind == "level":
        numbers = _levels(metric, items, grid, frames)
    else:
        numbers = _flows(metric, items, grid.with_columns(pl.col("grain").cast(_GRAINS)), frames)
    return (
        numbers.with_columns(
            pl.lit(metric.name).alias("metric"),
            pl.lit(metric.version).alias("definition_version"),
            pl.when(pl.col("statistic").str.starts_with("share_over"))
            .then(pl.lit("ratio"))
            .otherwise(pl.lit(metric.unit))
            .alias("unit"),
        )
        .select([pl.col(name).cast(kind) for name, kind in METRIC_VALUES_SCHEMA.items()])
        .sort(_ORDER)
    )


def aggregation_grid(
    metric: MetricSpec, frames: AggregationFrames, scopes: pl.Series | None = None
) -> pl.DataFrame:
    """One row per scope, grain and period of the metric of which at least a part is covered.

    Columns are those of `covered_periods`, and `is_few`; of all scopes, or of those in `scopes`.
    """
    grid = frames.kept(
        "grid",
        (metric.calendar, tuple(metric.grains), metric.kind == "level"),
        lambda: with_few(metric, _covered(metric, frames), frames),
    )
    return grid if scopes is None else grid.filter(pl.col("scope").is_in(scopes.implode()))


def _covered(metric: MetricSpec, frames: AggregationFrames) -> pl.DataFrame:
    spans = scope_spans(frames, metric.calendar)
    return covered_periods(spans, frames.periods, metric.grains, horizon(frames.as_of, frames.time_zone))


def aggregate_categories(metric: MetricSpec, items: ScopedItems, frames: AggregationFrames) -> pl.DataFrame:
    """As `aggregate_items`, for the items of each category by themselves, with `category` added.

    A scope has rows of those categories that it ever had an item of. Columns are BREAKDOWN_SCHEMA.
    """
    parts = [pl.DataFrame(schema=BREAKDOWN_SCHEMA)]
    for category in items.observations["category"].drop_nulls().unique().sort():
        mine = items.where(pl.col("category") == category)
        values = _aggregate(metric, mine, frames, mine.places["scope"].unique().cast(pl.String))
        parts.append(values.with_columns(pl.lit(category).alias("category")))
    return pl.concat(parts)


def aggregate_days_between(metric: MetricSpec, items: ScopedItems, frames: AggregationFrames) -> pl.DataFrame:
    """The charts of a count's rare events, from what `scoped_items` returned: columns DAYS_BETWEEN_SCHEMA."""
    if metric.kind != "count":
        return pl.DataFrame(schema=DAYS_BETWEEN_SCHEMA)
    today = pl.lit(horizon(frames.as_of, frames.time_zone).last_day)
    spans = scope_spans(frames, metric.calendar).select(
        "scope",
        pl.col("starts_on").alias("first_day"),
        pl.min_horizontal(pl.col("ends_on").dt.offset_by("-1d"), today).alias("last_day"),
        (pl.col("ends_on").is_null() | (pl.col("ends_on") > today)).alias("is_running"),
    )
    # A chart tells of each of its days, so that a scope has none where any week of somebody's is not shown.
    hidden = frames.few_in_period.filter(pl.col("is_somebody"))["scope"].unique()
    events = items.where(flows.is_of(metric, "count") & ~pl.col("is_open")).rows("on_date")
    shown = events.with_columns(pl.col("scope").cast(pl.String)).filter(
        ~pl.col("scope").is_in(hidden.implode())
    )
    return days_between(metric, shown, spans)


def _checked(metric: MetricSpec, observations: pl.DataFrame) -> pl.DataFrame:
    if observations.columns != list(OBSERVATION_SCHEMA):
        expected = ", ".join(OBSERVATION_SCHEMA)
        raise ValueError(f"metric {metric.name}: the columns are not those of an observation ({expected})")
    rows = observations.cast(pl.Schema(OBSERVATION_SCHEMA)).with_columns(
        pl.col("is_event", "is_open").fill_null(value=False)
    )
    counted = rows.filter(pl.col("excluded_reason").is_null())
    if metric.kind == "duration":
        broken = counted.filter((pl.col("is_event") == pl.col("is_open")) | pl.col("value").is_null())
        if broken.height:
            example = broken["item_id"].sort()[0]
            raise ValueError(f"metric {metric.name}: {example} must have a value and be either ended or open")
    needed = _needed(metric)
    lacking = counted.filter(
        pl.any_horizontal(pl.col(name).is_null() for name in needed) if needed else False
    )
    if lacking.height:
        raise ValueError(
            f"metric {metric.name}: {lacking['item_id'].sort()[0]} must have {', '.join(needed)}"
        )
    return rows


def _needed(metric: MetricSpec) -> list[str]:
    """The columns of amounts that may not be null in what is counted."""
    if metric.kind == "share" or (metric.kind == "level" and "ratio" in metric.statistics):
        return ["value", "weight"]
    return ["value"] if metric.kind == "quantity" else []


def _flows(
    metric: MetricSpec, items: ScopedItems, grid: pl.DataFrame, frames: AggregationFrames
) -> pl.DataFrame:
    parts, quarters = [], _dated(items, frames, "quarter")
    observed = items.places["scope"].unique()
    # One grain after the other: an item stands in memory once per scope, and not per grain as well.
    for (grain,), mine in grid.group_by("grain", maintain_order=True):
        dated = quarters if grain == "quarter" else _dated(items, frames, str(grain))
        parts += _of_grain(metric, dated, mine, observed)
    return with_verdicts(metric, withheld(metric, parts, frames.coverage_floor), quarters)


def _dated(items: ScopedItems, frames: AggregationFrames, grain: str) -> pl.DataFrame:
    """One row per item, scope and period of a grain, from the least value to the greatest."""
    periods = period_of_date(frames.periods, [grain]).select("on_date", "period_start")
    starts = items.observations.select("on_date").join(
        periods, on="on_date", how="left", maintain_order="left"
    )
    within = replace(items, observations=items.observations.with_columns(starts["period_start"]))
    return (
        within.where(pl.col("period_start").is_not_null())
        .rows(*_OF_FLOWS)
        .with_columns(pl.lit(grain, dtype=_GRAINS).alias("grain"))
    )


def _of_grain(
    metric: MetricSpec, dated: pl.DataFrame, grid: pl.DataFrame, observed: pl.Series
) -> list[pl.DataFrame]:
    """Each statistic of the metric for the periods of one grain."""
    tally = (
        dated.filter(pl.col("item_kind") == metric.coverage_item_kind)
        .group_by(KEY)
        .agg(
            is_linked(metric).sum().alias("coverage_linked"),
            is_eligible(metric).sum().alias("coverage_eligible"),
        )
    )
    grid = with_coverage(grid, tally, observed)
    return [
        flows.estimate(metric, statistic, mine, _grid_of(statistic, grid)).with_columns(
            statistic=pl.lit(statistic)
        )
        for statistic, mine in flows.counted(metric, dated).items()
    ]


def _levels(
    metric: MetricSpec, items: ScopedItems, grid: pl.DataFrame, frames: AggregationFrames
) -> pl.DataFrame:
    spells = items.rows(*_OF_LEVELS)
    kind = pl.col("item_kind")
    covered = spells.filter(kind == metric.coverage_item_kind)
    counted, linked, eligible = levels.merged_each(
        spells.filter((kind == metric.item_kind) & pl.col("excluded_reason").is_null()),
        covered.filter(is_linked(metric)),
        covered.filter(is_eligible(metric)),
    )
    tally = grid.select(KEY).with_columns(
        levels.under_way(linked, grid)["n"].alias("coverage_linked"),
        levels.under_way(eligible, grid)["n"].alias("coverage_eligible"),
    )
    grid = with_coverage(grid, tally, items.places["scope"].unique())
    parts = levels.estimates(metric, counted, grid)
    # A level drifts: yesterday's is most of today's, so no chart of independent values judges it.
    nothing = {"verdict": pl.String(), **WEEKLY_COLUMNS, **QUARTERLY_COLUMNS}
    return withheld(metric, parts, frames.coverage_floor).with_columns(
        *[pl.lit(None, dtype=kind).alias(name) for name, kind in nothing.items()]
    )


def _grid_of(statistic: str, grid: pl.DataFrame) -> pl.DataFrame:
    return grid.filter(pl.col("grain") != "week") if statistic in _NOT_WEEKLY else grid
