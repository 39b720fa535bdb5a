"""The data layer's questions about items: those behind a number, and those that are still open."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from dashboard import snapshot
from dashboard.kept import kept
from dashboard.named_items import named
from dashboard.snapshot import ask

ORDERS = {
    "event": "is_event desc nulls last, on_date desc",
    "day": "on_date desc",
    "value": "value desc nulls last",
    "age": "on_date",
    "start": "started_at desc nulls last",
}
"""In which the first items are told; equals by day and id."""


@kept
def observations(path: str, metric: str, scope: str, period: str) -> pl.DataFrame:
    """The rows behind a number and those kept out of it, with label, url and the service's name."""
    behind, bound = items_behind(path, metric, scope, period)
    return named(path, ask(path, f"from ({behind})", **bound))


def items_behind(path: str, metric: str, scope: str | None, period: str) -> tuple[str, dict[str, object]]:
    """What the snapshot's `items_behind` answers, its days bound: a query, and what is bound.

    For one scope, so the file is read where the scope's items of these days lie; None: for each scope.
    An age is that of the last day.
    """
    span = snapshot.periods(path).row(by_predicate=pl.col("period") == period, named=True)
    end = min(span["period_end"], snapshot.run(path).today + timedelta(days=1))
    definition = snapshot.definitions(path)[metric]
    first = end - timedelta(days=1) if definition.kind == "level" else span["period_start"]
    is_age = definition.kind == "level" and definition.unit == "days"
    age = "case when excluded_reason is null then cast($end - on_date as double) end"
    chosen = f"* replace ({age} as value)" if is_age else "*"
    only, each = ("scope = $scope", "") if scope else ("true", "scope, ")
    query = f"""select {chosen} from metric_item
      where metric = $metric and {only} and counts_from < $end and counts_to > $first
      qualify row_number() over (
        partition by {each}item_kind, item_id
        order by excluded_reason is not null, on_date, service_id, started_at) = 1"""
    return query, {"metric": metric, "end": end, "first": first} | ({"scope": scope} if scope else {})


_WHICH = {
    "used": "excluded_reason is null",
    "ended": "excluded_reason is null and not coalesce(is_open, false)",
}
"""Those that are in a number, or of these those that have ended."""
_SHOWN = """item_kind, item_id, service_id, on_date, started_at, ended_at, value, is_event, is_open,
  excluded_reason, link_method, confidence"""


@dataclass(frozen=True)
class Found:
    """How many items are behind a number, and the first of them with label, url and the service's name."""

    counts: pl.DataFrame
    """item_kind, reason (null: in it), is_open, items, the most first."""
    first: pl.DataFrame
    """Of those that are in it, in their order."""
    linked: pl.DataFrame
    """Of those that were looked at for linking, counted or not, the latest first."""
    mean: float | None
    """Of those that are in it, of durations without those that are still open."""
    mean_of: int
    """How many the mean is of."""


@kept
def behind_number(
    path: str,
    metric: str,
    scope: str,
    period: str,
    item_kind: str,
    linked_kind: str | None,
    order: str,
    which: str,
    at_most: int,
    *,
    is_duration: bool,
) -> Found:
    """The items behind a number, counted, averaged and so many of them shown, by one look at them.

    `order` is one of ORDERS, `which` one of _WHICH.
    """
    behind, bound = items_behind(path, metric, scope, period)
    or_linked = ""
    if linked_kind is not None:
        bound["linked_kind"] = linked_kind
        or_linked = f"""union all by name select 'linked' as part, {_SHOWN}, {_place("start")} as place
          from behind where item_kind = $linked_kind qualify place <= $at_most"""
    found = ask(
        path,
        f"""with behind as materialized ({behind})
           select 'counts' as part, item_kind, excluded_reason, coalesce(is_open, false) as is_open,
             count(*) as items from behind group by all
           union all by name select 'mean' as part, avg(value order by value) as value, count(*) as items
           from behind where item_kind = $item_kind and excluded_reason is null
             and not (is_open and $is_duration)
           union all by name select 'first' as part, {_SHOWN}, {_place(order)} as place
           from behind where item_kind = $item_kind and {_WHICH[which]} qualify place <= $at_most
           {or_linked}""",
        item_kind=item_kind,
        at_most=at_most,
        is_duration=is_duration,
        **bound,
    )
    ((mean, mean_of),) = found.filter(part="mean").select("value", "items").rows()
    counts = found.filter(part="counts").select(
        "item_kind", pl.col("excluded_reason").alias("reason"), "is_open", "items"
    )
    rows = named(path, found.filter(pl.col("part").is_in(["first", "linked"])).drop("items")).sort("place")
    first, linked = (rows.filter(part=part).drop("part", "place") for part in ("first", "linked"))
    return Found(
        counts.sort(
            "item_kind", "items", "reason", "is_open", descending=[False, True, False, False], nulls_last=True
        ),
        first,
        linked,
        mean,
        mean_of,
    )


def _place(order: str) -> str:
    return f"row_number() over (order by {ORDERS[order]}, on_date, item_id)"


@kept
def drawn(path: str, metric: str, scope: str, period: str, item_kind: str, which: str) -> pl.DataFrame:
    """What is drawn of every item in a number, by day: on_date, value, is_event, is_open."""
    behind, bound = items_behind(path, metric, scope, period)
    return ask(
        path,
        f"""select on_date, value, is_event, is_open from ({behind})
           where item_kind = $item_kind and {_WHICH[which]} order by on_date, item_id""",
        item_kind=item_kind,
        **bound,
    )


@kept
def still_open(
    path: str,
    metric: str,
    scope: str,
    item_kind: str,
    before: datetime,
    reason: str | None = None,
) -> pl.DataFrame:
    """What is open and began before a moment, the longest waiting first, with label, url and service.

    `reason`: what keeps it out of the number; None: what counts.
    """
    rows = ask(
        path,
        """select item_kind, item_id, service_id, on_date, started_at, ended_at from metric_item
           where metric = $metric and scope = $scope and item_kind = $item_kind and is_open
             and ended_at is null and excluded_reason is not distinct from $reason
             and started_at < $before""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
        reason=reason,
        before=before,
    )
    return named(path, rows).sort("started_at", "item_id")
