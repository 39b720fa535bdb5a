"""More of one team of the made-up organisation, written down row by row, so that a test knows what to expect.

Beacon gets a cumulative flow, finished items, stages of a change, error budgets and items past an
expectation; a ninth team has nothing at all.
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

TEAM = "team:beacon"
ASSISTANT = date(2026, 8, 3)
"""On this day the assistant came; thirteen weeks lie on either side of it."""
BEFORE, AFTER = tuple(range(1, 13)), tuple(range(2, 26, 2))
"""How many days the items took that were finished before and after."""
STAGES = {
    "change_coding_time": (("2026-Q2", 11.0, 40), ("2026-Q3", 9.0, 44)),
    "change_pickup_time": (("2026-Q2", 8.0, 40), ("2026-Q3", 4.0, 44)),
    "change_review_time": (("2026-Q2", 9.0, 40), ("2026-Q3", 7.0, 44)),
    "change_deploy_time": (("2026-Q2", 26.0, 40), ("2026-Q3", 3.0, 5)),
}
"""Quarter, median in hours, number of changes."""
OF_PEOPLE = {
    "work_in_progress_per_member": ("Work in progress per member", "flow", "count", 1.25, 1),
}
"""Title, family, unit, value, how many."""
BUDGETS = {"Basket answers": ("basket", -0.1667), "Checkout answers": ("checkout", 0.62)}


def add(path: Path) -> None:
    """Put all of it into a snapshot."""
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")
        _catalogue(con)
        _flow(con)
        _finished(con)
        _stages(con)
        _budgets(con)
        _past(con)
        _of_people(con)
        _unseen(con)
        con.execute("insert into team values ('zephyr', 'Zephyr', 'platform', null)")


def _catalogue(con: duckdb.DuckDBPyConnection) -> None:
    """Each new metric is defined as one that is there, but for its name and what it counts."""
    rows = [
        ("work_in_progress", "cumulative_flow", "Cumulative flow", "flow", "count", "issue"),
        (
            "work_in_progress",
            "items_past_expectation",
            "Items past the expectation",
            "flow",
            "count",
            "issue",
        ),
        ("pull_request_pickup_time", "cycle_time", "Cycle time", "flow", "days", "issue"),
        ("work_in_progress", "error_budget_left", "Error budget left", "reliability", "ratio", "objective"),
        *(
            ("pull_request_pickup_time", metric, metric.replace("_", " "), "delivery", "hours", "change")
            for metric in STAGES
        ),
    ]
    for like, *values in rows:
        con.execute(
            "insert into metric_catalog select * replace (? as metric, ? as title, ? as family, ? as unit, "
            "? as item_kind) from metric_catalog where metric = ?",
            [*values, like],
        )
    con.execute(
        "update metric_catalog set statistics = ['ratio'], min_n = '{}' where metric = 'error_budget_left'"
    )


def _flow(con: duckdb.DuckDBPyConnection) -> None:
    """Ten items are finished each week from 29 June on; three wait and five are active all the time."""
    con.execute(
        """insert into metric_breakdown
           select v.* replace ('cumulative_flow' as metric, case c.category
               when 'done' then 100 + 10 * ((v.period_start - date '2026-06-29') // 7)
               when 'waiting' then 3 when 'active' then 5 else 40 end as value), c.category
           from metric_values v, (values ('done'), ('waiting'), ('active'), ('backlog')) c(category)
           where v.metric = 'work_in_progress' and v.scope = $scope and v.grain = 'week'""",
        {"scope": TEAM},
    )


def _finished(con: duckdb.DuckDBPyConnection) -> None:
    for days, first in ((BEFORE, ASSISTANT - timedelta(weeks=12)), (AFTER, ASSISTANT)):
        for place, value in enumerate(days):
            _item(con, "cycle_time", f"took-{value}-{first}", first + timedelta(weeks=place), value=value)
    con.execute(
        """insert into metric_values
           select * replace ('cycle_time' as metric, 'p50' as statistic, 'days' as unit, 6.5 as value,
             12 as n, null as withheld_reason, null as low, null as high)
           from metric_values where metric = 'work_in_progress' and scope = $scope""",
        {"scope": TEAM},
    )


def _stages(con: duckdb.DuckDBPyConnection) -> None:
    for metric, quarters in STAGES.items():
        for quarter, hours, n in quarters:
            con.execute(
                """insert into metric_values
                   select * replace (? as metric, 'p50' as statistic, ? as value, ? as n,
                     null as withheld_reason)
                   from metric_values where metric = 'work_in_progress' and scope = ? and period = ?""",
                [metric, hours, n, TEAM, quarter],
            )


def _budgets(con: duckdb.DuckDBPyConnection) -> None:
    for objective, (service, left) in BUDGETS.items():
        con.execute(
            """insert into metric_breakdown
               select * replace ('error_budget_left' as metric, 'ratio' as statistic, ? as value), ?
               from metric_values where metric = 'work_in_progress' and scope = ? and period = '2026-Q3'""",
            [left, objective, TEAM],
        )
        _item(con, "error_budget_left", objective, date(2026, 9, 30), service=service, category=objective)


def _past(con: duckdb.DuckDBPyConnection) -> None:
    """One item is past twelve days, one is not."""
    _item(con, "items_past_expectation", "old", date(2026, 10, 1), value=12, is_open=True)
    _item(
        con,
        "items_past_expectation",
        "young",
        date(2026, 11, 2),
        value=12,
        is_open=True,
        reason="within_expectation",
    )


def _of_people(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("alter table metric_catalog add column if not exists measured_in varchar default ''")
    for metric, (title, family, unit, value, n) in OF_PEOPLE.items():
        kind, amount = ("team", "items per member") if unit == "count" else ("module", "")
        con.execute(
            """insert into metric_catalog by name
               select * replace (? as metric, ? as title, ? as family, ? as unit, ? as item_kind,
                 ['ratio'] as statistics, '{}' as min_n, ? as measured_in)
               from metric_catalog where metric = 'work_in_progress'""",
            [metric, title, family, unit, kind, amount],
        )
        con.execute(
            """insert into metric_values
               select * replace (? as metric, 'ratio' as statistic, ? as unit, ? as value, ? as n,
                 null as withheld_reason)
               from metric_values where metric = 'work_in_progress' and scope = ? and period = '2026-Q3'
                 and statistic = 'level'""",
            [metric, unit, value, n, TEAM],
        )


def _unseen(con: duckdb.DuckDBPyConnection) -> None:
    """Two open changes that nobody has looked at, for 5 and for 30 hours at 04:10 on 5 November in Berlin."""
    for hours in (5, 30):
        since = datetime(2026, 11, 5, 3, 10, tzinfo=UTC) - timedelta(hours=hours)
        con.execute(
            "insert into metric_item by name select 'pull_request_pickup_time' as metric, ? as scope, "
            "'pull_request' as item_kind, ? as item_id, 'basket' as service_id, 'beacon' as team_id, "
            "?::timestamptz as started_at, date '2026-11-05' as on_date, false as is_event, true as is_open, "
            "'not_merged' as excluded_reason",
            [TEAM, f"seen-{hours}", since],
        )


def _item(
    con: duckdb.DuckDBPyConnection,
    metric: str,
    key: str,
    on: date,
    *,
    value: float | None = None,
    service: str = "basket",
    category: str | None = None,
    is_open: bool = False,
    reason: str | None = None,
) -> None:
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    kind = "objective" if metric == "error_budget_left" else "issue"
    con.execute(
        "insert into metric_item by name select ? as metric, ? as scope, ? as item_kind, ? as item_id, "
        "? as service_id, 'beacon' as team_id, ?::timestamptz as started_at, ?::timestamptz as ended_at, "
        "? as on_date, ? as value, false as is_event, ? as is_open, ? as excluded_reason, ? as category, "
        "? as counts_from, ? as counts_to",
        [
            *(metric, TEAM, kind, key, service, noon, None if is_open else noon, on, value),
            *(is_open, reason, category, on, on + timedelta(days=1)),
        ],
    )
