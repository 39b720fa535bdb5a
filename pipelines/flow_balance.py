"""Whether the published work in progress, throughput and cycle time of each scope fit together."""

from collections import defaultdict
from datetime import date

from duckdb import DuckDBPyConnection

from pipelines.statistics.littles_law import WINDOW_DAYS, Window

# Up to the last day that is over. A value that is withheld leaves its day out, and the window too short.
_LEVELS = (
    "SELECT scope, period_start, value FROM published.metric_values WHERE metric = 'work_in_progress' "
    "AND grain = 'day' AND statistic = 'level' AND is_complete AND scope_kind IN ('organisation', 'team') "
    "AND value IS NOT NULL AND period_start > (SELECT max(period_start) FROM staged.stg_period "
    "WHERE grain = 'day' AND is_complete) - $days::INTEGER ORDER BY scope, period_start"
)
# Cycle time counts its first and last day; at the end of how many days an item was under way is one less.
_FINISHED = (
    "SELECT scope, on_date, value - 1 FROM published.metric_item WHERE metric = 'cycle_time' "
    "AND excluded_reason IS NULL AND value IS NOT NULL ORDER BY ALL"
)
_AGES = (
    "SELECT scope, period_end, value FROM published.metric_values WHERE metric = 'work_item_age' "
    "AND grain = 'week' AND statistic = 'p50' AND is_complete AND value IS NOT NULL "
    "ORDER BY scope, period_end"
)


def windows(con: DuckDBPyConnection) -> dict[str, Window]:
    """Scope → its last 13 weeks, for the organisation and each team of which work in progress is known."""
    levels, durations, ages = (
        _by_scope(con, query, {"days": WINDOW_DAYS} if "$days" in query else {})
        for query in (_LEVELS, _FINISHED, _AGES)
    )
    found = {}
    for scope, days in levels.items():
        first, last = days[0][0], days[-1][0]
        medians = [age for on, age in ages[scope] if first <= on <= last]
        found[scope] = Window(
            [level for _, level in days],
            [duration for on, duration in durations[scope] if first <= on <= last],
            medians[0] if medians else None,
            medians[-1] if medians else None,
        )
    return found


def _by_scope(
    con: DuckDBPyConnection, query: str, values: dict[str, int]
) -> defaultdict[str, list[tuple[date, float]]]:
    """Scope → its rows, a day and a number each."""
    rows: defaultdict[str, list[tuple[date, float]]] = defaultdict(list)
    for scope, on, number in con.execute(query, values or None).fetchall():
        rows[scope].append((on, number))
    return rows
