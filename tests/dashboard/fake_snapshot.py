"""A small made-up organisation, published as a snapshot, for tests and for looking at the pages.

Everything is drawn from one seeded generator, so the file's content is the same every time. The
scenario is fixed by name: Beacon got faster and Drift slower in the third quarter of 2026, Fjord is
in its first quarter, Grove's deployments cannot be linked, Harvest has no Jira, PagerDuty is stale.

`PYTHONPATH=.:tests/helpers python tests/dashboard/fake_snapshot.py HOME` writes one for `streamlit run`.
"""

import json
import math
import os
import sys
import tomllib
from bisect import bisect_left
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from operator import itemgetter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import duckdb
import fake_beside
import fake_settings
import fake_survey
import polars as pl

from pipelines.statistics import control_chart

ZONE = ZoneInfo("Europe/Berlin")
AS_OF = datetime(2026, 11, 5, 4, 10, tzinfo=ZONE)
STALE_SINCE = datetime(2026, 11, 2, 4, 12, tzinfo=ZONE)
START = date(2025, 3, 31)
CHANGE_DAY = date(2026, 7, 13)
FIRST_OF_FJORD = date(2026, 7, 1)
DEPARTMENTS = [("market", "Marketplace", None), ("platform", "Platform", None)]
TEAMS = {
    "atlas": ("Atlas", "market"),
    "beacon": ("Beacon", "market"),
    "cedar": ("Cedar", "market"),
    "drift": ("Drift", "market"),
    "ember": ("Ember", "platform"),
    "fjord": ("Fjord", "platform"),
    "grove": ("Grove", "platform"),
    "harvest": ("Harvest", "platform"),
}
SERVICES = {
    "catalogue": "atlas",
    "search": "atlas",
    "basket": "beacon",
    "checkout": "beacon",
    "reviews": "cedar",
    "pricing": "drift",
    "promotions": "drift",
    "identity": "ember",
    "sign-in": "ember",
    "ledger": "fjord",
    "warehouse-feed": "grove",
    "notifications": "harvest",
}
MEDIAN_HOURS = {
    "atlas": 46,
    "beacon": 62,
    "cedar": 30,
    "drift": 40,
    "ember": 26,
    "fjord": 38,
    "grove": 55,
    "harvest": 34,
}
OBSERVATION = [
    "item_kind",
    "item_id",
    "service_id",
    "team_id",
    "started_at",
    "ended_at",
    "on_date",
    "value",
    "is_event",
    "is_open",
    "excluded_reason",
    "link_method",
    "confidence",
]
CLEAR = {
    ("change_lead_time", "team:beacon"): "signal_better",
    ("change_lead_time", "team:drift"): "signal_worse",
    ("change_lead_time", "service:checkout"): "signal_better",
    ("change_lead_time", "service:pricing"): "signal_worse",
    ("deployment_frequency", "team:beacon"): "signal_more",
}

MACROS = Path(__file__).parents[2] / "pipelines" / "sql" / "snapshot.sql"
METRICS = tomllib.loads((Path(__file__).parent / "fake_metrics.toml").read_text(encoding="utf-8"))


@dataclass
class Draw:
    """What has been made up so far: observations by metric, and the items they point to."""

    dice: Random = field(default_factory=lambda: Random(20261105))
    observations: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    items: list[tuple[object, ...]] = field(default_factory=list)

    def add(self, metric: str, **values: object) -> None:
        row = dict.fromkeys(OBSERVATION) | {"link_method": "containment", "confidence": "high"} | values
        self.observations.setdefault(metric, []).append(row)

    def item(self, kind: str, key: str, label: str, url: str | None, service: str, at: datetime) -> None:
        self.items.append((kind, key, label, url, service, at))

    def hours(self, median: float, spread: float) -> float:
        return round(median * math.exp(self.dice.gauss(0, spread)) * 3600) / 3600


def moment(day: date, hour: float) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC) + timedelta(hours=hour)


def days() -> list[date]:
    return [START + timedelta(n) for n in range((AS_OF.date() - START).days + 1)]


def median_hours(team: str, day: date) -> float:
    late = day >= CHANGE_DAY
    factor = {"beacon": 0.42, "drift": 1.75}.get(team, 1.0) if late else 1.0
    return MEDIAN_HOURS[team] * factor


