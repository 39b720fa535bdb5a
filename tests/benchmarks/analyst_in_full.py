"""The pandas script that an analyst would write for the table that is published of the five numbers.

As `analyst.py`, with what stands beside each number here: services, teams, departments and the organisation,
by week, month and quarter; n and a 95 % interval; the chart of each series of weeks; each quarter against the
one before, by exchanged weeks or Newcombe's interval. Still without calendars, coverage, links and reasons.
It draws arrangements of weeks no longer than the product does, so that its time is not that of idle draws.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from analyst import changes, deployments, work_items
from scipy.stats import binom, chi2
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

GRAINS = {"week": "W", "month": "M", "quarter": "Q"}
DRAWS, ENOUGH, BASELINE, LEAST_WEEKS = 999, 10, 26, 20


def owners(warehouse: Path) -> pd.DataFrame:
    """Who owned which service from when to when, with the team's department."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        return con.execute(
            "SELECT substr(o.service, 2) AS service, o.team, t.department, "
            "coalesce(o.valid_from, DATE '1970-01-01')::TIMESTAMP AS valid_from, "
            "coalesce(o.valid_to, DATE '2100-01-01')::TIMESTAMP AS valid_to "
            "FROM config.service_owner o JOIN config.team t ON t.id = o.team"
        ).df()


def scoped(rows: pd.DataFrame, service: str, moment: str, owned: pd.DataFrame) -> pd.DataFrame:
    """A row for each scope that the thing counts in, with the day on which it does."""
    at = rows[moment].dt.tz_convert("Europe/Berlin").dt.tz_localize(None)
    dated = rows.assign(day=at).rename(columns={service: "service"}).merge(owned, on="service")
    dated = dated[(dated["day"] >= dated["valid_from"]) & (dated["day"] < dated["valid_to"])]
    scopes = [dated.assign(scope=kind + ":" + dated[kind]) for kind in ("service", "team", "department")]
    return pd.concat([*scopes, dated.assign(scope="organisation")], ignore_index=True)


def quantiles(values: pd.Series) -> pd.Series:
    """Median and P85 with the order statistics around them."""
    ordered, n = np.sort(values.to_numpy()), len(values)
    told: dict[str, float] = {"n": n}
    for name, p in (("p50", 0.5), ("p85", 0.85)):
        low, high = binom.ppf([0.025, 0.975], n, p).astype(int)
        told |= {name: np.quantile(ordered, p), f"{name}_low": ordered[max(low - 1, 0)]}
        told[f"{name}_high"] = ordered[min(high, n - 1)]
    return pd.Series(told)


def chart(weeks: pd.Series) -> pd.DataFrame:
    """Limits from the first weeks, and the weeks that are outside of them or the eighth on one side."""
    base = weeks.iloc[:BASELINE]
    middle, width = base.mean(), 2.66 * base.diff().abs().mean()
    side = np.sign(weeks - middle)
    run = side.groupby((side != side.shift()).cumsum()).cumcount() + 1
    is_signal = ((weeks - middle).abs() > width) | ((run >= 8) & (side != 0))
    return pd.DataFrame({"value": weeks, "low": middle - width, "high": middle + width, "signal": is_signal})


def charts(table: pd.Series) -> list[pd.DataFrame]:
    """The chart of each scope with enough weeks; `table` is indexed by scope and week."""
    series = ((scope, weeks.droplevel(0)) for scope, weeks in table.groupby(level=0))
    return [chart(weeks).assign(scope=scope) for scope, weeks in series if len(weeks) >= LEAST_WEEKS]


def chance(weeks: list[np.ndarray], later: int, statistic: Callable[[list[np.ndarray]], float]) -> float:
    """How often exchanged weeks differ as much as the first ones from the last `later` ones."""
    generator, earlier = np.random.default_rng(1), len(weeks) - later
    observed, reached = abs(statistic(weeks[earlier:]) - statistic(weeks[:earlier])), 0
    for draw in range(1, DRAWS + 1):
        mixed = [weeks[place] for place in generator.permutation(len(weeks))]
        reached += abs(statistic(mixed[earlier:]) - statistic(mixed[:earlier])) >= observed
        if reached == ENOUGH:
            return ENOUGH / draw
    return (reached + 1) / (DRAWS + 1)


