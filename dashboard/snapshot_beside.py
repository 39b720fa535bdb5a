"""The data layer's questions about what stands beside a number: changes, parts, other definitions, forecasts.

They are asked as those of `snapshot`, and cached in the same way.
"""

import polars as pl

from dashboard.kept import kept
from dashboard.snapshot import ask, rows_of, values_of


@kept
def headlines(path: str, scope: str, quarter: str) -> pl.DataFrame:
    """What changed in a scope's quarter, at most three, the first first (columns of headline)."""
    return ask(
        path,
        "from headline where scope = $scope and period = $period order by rank",
        scope=scope,
        period=quarter,
    )


@kept
def with_headlines(path: str, quarter: str) -> frozenset[str]:
    """The scopes in whose quarter something changed."""
    return frozenset(
        ask(path, "select distinct scope from headline where period = $period", period=quarter)["scope"]
    )


@kept
def page_tests(path: str, scope: str, quarter: str) -> dict[str, float]:
    """How much was looked at in a scope's quarter.

    `tests`: numbers compared with the quarter before; `charts`: weekly charts; `signals`: how many of them
    show one; `expected`: how many would if nothing had changed.
    """
    lying, rows = rows_of(path, values_of(path, "quarter"), scope)
    return ask(
        path,
        f"""select coalesce(any_value(f.charts), 0) as charts, coalesce(any_value(f.signals), 0) as signals,
             coalesce(any_value(f.expected), 0.0) as expected,
             (select count(v.p_value) from {values_of(path, "quarter")} v
              where {lying} and v.scope = $scope and v.period = $period and v.grain = 'quarter') as tests
           from false_signals f where f.scope = $scope and f.period = $period""",
        scope=scope,
        period=quarter,
        **rows,
    ).row(0, named=True)


@kept
def days_between(path: str, metric: str, scope: str) -> pl.DataFrame:
    """The days from one rare event to the next, the open ones last (columns of days_between)."""
    return ask(
        path,
        "from days_between where metric = $metric and scope = $scope order by is_open, until, since",
        metric=metric,
        scope=scope,
    )


@kept
def breakdown(path: str, metric: str, statistic: str, scope: str) -> pl.DataFrame:
    """One statistic of a scope by category and quarter, oldest first (columns of metric_breakdown)."""
    lying, rows = rows_of(path, "metric_breakdown", scope)
    return ask(
        path,
        f"""from metric_breakdown v where {lying} and metric = $metric and statistic = $statistic
              and scope = $scope and grain = 'quarter' order by category, period_start""",
        metric=metric,
        statistic=statistic,
        scope=scope,
        **rows,
    )


@kept
def neighbours(path: str, metric: str, scope: str, period: str) -> pl.DataFrame:
    """The number under neighbouring definitions, its own among them, but the mean beside a median."""
    return ask(
        path,
        """select about, words, is_used, statistic, value, low, high, n, open_count, withheld_reason
           from metric_neighbour
           where metric = $metric and scope = $scope and period = $period
           order by position, statistic""",
        metric=metric,
        scope=scope,
        period=period,
    )


@kept
def forecasts(path: str, scope: str) -> pl.DataFrame:
    """The usual forecasts of a scope by question and amount (columns of forecast)."""
    return ask(path, "from forecast where scope = $scope order by question, amount", scope=scope)


@kept
def counted(path: str, scope: str) -> list[str]:
    """The metrics of which a scope has had a number in any quarter."""
    query = """select distinct metric from metric_values
        where scope = $scope and grain = 'quarter' and value is not null order by metric"""
    found: list[str] = ask(path, query, scope=scope)["metric"].to_list()
    return found