def draw_changes(draw: Draw) -> None:
    number = 400
    for day in days():
        for service, team in SERVICES.items():
            if day.weekday() > 4 or (team == "fjord" and day < FIRST_OF_FJORD):
                continue
            alone = sum(owner == team for owner in SERVICES.values()) == 1
            often = [0.0, 0.35, 0.65] if alone else [0.35, 0.4, 0.25]
            for _ in range(draw.dice.choices([0, 1, 2], often)[0]):
                number += 1
                one_change(draw, f"github:PR_{number}", f"{service}#{number}", service, day)


def one_change(draw: Draw, key: str, label: str, service: str, day: date) -> None:
    team = SERVICES[service]
    merged = moment(day, draw.dice.uniform(8, 17))
    if merged > AS_OF:
        return
    lead = draw.hours(median_hours(team, day), 0.5)
    waited = lead * draw.dice.uniform(0.2, 0.5)
    if day >= date(2026, 10, 26) and draw.dice.random() < 0.25:
        lead, waited = lead + 40 * 24, waited + 40 * 24  # still waiting at AS_OF
    started, deployed = merged - timedelta(hours=lead - waited), merged + timedelta(hours=waited)
    url = f"https://git.example/{service}/pull/{key[10:]}"
    for kind in ("pull_request", "change", "change_from_merge"):
        draw.item(kind, key, label, url, service, merged)
    common: dict[str, object] = {"item_id": key, "service_id": service, "team_id": team}
    bot = draw.dice.random() < 0.12
    lost = not bot and draw.dice.random() < (0.32 if team == "grove" else 0.03)
    reason = "bot" if bot else "unknown_ancestry" if lost else None
    is_open = deployed > AS_OF
    age = (AS_OF - merged).total_seconds() / 3600
    for suffix, began, value in (("", started, lead), ("_from_merge", merged, waited)):
        kind = f"change{suffix}"
        waiting = {"excluded_reason": reason or ("not_yet_deployed" if is_open else None)}
        when = {"on_date": (merged if is_open else deployed).astimezone(ZONE).date()}
        ended = None if is_open or lost else deployed
        draw.add(
            "change_lead_time",
            item_kind=kind,
            **common,
            started_at=began,
            ended_at=ended,
            value=None if lost or is_open else value,
            is_event=not is_open,
            is_open=is_open,
            **waiting,
            **when,
        )
        draw.add(
            "time_to_production",
            item_kind=kind,
            **common,
            started_at=began,
            ended_at=ended,
            value=age if is_open else value,
            is_event=not is_open,
            is_open=is_open and not reason,
            excluded_reason=reason,
            on_date=day,
        )
    one_review(draw, common | {"on_date": day, "ended_at": merged}, is_bot=bot)


def one_review(draw: Draw, common: dict[str, object], *, is_bot: bool) -> None:
    """How long one pull request waited for its first look and for its merge."""
    review = {"item_kind": "pull_request", **common, "is_event": True, "is_open": False}
    pickup, more = draw.hours(4, 0.9), draw.hours(9, 0.8)
    unseen = "no_review" if draw.dice.random() < 0.04 else None
    reason = "bot" if is_bot else unseen
    draw.add("pull_request_pickup_time", **review, value=pickup, excluded_reason=reason)
    reason = "bot" if is_bot else None
    draw.add("pull_request_time_to_merge", **review, value=pickup + more, excluded_reason=reason)


def draw_deployments(draw: Draw) -> None:
    number = 100
    for day in days():
        for service, team in SERVICES.items():
            if day.weekday() > 4 or (team == "fjord" and day < FIRST_OF_FJORD):
                continue
            busy = 0.75 if team == "beacon" and day >= CHANGE_DAY else 0.32
            if draw.dice.random() < busy:
                number += 1
                one_deployment(draw, number, service, day)


