"""The data layer's questions about numbers: those of one scope together, as a page shows them.

In the file a scope's numbers of one grain lie side by side, so one question for all of them costs little more
than one for a single metric.
"""

from datetime import date

import polars as pl

from dashboard.expected_range import LEAST_WEEKS
from dashboard.kept import kept
from dashboard.named_items import listed_values
from dashboard.snapshot import ask, definitions, items_left_out, rows_of, values_of

_POINT = """v.period, v.period_start, v.period_end, v.is_complete, v.value, v.low, v.high, v.n, v.open_count,
  v.coverage_linked, v.coverage_eligible, v.verdict, v.withheld_reason, v.difference, v.difference_low,
  v.difference_high, v.p_value, v.compared_with, v.detectable_change"""


@kept
def headline_quarters(
    path: str, scope: str, first: date, last: date, metrics: tuple[str, ...] = ()
) -> pl.DataFrame:
    """What every metric, or these, came to in a scope, by the first statistic: metric, a point's columns.

    For the quarters that begin from the one day to the other, oldest first.
    """
    only, bound = _first_of(path, metrics)
    lying, rows = rows_of(path, values_of(path, "quarter"), scope)
    found = ask(
        path,
        f"""select v.metric, v.statistic, {_POINT}
           from {values_of(path, "quarter")} v
           where {lying} and v.grain = 'quarter' and v.scope = $scope
             and v.period_start between $first and $last and {only}
           order by v.metric, v.period_start""",
        scope=scope,
        first=first,
        last=last,
        **bound,
        **rows,
    )
    return _first_alone(path, found)


@kept
def quarters_of_all(
    path: str, metric: str, statistic: str, first: date, last: date, scopes: tuple[str, ...] = ()
) -> pl.DataFrame:
    """One statistic of every scope, or of these: scope, and a point's columns; for the quarters as above."""
    only, bound = listed_values("and v.scope in ($scopes)", {"scopes": list(scopes)}) if scopes else ("", {})
    return ask(
        path,
        f"""select v.scope, {_POINT} from {values_of(path, "quarter")} v
           where v.grain = 'quarter' and v.metric = $metric and v.statistic = $statistic
             and v.period_start between $first and $last {only}
           order by v.scope, v.period_start""",
        metric=metric,
        statistic=statistic,
        first=first,
        last=last,
        **bound,
    )


@kept
def teams_in_quarter(path: str, metrics: tuple[str, ...], start: date) -> pl.DataFrame:
    """What metrics came to in every team in the quarter that begins on a day, by their first statistics.

    Columns: metric, scope, and those of a point.
    """
    only, bound = _first_of(path, metrics)
    found = ask(
        path,
        f"""select v.metric, v.statistic, v.scope, {_POINT}
           from {values_of(path, "quarter")} v
           where v.grain = 'quarter' and v.scope_kind = 'team' and v.period_start = $start and {only}""",
        start=start,
        **bound,
    )
    return _first_alone(path, found)


@kept
def with_number(path: str, metric: str, statistic: str, first: date, last: date) -> frozenset[str]:
    """The scopes that have a number in any quarter that begins from the one day to the other."""
    found = ask(
        path,
        f"""select distinct scope from {values_of(path, "quarter")}
           where grain = 'quarter' and metric = $metric and statistic = $statistic
             and period_start between $first and $last and value is not null""",
        metric=metric,
        statistic=statistic,
        first=first,
        last=last,
    )
    return frozenset(found["scope"])


@kept
def quarters_of_many(
    path: str, metrics: tuple[str, ...], first: date, last: date, scopes: tuple[str, ...]
) -> pl.DataFrame:
    """What metrics came to in these scopes, by their first statistics: metric, scope, a point's columns.

    For the quarters as above. One question for a table of teams.
    """
    only, bound = _first_of(path, metrics)
    these, named = listed_values("v.scope in ($scopes)", {"scopes": list(scopes)})
    found = ask(
        path,
        f"""select v.metric, v.statistic, v.scope, {_POINT}
           from {values_of(path, "quarter")} v
           where v.grain = 'quarter' and v.period_start between $first and $last and {these} and {only}
           order by v.metric, v.scope, v.period_start""",
        first=first,
        last=last,
        **bound,
        **named,
    )
    return _first_alone(path, found)


@kept
def left_out_of_many(
    path: str, metrics: tuple[str, ...], period: str, scopes: tuple[str, ...]
) -> pl.DataFrame:
    """What each reason kept out of quarters of these scopes: metric, scope, item_kind, reason, items."""
    only, bound = listed_values(
        "scope in ($scopes) and metric in ($metrics)", {"scopes": list(scopes), "metrics": list(metrics)}
    )
    return ask(
        path,
        f"""select metric, scope, item_kind, reason, items from left_out
           where grain = 'quarter' and period = $period and {only}
           order by metric, scope, items desc, reason""",
        period=period,
        **bound,
    )


