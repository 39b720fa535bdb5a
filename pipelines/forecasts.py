"""Forecasts from the throughput that is published: for the pages as a table, for the command on demand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from pipelines.snapshot_reader import Selection, require_known
from pipelines.statistics.forecast import (
    CONFIDENCES,
    LEAST_HISTORY,
    MOST_HISTORY,
    USUAL_HISTORY,
    Backtest,
    backtest,
    how_many,
    when,
)

WEEKS_AHEAD = tuple(range(1, 14))
USUAL_ITEMS = (5, 10, 20, 50)
HOW_MANY, WHEN = "how_many", "when"
FORECAST_SCHEMA: dict[str, pl.DataType] = {
    "scope": pl.String(),
    "question": pl.String(),
    "amount": pl.Int32(),
    "p50": pl.Int32(),
    "p85": pl.Int32(),
    "p95": pl.Int32(),
    "weeks_of_history": pl.Int32(),
    "is_short": pl.Boolean(),
    "is_unstable": pl.Boolean(),
    "backtest_trials": pl.Int32(),
    "backtest_kept": pl.Int32(),
}
"""One usual forecast of a scope, as the pages read it: see `answer` and `History`."""

_HISTORY = (
    # The first week of a scope may be covered in part only, and would look like a slow one.
    "SELECT scope, value::INTEGER, rule IS NOT NULL FROM {values} WHERE metric = 'throughput' "
    "AND grain = 'week' AND statistic = 'count' AND is_complete AND value IS NOT NULL "
    "QUALIFY row_number() OVER (PARTITION BY scope ORDER BY period_start) > 1 ORDER BY scope, period_start"
)
_UNDER_WAY = (
    "SELECT scope, value::INTEGER FROM {values} WHERE metric = 'work_in_progress' AND grain = 'day' "
    "AND statistic = 'level' AND value IS NOT NULL "
    "QUALIFY row_number() OVER (PARTITION BY scope ORDER BY period_start DESC) = 1"
)


@dataclass(frozen=True, slots=True)
class History:
    """The weekly throughput of a scope, oldest first, as far as a forecast looks back."""

    scope: str
    counts: Sequence[int]
    is_unstable: bool
    """A signal of the weekly chart lies within: the weeks to come may not be like these."""
    tested: Backtest

    @property
    def is_enough(self) -> bool:
        """Whether there is a forecast at all."""
        return len(self.counts) >= LEAST_HISTORY

    @property
    def is_short(self) -> bool:
        """Whether the forecast rests on less than is usual."""
        return len(self.counts) < USUAL_HISTORY


def histories(con: duckdb.DuckDBPyConnection, values: str = "metric_values") -> dict[str, History]:
    """Scope → its history, for every scope with a week of throughput. `values` is the published table."""
    weeks: dict[str, list[tuple[int, bool]]] = {}
    for scope, count, is_signal in con.execute(_HISTORY.format(values=values)).fetchall():
        weeks.setdefault(scope, []).append((count, is_signal))
    return {
        scope: History(
            scope,
            [count for count, _ in series[-MOST_HISTORY:]],
            any(is_signal for _, is_signal in series[-MOST_HISTORY:]),
            backtest([count for count, _ in series]),
        )
        for scope, series in weeks.items()
    }


def under_way(con: duckdb.DuckDBPyConnection, values: str = "metric_values") -> dict[str, int]:
    """Scope → the items in progress at the end of the last day."""
    return dict(con.execute(_UNDER_WAY.format(values=values)).fetchall())


def answer(history: History, question: str, amount: int) -> dict[str, Any]:
    """One forecast: of so many weeks the items (`how_many`), of so many items the weeks (`when`).

    `p50`, `p85` and `p95` are what is reached at least, or at the latest, with that probability; null
    where the history is too short, or where it takes longer than anybody plans.
    """
    ask = how_many if question == HOW_MANY else when
    found = ask(history.counts, amount) if history.is_enough else dict.fromkeys(CONFIDENCES)
    return {"question": question, "amount": amount, **found}


def forecast_of(
    con: duckdb.DuckDBPyConnection, scope: str, items: int | None, weeks: int | None
) -> dict[str, Any]:
    """The answer of `outcomes forecast`, from a snapshot.

    Without `items` and `weeks` it is about the work in progress, four weeks and a quarter. Raises
    `UnknownNameError` for a scope that is not published.
    """
    require_known(con, Selection(scopes=[scope]))
    history = histories(con).get(scope) or History(scope, (), is_unstable=False, tested=Backtest(0, 0))
    asked = [(HOW_MANY, weeks)] if weeks else []
    asked += [(WHEN, items)] if items else []
    if not asked:
        waiting = under_way(con).get(scope)
        asked = [(HOW_MANY, 4), (HOW_MANY, 13), *([(WHEN, waiting)] if waiting else [])]
    return {
        "scope": scope,
        "weeks_of_history": len(history.counts),
        "is_short": history.is_short,
        "is_unstable": history.is_unstable,
        "backtest": {"trials": history.tested.trials, "kept": history.tested.kept},
        "withheld_reason": None if history.is_enough else "too_few",
        "answers": [answer(history, question, amount) for question, amount in asked],
    }


def write_forecasts(con: duckdb.DuckDBPyConnection) -> None:
    """Put the usual forecasts of every scope into `published.forecast`."""
    waiting = under_way(con, "published.metric_values")
    rows = []
    for scope, history in sorted(histories(con, "published.metric_values").items()):
        items = sorted({*USUAL_ITEMS, *({waiting[scope]} if waiting.get(scope) else ())})
        asked = [*((HOW_MANY, weeks) for weeks in WEEKS_AHEAD), *((WHEN, count) for count in items)]
        told = (len(history.counts), history.is_short, history.is_unstable)
        tested = (history.tested.trials, history.tested.kept)
        for question, amount in asked:
            rows.append((scope, *answer(history, question, amount).values(), *told, *tested))
    con.register("computed", pl.DataFrame(rows, schema=FORECAST_SCHEMA, orient="row").to_arrow())
    con.execute("CREATE OR REPLACE TABLE published.forecast AS SELECT * FROM computed")
    con.unregister("computed")