def compared(
    rows: pd.DataFrame, value: str, statistic: Callable[[list[np.ndarray]], float]
) -> Iterator[tuple[str, pd.Period, float]]:
    """Each scope's quarters against the ones before."""
    rows = rows.assign(quarter=rows["day"].dt.to_period("Q"), week=rows["day"].dt.to_period("W"))
    blocks = rows.groupby(["scope", "quarter", "week"])[value].apply(lambda one: one.to_numpy())
    for scope, mine in blocks.groupby(level=0):
        quarters = [(quarter, list(weeks)) for quarter, weeks in mine.groupby(level=1)]
        for (_, before), (quarter, after) in pairwise(quarters):
            if min(len(before), len(after)) >= 6:
                yield str(scope), quarter, chance(before + after, len(after), statistic)


def median(weeks: list[np.ndarray]) -> float:
    """Of all items of the weeks."""
    return float(np.median(np.concatenate(weeks)))


def per_week(weeks: list[np.ndarray]) -> float:
    """Items of a week."""
    return sum(map(len, weeks)) / len(weeks)


def durations(rows: pd.DataFrame, value: str) -> list[object]:
    """Everything that is published of a duration."""
    told = {
        grain: rows.groupby(["scope", rows["day"].dt.to_period(frequency)])[value].apply(quantiles).unstack()
        for grain, frequency in GRAINS.items()
    }
    weekly = charts(np.log(told["week"]["p50"].clip(lower=1 / 60)))
    return [told, weekly, list(compared(rows, value, median))]


def failures(rows: pd.DataFrame) -> list[object]:
    """Everything that is published of the failure rate."""
    told = {
        grain: rows.groupby(["scope", rows["day"].dt.to_period(frequency)])["has_failed"].agg(["sum", "size"])
        for grain, frequency in GRAINS.items()
    }
    intervals = [proportion_confint(one["sum"], one["size"], method="wilson") for one in told.values()]
    quarters = told["quarter"].join(told["quarter"].groupby(level=0).shift(), rsuffix="_before")
    both = quarters[quarters["size_before"] > 0]
    pairs = zip(both["sum"], both["size"], both["sum_before"], both["size_before"], strict=True)
    return [told, intervals, [confint_proportions_2indep(*pair, method="newcomb") for pair in pairs]]


def finished(rows: pd.DataFrame) -> list[object]:
    """Everything that is published of throughput."""
    told = {
        grain: rows.groupby(["scope", rows["day"].dt.to_period(frequency)])
        .size()
        .unstack(fill_value=0)
        .stack()
        for grain, frequency in GRAINS.items()
    }
    bounds = [(chi2.ppf(0.025, 2 * n), chi2.ppf(0.975, 2 * n + 2)) for n in told.values()]
    return [told, bounds, charts(told["week"]), list(compared(rows, "id", per_week))]


def under_way(begun: pd.DataFrame, done: pd.DataFrame) -> list[object]:
    """Everything that is published of work in progress."""
    moves = pd.concat([begun.assign(change=1), done.assign(change=-1)])
    daily = moves.groupby(["scope", moves["day"].dt.floor("D")])["change"].sum()
    levels = [change.droplevel(0).resample("D").sum().cumsum() for _, change in daily.groupby(level=0)]
    return [
        level.resample(frequency).agg(["last", "max"]) for level in levels for frequency in ("W", "ME", "QE")
    ]


def everything(folder: Path, warehouse: Path) -> list[list[object]]:
    """All five numbers, in full."""
    owned = owners(warehouse)
    shipped = scoped(changes(folder), "repository_id", "deployed_at", owned)
    shipped["from_merge"] = (shipped["deployed_at"] - shipped["merged_at"]).dt.total_seconds() / 3600
    items = work_items(folder).assign(service=lambda rows: rows["container_id"].str.removeprefix("P"))
    begun = scoped(items.dropna(subset=["started_at"]), "service", "started_at", owned)
    done = scoped(items.dropna(subset=["started_at", "finished_at"]), "service", "finished_at", owned)
    done["days"] = (done["finished_at"] - done["started_at"]).dt.total_seconds() / 86400
    return [
        durations(shipped, "hours"),
        durations(shipped, "from_merge"),
        failures(scoped(deployments(folder), "repository_id", "succeeded_at", owned)),
        durations(done, "days"),
        finished(done),
        under_way(begun, done),
    ]