@kept
def of_scope(path: str, metrics: tuple[str, ...], grain: str, scope: str) -> pl.DataFrame:
    """Every statistic of some metrics in one scope, oldest first: metric, statistic, a point's columns."""
    only, bound = listed_values("v.metric in ($metrics)", {"metrics": list(metrics)})
    lying, rows = rows_of(path, values_of(path, grain), scope)
    return ask(
        path,
        f"""select v.metric, v.statistic, {_POINT} from {values_of(path, grain)} v
           where {lying} and v.grain = $grain and v.scope = $scope and {only}
           order by v.metric, v.statistic, v.period_start""",
        grain=grain,
        scope=scope,
        **bound,
        **rows,
    )


@kept
def weeks(path: str, metrics: tuple[str, ...], scope: str, start: date) -> pl.DataFrame:
    """The weeks with a number from a day on, and those that the expected range was taken from; oldest first.

    Where there is no range, as many weeks before that day as a range would need; by each metric's first
    statistic. Columns: metric, period_start, is_complete, value, rule, expected_low, expected_middle,
    expected_high, is_baseline.
    """
    lying, rows = rows_of(path, values_of(path, "week"), scope)
    found = _weeks(path, "metric", f"{lying} and v.scope = $scope", metrics, start, scope=scope, **rows)
    return _first_alone(path, found)


@kept
def weeks_of_many(path: str, metric: str, scopes: tuple[str, ...], start: date) -> pl.DataFrame:
    """The same of one metric in several scopes: scope in place of metric. One question for all charts."""
    only, bound = listed_values("v.scope in ($scopes)", {"scopes": list(scopes)})
    return _weeks(path, "scope", only, (metric,), start, **bound).drop("statistic")


def _weeks(
    path: str, by: str, only: str, metrics: tuple[str, ...], start: date, **bound: object
) -> pl.DataFrame:
    """The weeks of some metrics, one series for each value of a column, and of which statistic they are."""
    of_first, names = _first_of(path, metrics)
    return ask(
        path,
        f"""select v.{by}, v.period_start, v.is_complete, v.value, v.rule, v.expected_low,
             v.expected_middle, v.expected_high, v.is_baseline, v.statistic
           from {values_of(path, "week")} v
           where v.grain = 'week' and {only} and {of_first} and v.value is not null
           qualify v.period_start >= $start or v.is_baseline or (v.expected_middle is null and row_number()
             over (partition by v.{by}, v.statistic, v.period_start < $start order by v.period_start desc)
             <= $enough)
           order by v.{by}, v.period_start""",
        start=start,
        enough=LEAST_WEEKS,
        **names,
        **bound,
    )


def _first_of(path: str, metrics: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """What asks for metrics, or for all of them, by what any of them counts as its first statistic.

    To join the catalogue takes as long as to read what a scope came to: `_first_alone` takes away the rest.
    """
    first = {metric: known.headline for metric, known in definitions(path).items()}
    listed = {"statistics": sorted({first[metric] for metric in metrics or first if metric in first})}
    if metrics:
        return listed_values(
            "v.metric in ($metrics) and v.statistic in ($statistics)", {"metrics": list(metrics), **listed}
        )
    return listed_values("v.statistic in ($statistics)", listed)


def _first_alone(path: str, found: pl.DataFrame) -> pl.DataFrame:
    """Of what came back the first statistic of each metric, which is not said then."""
    first = [(metric, known.headline) for metric, known in definitions(path).items()]
    wanted = pl.DataFrame(first, schema={"metric": pl.String, "statistic": pl.String}, orient="row")
    return found.join(wanted, on=["metric", "statistic"], how="semi", maintain_order="left").drop("statistic")


@kept
def left_out(path: str, scope: str, period: str) -> dict[str, tuple[tuple[str, str, int], ...]] | None:
    """Per metric what each reason kept out of a scope's number: item kind, reason, items, the most first.

    None where the snapshot is older than the table: then it is asked metric by metric.
    """
    if not items_left_out(path):
        return None
    found = ask(
        path,
        """select metric, item_kind, reason, items from left_out
           where grain = 'quarter' and scope = $scope and period = $period
           order by metric, items desc, reason""",
        scope=scope,
        period=period,
    )
    by_metric: dict[str, list[tuple[str, str, int]]] = {}
    for metric, *row in found.iter_rows():
        by_metric.setdefault(metric, []).append((row[0], row[1], row[2]))
    return {metric: tuple(rows) for metric, rows in by_metric.items()}
