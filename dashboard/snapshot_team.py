"""The data layer's questions of a team's page alone, asked and cached as those of `snapshot`."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from dashboard.kept import kept
from dashboard.named_items import named
from dashboard.snapshot import ask, rows_of


@kept
def weekly_parts(path: str, metric: str, statistic: str, scope: str, start: date) -> pl.DataFrame:
    """A statistic of a scope by category and week, oldest first, from the first week that ends after `start`.

    Columns: period_start, period_end, is_complete, category, value, withheld_reason.
    """
    lying, rows = rows_of(path, "metric_breakdown", scope)
    return ask(
        path,
        f"""select period_start, period_end, is_complete, category, value, withheld_reason
            from metric_breakdown v where {lying} and metric = $metric and statistic = $statistic
              and scope = $scope and grain = 'week' and period_end > $start
            order by period_start, category""",
        metric=metric,
        statistic=statistic,
        scope=scope,
        start=start,
        **rows,
    )


_FINISHED = """from metric_item where metric = $metric and scope = $scope and item_kind = $item_kind
  and excluded_reason is null and value is not null and not coalesce(is_open, false)
  and on_date >= $start and on_date < $end"""


@kept
def finished(path: str, metric: str, scope: str, item_kind: str, start: date, end: date) -> pl.DataFrame:
    """The counted and ended rows of a metric between two days: on_date, value."""
    return ask(
        path,
        f"select on_date, value {_FINISHED}",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
        start=start,
        end=end,
    )


@dataclass(frozen=True)
class LastFinished:
    """The last items that were finished, and those of them that took longest."""

    dots: pl.DataFrame
    """on_date, value of each, by day."""
    longest: pl.DataFrame
    """on_date, value, label, url, the longest first."""
    many: int
    """How many were finished, these or others."""


@kept
def last_finished(
    path: str,
    metric: str,
    scope: str,
    item_kind: str,
    start: date,
    end: date,
    without: tuple[tuple[date, date], ...],
    at_most: int,
    named_at_most: int,
) -> LastFinished:
    """So many of them, the last by day, but for those of some spans; few are named."""
    days = {f"day{place}": day for place, day in enumerate(day for span in without for day in span)}
    outside = [
        f"and not (on_date >= $day{place} and on_date < $day{place + 1})" for place in range(0, len(days), 2)
    ]
    rows = ask(
        path,
        f"""with last as (
             select item_kind, item_id, service_id, on_date, value, count(*) over () as items {_FINISHED}
               {" ".join(outside)}
             order by on_date desc, item_id desc limit $at_most),
           placed as (
             select *, row_number() over (order by value desc, on_date desc, item_id) as place from last)
           select on_date, value, items, case when place <= $named_at_most then place end as place,
             case when place <= $named_at_most then item_kind end as item_kind,
             case when place <= $named_at_most then item_id end as item_id,
             case when place <= $named_at_most then service_id end as service_id
           from placed order by on_date, placed.item_id""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
        start=start,
        end=end,
        at_most=at_most,
        named_at_most=named_at_most,
        **days,
    )
    longest = named(path, rows.drop_nulls("item_id")).sort("place")
    return LastFinished(rows.select("on_date", "value"), longest, rows["items"][0] if rows.height else 0)


@dataclass(frozen=True)
class Lasting:
    """Which rows of a metric that have not ended are asked for."""

    metric: str
    item_kind: str
    since: str
    """The column from which they last: `started_at` or `on_date`."""
    before: date | None = None
    """What began before this moment or day has lasted too long; None: nothing has."""
    reason: str | None = None
    """What keeps them out of the number; None: those that are in it."""


@kept
def longest(path: str, scope: str, wanted: tuple[Lasting, ...], at_most: int) -> dict[str, pl.DataFrame]:
    """By metric what has lasted longest: so many rows, and all as old as the last of them.

    Columns: item_id, label, url, service, category, began (UTC), on_date; and of all, not of these
    alone, how many they are (items) and how many have lasted too long (long).
    """
    parts = [
        f"""select {place} as part, item_kind, item_id, service_id, category, started_at as began, on_date,
             count(*) over () as items, count(*) filter ({one.since} < $before{place}) over () as long
           from metric_item
           where metric = $metric{place} and scope = $scope and item_kind = $item_kind{place}
             and ended_at is null and excluded_reason is not distinct from $reason{place}
             and {one.since} is not null
           qualify rank() over (order by {one.since}) <= $at_most"""
        for place, one in enumerate(wanted)
    ]
    bound = {
        f"{name}{place}": getattr(one, name)
        for place, one in enumerate(wanted)
        for name in ("metric", "item_kind", "before", "reason")
    }
    if not parts:
        return {}
    found = named(path, ask(path, " union all ".join(parts), scope=scope, at_most=at_most, **bound))
    return {one.metric: found.filter(part=place) for place, one in enumerate(wanted)}


@kept
def not_ended(path: str, metric: str, scope: str, item_kind: str) -> dict[str | None, int]:
    """How many rows a metric knows as not ended, by the reason that keeps them out of the number."""
    found = ask(
        path,
        """select excluded_reason, count(*) from metric_item
           where metric = $metric and scope = $scope and item_kind = $item_kind and ended_at is null
           group by all""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
    )
    return dict(found.iter_rows())


@kept
def held_against(path: str, metric: str, scope: str, item_kind: str) -> float | None:
    """The value of the first row that has not ended, such as what items are expected to take."""
    found = ask(
        path,
        """select value from metric_item
           where metric = $metric and scope = $scope and item_kind = $item_kind and ended_at is null
             and value is not null
           order by on_date, item_id limit 1""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
    )
    return float(found["value"][0]) if found.height else None


@kept
def objectives(path: str, metric: str, scope: str) -> dict[str, str]:
    """Which service each objective of a scope is about, by the objective's name."""
    found = ask(
        path,
        """select distinct m.category, coalesce(s.name, m.service_id) as service
           from metric_item m left join service s on s.id = m.service_id
           where m.metric = $metric and m.scope = $scope and m.category is not null order by all""",
        metric=metric,
        scope=scope,
    )
    return dict(found.iter_rows())