def one_deployment(draw: Draw, number: int, service: str, day: date) -> None:
    team, at = SERVICES[service], moment(day, draw.dice.uniform(9, 16))
    if at > AS_OF:
        return
    key, sha = f"github:DE_{number}", f"{draw.dice.getrandbits(28):07x}"
    draw.item(
        "deployment", key, f"deployment {sha}", f"https://git.example/{service}/commit/{sha}", service, at
    )
    row = {"item_kind": "deployment", "item_id": key, "service_id": service, "team_id": team, "on_date": day}
    again = draw.dice.random() < 0.08
    fails = not again and draw.dice.random() < 0.09
    young = at > AS_OF - timedelta(hours=24)
    uncovered = service == "notifications"
    reason = "redeploy" if again else "too_young" if young else "no_incident_source" if uncovered else None
    draw.add(
        "deployment_frequency",
        **row,
        value=1.0,
        ended_at=at,
        is_event=True,
        is_open=False,
        excluded_reason="redeploy" if again else None,
    )
    draw.add("change_failure_rate", **row, ended_at=at, is_event=fails, is_open=False, excluded_reason=reason)
    if fails and not uncovered:
        one_failure(draw, number, service, at)


def one_failure(draw: Draw, number: int, service: str, at: datetime) -> None:
    """A failed deployment and its incident; one in five incidents has no deployment that it came from."""
    key, began = f"pagerduty:PD{number}", at + timedelta(hours=1)
    draw.item("incident", key, f"incident {number}", f"https://alerts.example/{number}", service, began)
    hours = draw.hours(3.2, 0.9)
    is_open = began > moment(date(2026, 10, 12), 0) and draw.dice.random() < 0.4
    common: dict[str, object] = {
        "service_id": service,
        "team_id": SERVICES[service],
        "started_at": began,
        "on_date": began.astimezone(ZONE).date(),
        "ended_at": None if is_open else began + timedelta(hours=hours),
        "is_event": not is_open,
        "is_open": is_open,
        "value": (AS_OF - began).total_seconds() / 3600 if is_open else hours,
        "link_method": "window",
        "confidence": "medium",
    }
    lost = draw.dice.random() < 0.2
    metric = "failed_deployment_recovery_time"
    reason = "not_linked" if lost else None
    draw.add(metric, item_kind="incident", item_id=key, excluded_reason=reason, **common)
    if not lost:
        draw.add(metric, item_kind="deployment", item_id=f"github:DE_{number}", **common)


def draw_issues(draw: Draw) -> None:
    number = 10
    for day in days():
        for service, team in SERVICES.items():
            if team == "harvest" or day.weekday() > 4 or (team == "fjord" and day < FIRST_OF_FJORD):
                continue
            if draw.dice.random() < 0.7:
                number += 1
                ended = day + timedelta(days=max(1, round(draw.hours(9, 0.7))))
                key, label = f"jira:{10_000 + number}", f"{service[:3].upper()}-{number}"
                draw.item(
                    "issue", key, label, f"https://jira.example/browse/{label}", service, moment(day, 9)
                )
                for metric in ("work_in_progress", "work_item_age"):
                    draw.add(
                        metric,
                        item_kind="issue",
                        item_id=key,
                        service_id=service,
                        team_id=team,
                        on_date=day,
                        started_at=moment(day, 9),
                        ended_at=None if ended > AS_OF.date() else moment(ended, 12),
                    )


