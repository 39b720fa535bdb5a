"""What is published beside the numbers: their definitions, and how old what they rest on is."""

import json
from collections.abc import Mapping, Sequence

import duckdb

from connectors.registry import SourceKind
from pipelines.catalog_headers import Metric, Model
from pipelines.manifest import LATEST_MANIFEST


def write_catalog(con: duckdb.DuckDBPyConnection, metrics: Mapping[str, Metric]) -> None:
    """Put the definitions beside the numbers, so that a page shows the one that made them."""
    con.execute(
        "CREATE OR REPLACE TABLE published.metric_catalog (metric VARCHAR, title VARCHAR, question VARCHAR, "
        "formula VARCHAR, family VARCHAR, unit VARCHAR, direction VARCHAR, kind VARCHAR, estimator VARCHAR, "
        "item_kind VARCHAR, coverage_item_kind VARCHAR, grains VARCHAR[], statistics VARCHAR[], "
        "period_rule VARCHAR, min_n VARCHAR, reasons VARCHAR, linked_reasons VARCHAR[], "
        "unlinked_reasons VARCHAR[], owner VARCHAR, since DATE, version INTEGER, caveats VARCHAR[], "
        "not_for VARCHAR[], references_ VARCHAR[], sql VARCHAR, sql_hash VARCHAR, measured_in VARCHAR, "
        "changes VARCHAR, example VARCHAR)"
    )
    rows = [
        [
            metric.name,
            metric.title,
            metric.question,
            metric.formula,
            metric.family,
            metric.unit,
            metric.direction,
            metric.kind,
            metric.estimator,
            metric.item_kind,
            metric.coverage_item_kind,
            list(metric.grains),
            list(metric.statistics),
            metric.window,
            json.dumps(dict(metric.min_n), sort_keys=True),
            json.dumps(dict(metric.reasons)),
            list(metric.linked_reasons),
            list(metric.unlinked_reasons),
            metric.owner,
            metric.since,
            metric.version,
            list(metric.caveats),
            list(metric.not_for),
            list(metric.references),
            metric.sql,
            metric.sql_hash,
            metric.measured_in,
            json.dumps([change.model_dump(mode="json") for change in metric.changes]),
            metric.example.model_dump_json() if metric.example else None,
        ]
        for metric in metrics.values()
    ]
    _insert(con, "metric_catalog", rows)


def raw_tables_behind(metric: Metric, models: Sequence[Model]) -> frozenset[str]:
    """The raw tables that a metric's numbers rest on, through however many models.

    The calendar is not followed: it says of every kind of record since when it is told.
    """
    by_table = {model.table: model for model in models if model.table != "facts.dim_service_calendar"}
    waiting, seen = [*metric.depends_on], set[str]()
    while waiting:
        table = waiting.pop()
        if table not in seen:
            seen.add(table)
            waiting.extend(by_table[table].depends_on if table in by_table else ())
    return frozenset(table.removeprefix("raw.") for table in seen if table.startswith("raw."))


def write_freshness(
    con: duckdb.DuckDBPyConnection,
    metrics: Mapping[str, Metric],
    models: Sequence[Model],
    kinds: Mapping[str, SourceKind],
) -> None:
    """Say per metric and stream behind it when that was last read in full, and whether it is stale.

    A stream of many scopes is as old as the oldest of those that were ever read.
    """
    con.execute(
        "CREATE OR REPLACE TABLE published.metric_freshness (metric VARCHAR, source VARCHAR, stream VARCHAR, "
        "last_success_at TIMESTAMPTZ, is_stale BOOLEAN)"
    )
    streams = con.execute(
        "SELECT m.source, s.kind, m.stream, min(m.last_success_at), bool_or(m.status <> 'ok') "
        f"FROM ({LATEST_MANIFEST}) m JOIN config.source s ON s.name = m.source GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    rows = [
        [metric.name, source, stream, last_success_at, bool(has_failed)]
        for metric in metrics.values()
        for behind in (raw_tables_behind(metric, models),)
        for source, kind, stream, last_success_at, has_failed in streams
        if kind in kinds and behind & set(kinds[kind].streams.get(stream, ()))
    ]
    _insert(con, "metric_freshness", rows)


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Insert all rows in one statement: each statement costs as much as a thousand rows."""
    if rows:
        marks = f"({', '.join('?' for _ in rows[0])})"
        values = [value for row in rows for value in row]
        con.execute(f"INSERT INTO published.{table} VALUES {', '.join(marks for _ in rows)}", values)
