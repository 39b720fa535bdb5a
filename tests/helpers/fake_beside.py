"""Beside the numbers of the made-up organisation: changes, parts, other definitions, forecasts."""

import json
from datetime import date

import duckdb

CHANGES = {
    "change_lead_time": [
        {"version": 2, "on": "2026-01-01", "what": "Bots are left out."},
        {"version": 3, "on": "2026-03-02", "what": "Counted from the first commit."},
    ]
}
EXAMPLES = {
    "change_failure_rate": {
        "words": "one of four failed: 25 %.",
        "statistic": "ratio",
        "value": 0.25,
        "columns": ["item_id", "is_event", "excluded_reason"],
        "rows": [
            ["gh:1", False, ""],
            ["gh:2", True, ""],
            ["gh:3", False, "not_yet_evaluated"],
            ["gh:4", False, ""],
            ["gh:5", False, ""],
        ],
    }
}


def catalog_columns(metric: str) -> tuple[str, str | None]:
    """The columns `changes` and `example` of a metric."""
    example = EXAMPLES.get(metric)
    return json.dumps(CHANGES.get(metric, [])), json.dumps(example) if example else None


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Put the tables beside metric_values, and the six columns of a change into it."""
    con.execute(_CHANGES)
    con.execute(_PAGES)
    con.execute(_PARTS)
    for amount, p50, p85, p95 in ((1, 4, 2, 1), (4, 16, 12, 10), (13, 50, 44, 40)):
        con.execute(
            "insert into forecast values ('team:beacon', 'how_many', ?, ?, ?, ?, 26, false, true, 40, 34)",
            [amount, p50, p85, p95],
        )
    con.execute(
        "insert into forecast values ('team:beacon', 'when', 20, 5, 7, null, 26, false, true, 40, 34), "
        "('team:fjord', 'how_many', 4, null, null, null, 5, true, false, 0, 0)"
    )
    gaps = [
        (date(2026, 1, 5), date(2026, 2, 4), 30.0, False, "no_clear_change", None, True),
        (date(2026, 2, 4), date(2026, 3, 6), 30.0, False, "no_clear_change", None, True),
        (date(2026, 3, 6), date(2026, 8, 3), 150.0, False, "signal_fewer", "outside_limits", False),
        (date(2026, 8, 3), date(2026, 11, 5), 94.0, True, "no_clear_change", None, False),
    ]
    for since, until, days, is_open, verdict, rule, is_baseline in gaps:
        con.execute(
            "insert into days_between values ('deployment_frequency', 'service:notifications', "
            "?, ?, ?, ?, ?, ?, 2.0, 30.0, 120.0, ?)",
            [since, until, days, is_open, verdict, rule, is_baseline],
        )


_CHANGES = """
create table changed as
select v.*,
  case when p.value is not null and v.verdict is not null then v.value - p.value end as difference,
  case when v.unit = 'ratio' then difference - 0.1 end as difference_low,
  case when v.unit = 'ratio' then difference + 0.1 end as difference_high,
  case when difference is null then null when starts_with(v.verdict, 'signal') then 0.001
    else 0.3 end::double as p_value,
  case when difference is not null then p.period end as compared_with,
  case when v.unit = 'ratio' and difference is not null then 0.12 end::double as detectable_change
from metric_values v
left join metric_values p on p.metric = v.metric and p.scope = v.scope and p.statistic = v.statistic
  and p.grain = 'quarter' and v.grain = 'quarter' and p.period_end = v.period_start;
drop table metric_values;
alter table changed rename to metric_values;
"""
_PAGES = """
create table headline (scope varchar, period varchar, metric varchar, statistic varchar, rank int,
  p_value double, adjusted_p_value double);
insert into headline values
  ('team:beacon', '2026-Q3', 'change_lead_time', 'p50', 1, 0.001, 0.004),
  ('team:beacon', '2026-Q3', 'deployment_frequency', 'per_week', 2, 0.001, 0.004);
create table false_signals (scope varchar, period varchar, charts int, signals int, expected double);
insert into false_signals values
  ('organisation', '2026-Q3', 6, 1, 1.03),
  ('team:beacon', '2026-Q3', 7, 3, 1.2);
create table forecast (scope varchar, question varchar, amount int, p50 int, p85 int, p95 int,
  weeks_of_history int, is_short boolean, is_unstable boolean, backtest_trials int, backtest_kept int);
create table days_between (metric varchar, scope varchar, since date, until date, days double,
  is_open boolean, verdict varchar, rule varchar, expected_low double, expected_middle double,
  expected_high double, is_baseline boolean);
"""
_PARTS = """
create table metric_breakdown as
select v.* replace (v.value * c.share as value, (v.n * c.share)::int as n), c.category
from metric_values v, (values ('Bug <b>', 0.25), ('Story', 0.75)) c(category, share)
where v.metric = 'work_in_progress' and v.scope = 'team:beacon' and v.grain = 'quarter';
insert into metric_neighbour
select metric, n.position, n.neighbour, 'Incident window', n.words, n.is_used, scope, grain, period,
  period_start, statistic, value * n.share, unit, v.n, low, high, open_count, withheld_reason
from metric_values v, (values
  (0, 'window_12', '12 hours', false, 0.5),
  (1, 'window_24', '24 hours', true, 1.0),
  (2, 'window_48', '48 hours', false, 1.5)) n(position, neighbour, words, is_used, share)
where v.metric = 'change_failure_rate' and v.grain = 'quarter' and v.scope = 'team:beacon';
"""
