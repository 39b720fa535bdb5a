"""The data layer's questions about the items behind a number: all, how many, and the few that are shown."""

from datetime import timedelta

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


def items_behind(path: str, metric: str, scope: str, period: str) -> tuple[str, dict[str, object]]:
    """What the snapshot's `items_behind` answers for one scope, its days bound: a query, and what is bound.

    So the file is read where the scope's items of these days lie.
    """
    span = snapshot.periods(path).row(by_predicate=pl.col("period") == period, named=True)
    end = min(span["period_end"], snapshot.run(path).today + timedelta(days=1))
    is_level = snapshot.definitions(path)[metric].kind == "level"
    first = end - timedelta(days=1) if is_level else span["period_start"]
    query = """select * from metric_item
      where metric = $metric and scope = $scope and counts_from < $end and counts_to > $first
      qualify row_number() over (
        partition by item_kind, item_id
        order by excluded_reason is not null, on_date, service_id, started_at) = 1"""
    return query, {"metric": metric, "scope": scope, "end": end, "first": first}


@kept
def items_of_kind(path: str, metric: str, scope: str, item_kind: str) -> pl.DataFrame:
    """Every published row of a metric, whatever its period; columns as of `observations`."""
    query = "from metric_item where metric = $metric and scope = $scope and item_kind = $item_kind"
    return named(path, ask(path, query, metric=metric, scope=scope, item_kind=item_kind))


@kept
def counted(path: str, metric: str, scope: str, period: str) -> pl.DataFrame:
    """How many items are behind a number: item_kind, reason (null: in it), is_open, items, the most first."""
    behind, bound = items_behind(path, metric, scope, period)
    return ask(
        path,
        f"""select item_kind, excluded_reason as reason, coalesce(is_open, false) as is_open,
             count(*) as items
           from ({behind}) group by all order by item_kind, items desc, reason, is_open""",
        **bound,
    )


@kept
def first(
    path: str,
    metric: str,
    scope: str,
    period: str,
    item_kind: str,
    order: str,
    at_most: int,
    which: str = "all",
) -> pl.DataFrame:
    """The first items of a kind behind a number, in an order of ORDERS; columns as `observations`.

    `which`: all, those that are in it (`used`), or of these those that have ended (`ended`).
    """
    only = {
        "all": "",
        "used": "and excluded_reason is null",
        "ended": "and excluded_reason is null and not coalesce(is_open, false)",
    }[which]
    behind, bound = items_behind(path, metric, scope, period)
    rows = ask(
        path,
        f"""from ({behind}) where item_kind = $item_kind {only}
           order by {ORDERS[order]}, on_date, item_id limit $at_most""",
        item_kind=item_kind,
        at_most=at_most,
        **bound,
    )
    place = rows.select("item_kind", "item_id").with_row_index("place")
    return place.join(named(path, rows), on=["item_kind", "item_id"], how="inner").sort("place").drop("place")


@kept
def still_open(path: str, metric: str, scope: str, item_kind: str) -> pl.DataFrame:
    """The rows of a metric that count and have not ended, the longest waiting first; columns as above."""
    rows = ask(
        path,
        """from metric_item where metric = $metric and scope = $scope and item_kind = $item_kind
             and is_open and excluded_reason is null""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
    )
    return named(path, rows).sort("started_at", "item_id")


@kept
def reasons(path: str, metric: str, scope: str, item_kind: str) -> dict[str, int]:
    """How many published rows of a metric each reason leaves out, whatever their period."""
    found = ask(
        path,
        """select excluded_reason, count(*) from metric_item
           where metric = $metric and scope = $scope and item_kind = $item_kind
             and excluded_reason is not null
           group by all""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
    )
    return dict(found.iter_rows())