def periods() -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    monday = START
    while monday <= AS_OF.date():
        year, week, _ = monday.isocalendar()
        end = monday + timedelta(7)
        rows.append(("week", f"{year}-W{week:02d}", monday, end, end <= AS_OF.date()))
        monday = end
    for year, quarter in [(2025, 2), (2025, 3), (2025, 4), (2026, 1), (2026, 2), (2026, 3), (2026, 4)]:
        start = date(year, 3 * quarter - 2, 1)
        end = date(year + quarter // 4, 3 * (quarter % 4) + 1, 1)
        rows.append(("quarter", f"{year}-Q{quarter}", start, end, end <= AS_OF.date()))
    return rows


def scopes_of(row: dict[str, object]) -> list[tuple[str, str]]:
    team = str(row["team_id"])
    return [
        ("organisation", "organisation"),
        ("department", f"department:{TEAMS[team][1]}"),
        ("team", f"team:{team}"),
        ("service", f"service:{row['service_id']}"),
    ]


def counts(kind: str, row: dict[str, object]) -> tuple[date, date]:
    """The local days on which a row counts, the second one exclusive."""
    if kind != "level":
        day = row["on_date"]
        assert isinstance(day, date)
        return day, day + timedelta(1)
    began, ended = row["started_at"], row["ended_at"]
    assert isinstance(began, datetime)
    last = ended.astimezone(ZONE).date() if isinstance(ended, datetime) else AS_OF.date() + timedelta(1)
    return began.astimezone(ZONE).date(), last


def quantile(values: list[float], p: float) -> tuple[float, float | None, float | None]:
    """The quantile and a rough order-statistic interval: plausible is enough here."""
    ordered, n = sorted(values), len(values)
    at = (n - 1) * p
    value = ordered[int(at)] + (at % 1) * (ordered[min(int(at) + 1, n - 1)] - ordered[int(at)])
    half = 1.96 * math.sqrt(n * p * (1 - p))
    low, high = math.floor(n * p - half), math.ceil(n * p + half)
    return (value, ordered[low], ordered[high]) if low >= 0 and high < n else (value, None, None)


def wilson(events: int, n: int) -> tuple[float, float, float]:
    p, z = events / n, 1.96
    middle, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return p, (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def measure(
    kind: str, statistic: str, rows: list[dict[str, object]], weeks: float
) -> tuple[float | None, float | None, float | None, int]:
    if kind == "duration":
        values = [float(str(r["value"])) for r in rows]
        share = 0.85 if "85" in statistic else 0.5
        return (*quantile(values, share), len(values)) if values else (None, None, None, 0)
    if kind == "ratio":
        events = sum(bool(r["is_event"]) for r in rows)
        return (*wilson(events, len(rows)), len(rows)) if rows else (None, None, None, 0)
    half = 1.96 * math.sqrt(len(rows)) / weeks
    rate = len(rows) / weeks
    return rate, max(0.0, rate - half), rate + half, len(rows)


def level(statistic: str, rows: list[dict[str, object]], day: date) -> tuple[float | None, int]:
    end = moment(day + timedelta(1), 0)
    alive = [
        r
        for r in rows
        if r["started_at"] < end and (r["ended_at"] is None or r["ended_at"] >= end)  # type: ignore[operator]
    ]
    if statistic == "level":
        return float(len(alive)), len(alive)
    ages = [float((day - r["on_date"]).days + 1) for r in alive]  # type: ignore[operator]
    if not ages:
        return None, 0
    return (max(ages) if statistic == "max" else quantile(ages, 0.85 if "85" in statistic else 0.5)[0]), len(
        ages
    )


def metric_values(draw: Draw) -> list[tuple[object, ...]]:
    out: list[tuple[object, ...]] = []
    for metric, head in METRICS.items():
        by_scope: dict[tuple[str, str], list[dict[str, object]]] = {}
        for row in draw.observations[metric]:
            for scope in scopes_of(row):
                by_scope.setdefault(scope, []).append(row)
        for scope in all_scopes():
            rows = sorted(by_scope.get(scope, []), key=itemgetter("on_date"))
            for statistic in head["statistics"]:  # type: ignore[attr-defined]
                out += scope_values(metric, head, scope, str(statistic), rows)
    return out


def all_scopes() -> list[tuple[str, str]]:
    return [
        ("organisation", "organisation"),
        *[("department", f"department:{d}") for d, _, _ in DEPARTMENTS],
        *[("team", f"team:{t}") for t in TEAMS],
        *[("service", f"service:{s}") for s in SERVICES],
    ]


def scope_values(
    metric: str,
    head: dict[str, object],
    scope: tuple[str, str],
    statistic: str,
    rows: list[dict[str, object]],
) -> list[tuple[object, ...]]:
    out: list[tuple[object, ...]] = []
    previous: dict[str, float | None] = {}
    kind, minimum = str(head["kind"]), int(head["min_n"][statistic])  # type: ignore[index]
    main = str(head["item_kind"]) + ("_from_merge" if statistic.endswith("_from_merge") else "")
    days = [row["on_date"] for row in rows]
    for grain, period, start, end, complete in periods():
        low = high = None
        eligible: list[dict[str, object]] = []
        used: list[dict[str, object]] = []
        if kind == "level":
            value, n = level(statistic, rows, min(end - timedelta(1), AS_OF.date()))  # type: ignore[operator,type-var]
        else:
            within = rows[bisect_left(days, start) : bisect_left(days, end)]  # type: ignore[type-var]
            used = [r for r in within if r["item_kind"] == main and r["excluded_reason"] is None]
            linking = head["coverage_item_kind"] if not main.endswith("_from_merge") else main
            eligible = [r for r in within if r["item_kind"] == linking]
            weeks = (min(end, AS_OF.date()) - start).days / 7 or 1 / 7  # type: ignore[operator,type-var]
            value, low, high, n = measure(kind, statistic, used, weeks)
        unlinked = sum(r["excluded_reason"] in head["unlinked_reasons"] for r in eligible)  # type: ignore[operator]
        linked = sum(r["excluded_reason"] in (None, *head["linked_reasons"]) for r in eligible)  # type: ignore[operator]
        has_floor = head["coverage_item_kind"] == head["item_kind"]
        reason = withheld(scope[1], rows, end, n, minimum, (linked, unlinked) if has_floor else (0, 0))
        verdict = judge(metric, scope[1], str(grain), str(period), bool(complete), kind, reason, n, previous)
        previous[str(grain)] = None if reason else value
        if reason:
            value = low = high = None
        out.append(
            (
                metric,
                1,
                *scope,
                grain,
                period,
                start,
                end,
                complete,
                statistic,
                value,
                head["unit"],
                n,
                low,
                high,
                sum(bool(r["is_open"]) for r in used),
                None if kind == "level" else linked,
                None if kind == "level" else linked + unlinked,
                verdict,
                reason,
            )
        )
    return out


def withheld(
    scope: str, rows: list[dict[str, object]], end: object, n: int, minimum: int, links: tuple[int, int]
) -> str | None:
    if scope in ("team:fjord", "service:ledger") and end <= FIRST_OF_FJORD:  # type: ignore[operator]
        return "before_start"
    if not rows:
        return "no_data"
    if sum(links) and links[0] / sum(links) < 0.8:
        return "low_coverage"
    if n < minimum:
        return "no_data" if n == 0 else "too_few"
    return None


def judge(
    metric: str,
    scope: str,
    grain: str,
    period: str,
    complete: bool,
    kind: str,
    reason: str | None,
    n: int,
    previous: dict[str, float | None],
) -> str | None:
    if grain != "quarter" or not complete or kind == "level" or reason:
        return None
    if period == "2026-Q3" and (metric, scope) in CLEAR:
        return CLEAR[metric, scope]
    if previous.get("quarter") is None:
        return "first_quarter"
    return "too_little_data" if n < 8 else "no_clear_change"


def add_weekly_charts(con: duckdb.DuckDBPyConnection) -> None:
    """The expected range of each weekly series and the rule that fired, as the pipeline publishes them."""
    levels = [m for m, head in METRICS.items() if head["kind"] == "level"]
    weeks = con.sql(
        "from metric_values where grain = 'week' and is_complete and value is not null "
        "and not list_contains($levels, metric) order by metric, scope, statistic, period_start",
        params={"levels": levels},
    ).pl()
    is_duration, value = pl.col("unit") == "hours", pl.col("value")
    scaled = pl.when(is_duration).then(control_chart.log_scale(value)).otherwise(value)
    found = control_chart.judge(weeks.with_columns(scaled), ["metric", "scope", "statistic"])
    limits = {"expected_low": "lower", "expected_middle": "mean", "expected_high": "upper"}
    charts = (
        found.select(
            "metric",
            "scope",
            "statistic",
            "period_start",
            pl.when("is_outside")
            .then(pl.lit("outside_limits"))
            .when("is_run")
            .then(pl.lit("run_of_eight"))
            .alias("rule"),
            *[
                pl.when(is_duration)
                .then(pl.col(of).exp())
                .otherwise(pl.max_horizontal(of, pl.lit(0.0)))
                .alias(name)
                for name, of in limits.items()
            ],
            "is_baseline",
            has_limits=pl.col("lower").is_not_null(),
        )
        .filter("has_limits")
        .drop("has_limits")
    )
    con.execute(
        "create table with_charts as select v.*, c.rule, c.expected_low, c.expected_middle, c.expected_high, "
        "c.is_baseline from metric_values v left join charts c on c.metric = v.metric and c.scope = v.scope "
        "and c.statistic = v.statistic and c.period_start = v.period_start and v.grain = 'week'"
    )
    del charts
    con.execute("drop table metric_values; alter table with_charts rename to metric_values")


def create(path: Path, draw: Draw) -> None:
    utc = "TIMESTAMPTZ"
    with duckdb.connect(str(path)) as con:
        con.execute("set timezone = 'UTC'")

        def table(name: str, columns: str, rows: list[tuple[object, ...]]) -> None:
            con.execute(f"create table {name} ({columns})")
            if rows:
                names = [c.split()[0] for c in columns.split(", ")]
                frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
                con.execute(f"insert into {name} by position select * from frame")
                del frame

        table(
            "metric_values",
            "metric VARCHAR, definition_version INT, scope_kind VARCHAR, scope VARCHAR, grain VARCHAR, "
            "period VARCHAR, period_start DATE, period_end DATE, is_complete BOOLEAN, statistic VARCHAR, "
            "value DOUBLE, unit VARCHAR, n INT, low DOUBLE, high DOUBLE, open_count INT, "
            "coverage_linked INT, coverage_eligible INT, verdict VARCHAR, withheld_reason VARCHAR",
            metric_values(draw),
        )
        add_weekly_charts(con)
        table(
            "metric_item",
            "metric VARCHAR, scope VARCHAR, item_kind VARCHAR, item_id VARCHAR, service_id VARCHAR, "
            f"team_id VARCHAR, started_at {utc}, ended_at {utc}, on_date DATE, value DOUBLE, "
            "is_event BOOLEAN, is_open BOOLEAN, excluded_reason VARCHAR, link_method VARCHAR, "
            "confidence VARCHAR, weight DOUBLE, category VARCHAR, counts_from DATE, counts_to DATE",
            [
                (m, scope, *(r[c] for c in OBSERVATION), None, None, *counts(str(METRICS[m]["kind"]), r))
                for m, rows in draw.observations.items()
                for r in rows
                for _, scope in scopes_of(r)
            ],
        )

        table(
            "metric_neighbour",
            "metric VARCHAR, position INT, neighbour VARCHAR, about VARCHAR, words VARCHAR, is_used BOOLEAN, "
            "scope VARCHAR, grain VARCHAR, period VARCHAR, period_start DATE, statistic VARCHAR, "
            "value DOUBLE, unit VARCHAR, n INT, low DOUBLE, high DOUBLE, open_count INT, "
            "withheld_reason VARCHAR",
            [],
        )
        table(
            "item",
            f"item_kind VARCHAR, item_id VARCHAR, label VARCHAR, url VARCHAR, service_id VARCHAR, "
            f"occurred_at {utc}",
            draw.items,
        )
        table(
            "metric_catalog",
            "metric VARCHAR, title VARCHAR, question VARCHAR, formula VARCHAR, family VARCHAR, unit VARCHAR, "
            "direction VARCHAR, kind VARCHAR, estimator VARCHAR, item_kind VARCHAR, "
            "coverage_item_kind VARCHAR, grains VARCHAR[], "
            "statistics VARCHAR[], period_rule VARCHAR, min_n VARCHAR, reasons VARCHAR, "
            "linked_reasons VARCHAR[], unlinked_reasons VARCHAR[], owner VARCHAR, since DATE, version INT, "
            "caveats VARCHAR[], not_for VARCHAR[], references_ VARCHAR[], sql VARCHAR, sql_hash VARCHAR, "
            "changes VARCHAR, example VARCHAR",
            [catalog_row(m, h) for m, h in METRICS.items()],
        )
        organisation_tables(table)
        source_tables(table)
        check_tables(table)
        fake_beside.add(con)
        fake_survey.add(con)
        fake_settings.add(con)
        con.execute(MACROS.read_text(encoding="utf-8"))


def catalog_row(metric: str, head: dict[str, object]) -> tuple[object, ...]:
    weekly = ["quarter"] if head["kind"] == "ratio" else ["week", "quarter"]
    plain = [head[k] for k in ("title", "question", "formula", "family", "unit", "direction", "kind")]
    lists = [head["linked_reasons"], head["unlinked_reasons"]]
    return (
        metric,
        *plain,
        head.get("estimator"),
        head["item_kind"],
        head["coverage_item_kind"],
        weekly,
        head["statistics"],
        head["period_rule"],
        json.dumps(head["min_n"]),
        json.dumps(head["reasons"]),
        *lists,
        "Engineering effectiveness",
        date(2026, 1, 1),
        1,
        head["caveats"],
        head["not_for"],
        head["references"],
        f"/* {head['title']} */\nselect *\nfrom facts.fct_change\nwhere is_production;\n",
        "f00d" * 16,
        *fake_beside.catalog_columns(metric),
    )


def organisation_tables(table: object) -> None:
    add = table
    assert callable(add)
    add(
        "organisation",
        "id VARCHAR, name VARCHAR, time_zone VARCHAR, quarter_start_month INT",
        [("fennel", "Fennel & Rye", "Europe/Berlin", 1)],
    )
    add("department", "id VARCHAR, name VARCHAR, parent VARCHAR", list(DEPARTMENTS))
    limits = {"atlas": 10, "beacon": 8}
    add(
        "team",
        "id VARCHAR, name VARCHAR, department VARCHAR, wip_limit INT",
        [(t, name, department, limits.get(t)) for t, (name, department) in TEAMS.items()],
    )
    add(
        "service",
        "id VARCHAR, name VARCHAR, active_from DATE, retired_at DATE",
        [(s, s, FIRST_OF_FJORD if s == "ledger" else START, None) for s in SERVICES],
    )
    add(
        "service_owner",
        "service VARCHAR, team VARCHAR, valid_from DATE, valid_to DATE",
        [(s, t, START, None) for s, t in SERVICES.items()],
    )
    add(
        "period",
        "grain VARCHAR, period VARCHAR, period_start DATE, period_end DATE, is_complete BOOLEAN",
        periods(),
    )


def source_tables(table: object) -> None:
    assert callable(table)
    utc = "TIMESTAMPTZ"
    table(
        "run",
        f"run_id VARCHAR, as_of {utc}, started_at {utc}, finished_at {utc}, status VARCHAR, "
        "is_demo BOOLEAN, product_version VARCHAR, items_from DATE, coverage_floor DOUBLE",
        [("7d1f2c3a", AS_OF, AS_OF, AS_OF + timedelta(minutes=3), "partial", True, "0.1.0", None, 0.8)],
    )
    table(
        "run_manifest",
        "source VARCHAR, stream VARCHAR, scope VARCHAR, status VARCHAR, calls INT, rows_read INT, "
        f"rows_changed INT, error VARCHAR, finished_at {utc}, last_success_at {utc}",
        [
            ("github", "pull_requests", "fennel/search", "ok", 41, 912, 6, None, AS_OF, AS_OF),
            ("jira", "issues", "CAT", "ok", 12, 233, 4, None, AS_OF, AS_OF),
            (
                "pagerduty",
                "incidents",
                "all",
                "failed",
                1,
                0,
                0,
                "the server answered 503",
                AS_OF,
                STALE_SINCE,
            ),
        ],
    )
    sources = {"work_in_progress": "jira", "work_item_age": "jira"}
    rows = [
        (m, sources.get(m, "github"), "issues" if m in sources else "pull_requests", AS_OF, False)
        for m in METRICS
    ]
    rows += [
        (m, "pagerduty", "incidents", STALE_SINCE, True)
        for m in ("change_failure_rate", "failed_deployment_recovery_time")
    ]
    table(
        "metric_freshness",
        f"metric VARCHAR, source VARCHAR, stream VARCHAR, last_success_at {utc}, is_stale BOOLEAN",
        rows,
    )


CHECKS = {
    "changes_to_deployments": (
        "Changes tied to a deployment",
        "join",
        "merged change",
        "quarter",
        "warning",
        True,
    ),
    "incidents_to_deployments": (
        "Incidents tied to a deployment",
        "join",
        "incident",
        "quarter",
        "note",
        False,
    ),
    "unmapped_statuses": ("Statuses without a meaning", "ownership", "state", "now", "warning", False),
    "impossible_orders": ("Impossible orders", "order", "record", "quarter", "warning", False),
    "clock_skew": ("Clocks that disagree", "order", "merged record", "quarter", "warning", False),
}
"""Data checks: title, about, thing, counted, severity, has_floor. The last one could not be made."""
FOUND = [
    # check, team (None: nobody's), looked at, found, severity
    ("changes_to_deployments", "atlas", 100, 20, "note"),
    ("changes_to_deployments", "grove", 50, 30, "warning"),
    ("incidents_to_deployments", "atlas", 4, 2, "note"),
    ("unmapped_statuses", "atlas", 8, 1, "warning"),
    ("impossible_orders", "atlas", 120, 0, "none"),
]


def check_tables(table: object) -> None:
    """What data checks found in 2026-Q3, in the organisation and two of its teams."""
    assert callable(table)
    catalogue = [
        (
            *(name, place, title, f"{title}?", f"Meaning of {name}.", f"Mend {name}.", about),
            *(
                thing,
                f"{thing}s",
                counted,
                severity,
                has_floor,
                "its query fails" if name == "clock_skew" else None,
            ),
        )
        for place, (name, (title, about, thing, counted, severity, has_floor)) in enumerate(CHECKS.items())
    ]
    table(
        "data_check_catalog",
        "check_id VARCHAR, position INT, title VARCHAR, question VARCHAR, meaning VARCHAR, action VARCHAR, "
        "about VARCHAR, thing VARCHAR, things VARCHAR, counted VARCHAR, severity VARCHAR, has_floor BOOLEAN, "
        "error VARCHAR",
        catalogue,
    )
    counts: list[tuple[object, ...]] = []
    for name in CHECKS:
        rows = [row for row in FOUND if row[0] == name]
        period = "2026-Q3" if CHECKS[name][3] == "quarter" else None
        for _, team, looked_at, found, severity in rows:
            counts.append(
                (name, "team", f"team:{team}", period, looked_at, found, found / looked_at, severity)
            )
        if rows:
            seen, odd = sum(row[2] for row in rows), sum(row[3] for row in rows)
            worst = max((row[4] for row in rows), key=["none", "note", "warning"].index)
            counts.append((name, "organisation", "organisation", period, seen, odd, odd / seen, worst))
    table(
        "data_check",
        "check_id VARCHAR, scope_kind VARCHAR, scope VARCHAR, period VARCHAR, looked_at BIGINT, "
        "found BIGINT, share DOUBLE, severity VARCHAR",
        counts,
    )
    items: list[tuple[object, ...]] = [
        (
            *(
                name,
                "2026-Q3" if CHECKS[name][3] == "quarter" else None,
                team,
                "search",
                "thing",
                f"{team}-{i}",
            ),
            *(f"{team} {i}", f"https://git.example/{team}/{i}" if i % 2 else "javascript:alert(1)", "odd"),
            *("it is odd", 1.5 if i == 1 else None, moment(date(2026, 9, 1), 8) if i > 1 else None, found),
        )
        for name, team, _, found, _ in FOUND
        for i in range(1, min(found, 20) + 1)
    ]
    table(
        "data_check_item",
        "check_id VARCHAR, period VARCHAR, team_id VARCHAR, service_id VARCHAR, item_kind VARCHAR, "
        "item_id VARCHAR, label VARCHAR, url VARCHAR, reason VARCHAR, detail VARCHAR, hours DOUBLE, "
        "occurred_at TIMESTAMPTZ, found BIGINT",
        items,
    )


@cache
def unchanged() -> bytes:
    """The snapshot with the names that are written above. To make it takes seconds, to copy it does not."""
    draw = Draw()
    for part in (draw_changes, draw_deployments, draw_issues):
        part(draw)
    with TemporaryDirectory() as folder:
        path = Path(folder, "unchanged.duckdb")
        create(path, draw)
        return path.read_bytes()


def build(home: Path, team_names: dict[str, str] | None = None, is_demo: bool = True) -> Path:
    """Write a snapshot and its pointer under `home`; `team_names` replaces names by team id."""
    folder = home / "snapshots"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "20261105T031300Z-7d1f2c3a.duckdb"
    path.write_bytes(unchanged())
    with duckdb.connect(str(path)) as con:
        con.execute("update run set is_demo = ?", [is_demo])
        for team, name in (team_names or {}).items():
            con.execute("update team set name = ? where id = ?", [name, team])
    (folder / "CURRENT").write_text(f"{path.name}{os.linesep}")
    return path


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
