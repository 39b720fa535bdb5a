"""How long the numbers about 50,000 work items take once their facts are built: one second is the aim.

Run by hand: `.venv/bin/python tests/benchmarks/fifty_thousand_issues.py`. Cycle times and what came and went
by week and month (the two outer lines of a cumulative flow) are computed in every scope, with intervals and
verdicts; then the forecasts of the organisation. Forecasts are exact and draw nothing (docs/decisions/0016),
so a thousand drawn runs of the same question are timed beside them.
"""

import duckdb
import numpy as np
from full_build import build, timed
from organisation import Scale, generate

from pipelines.aggregate import aggregate
from pipelines.catalog import load_metrics, load_models
from pipelines.compute import aggregation_frames
from pipelines.forecasts import USUAL_ITEMS, WEEKS_AHEAD
from pipelines.models import observe
from pipelines.statistics.forecast import MOST_HISTORY, backtest, how_many, when

FIFTY_THOUSAND = Scale(engineers=100, years=2, pull_requests=100_000)
NUMBERS = ("cycle_time", "work_item_arrival", "throughput")
TRIALS = 1_000


def numbers(con: duckdb.DuckDBPyConnection) -> list[int]:
    """All values of the metrics; the weekly throughput of the organisation."""
    frames, metrics = aggregation_frames(con), load_metrics()
    found = {name: aggregate(metrics[name], observe(con, metrics[name]), frames) for name in NUMBERS}
    weeks = found["throughput"].filter(
        scope="organisation", grain="week", statistic="count", is_complete=True
    )
    return [int(value) for value in weeks["value"].drop_nulls()]


def forecasts(history: list[int]) -> None:
    """What the pages show of one scope, with the test of how earlier forecasts fared."""
    recent = history[-MOST_HISTORY:]
    for weeks in WEEKS_AHEAD:
        how_many(recent, weeks)
    for items in USUAL_ITEMS:
        when(recent, items)
    backtest(history)


def drawn(history: list[int]) -> None:
    """As many runs of thirteen drawn weeks, for `how many by` of each of them."""
    chance = np.random.default_rng(1)
    weeks = chance.choice(history[-MOST_HISTORY:], size=(TRIALS, max(WEEKS_AHEAD)))
    np.quantile(np.cumsum(weeks, axis=1), [0.5, 0.15, 0.05], axis=0)


def main() -> None:
    with duckdb.connect() as con:
        generate(con, FIFTY_THOUSAND)
        build(con, load_models(), {})
        [(items,)] = con.execute("SELECT count(*) FROM facts.fct_work_item").fetchall()
        histories: list[list[int]] = []
        runs = [timed(lambda: histories.append(numbers(con))) for _ in range(3)]
    history = histories[-1]
    (wall, cpu), (exact, _), (monte_carlo, _) = (
        min(runs),
        timed(lambda: forecasts(history)),
        timed(lambda: drawn(history)),
    )
    print(f"{items:,} work items: cycle times and flow in all scopes {wall:.2f} s (processors {cpu:.2f} s)")
    print(f"forecasts of one scope {exact * 1000:.1f} ms; {TRIALS:,} drawn runs {monte_carlo * 1000:.1f} ms")
    print(f"together {wall + exact:.2f} s")


if __name__ == "__main__":
    main()
