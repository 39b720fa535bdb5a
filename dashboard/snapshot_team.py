"""The data layer's questions of a team's page alone, asked and cached as those of `snapshot`."""

from datetime import date

import polars as pl

from dashboard.kept import kept
from dashboard.named_items import named
from dashboard.snapshot import ask


@kept
def weekly_parts(path: str, metric: str, statistic: str, scope: str, start: date) -> pl.DataFrame:
    """A statistic of a scope by category and week, oldest first, from the first week that ends after `start`.

    Columns: period_start, period_end, is_complete, category, value, withheld_reason.
    """
    return ask(
        path,
        """select period_start, period_end, is_complete, category, value, withheld_reason
           from metric_breakdown where metric = $metric and statistic = $statistic and scope = $scope
             and grain = 'week' and period_end > $start order by period_start, category""",
        metric=metric,
        statistic=statistic,
        scope=scope,
        start=start,
    )


@kept
def finished(path: str, metric: str, scope: str, item_kind: str, start: date, end: date) -> pl.DataFrame:
    """The counted and ended rows of a metric between two days: item_id, on_date, value, label, url."""
    rows = ask(
        path,
        """select item_kind, item_id, service_id, on_date, value from metric_item
           where metric = $metric and scope = $scope and item_kind = $item_kind
             and excluded_reason is null and value is not null and not coalesce(is_open, false)
             and on_date >= $start and on_date < $end""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
        start=start,
        end=end,
    )
    return named(path, rows)


@kept
def not_ended(path: str, metric: str, scope: str, item_kind: str) -> pl.DataFrame:
    """What a metric knows as not ended, by day, with the reason that keeps a row out of the number.

    Columns: item_id, label, url, service, category, value, began (UTC), on_date, reason.
    """
    rows = ask(
        path,
        """select item_kind, item_id, service_id, category, value, started_at as began, on_date,
             excluded_reason as reason
           from metric_item
           where metric = $metric and scope = $scope and item_kind = $item_kind and ended_at is null""",
        metric=metric,
        scope=scope,
        item_kind=item_kind,
    )
    return named(path, rows)


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
