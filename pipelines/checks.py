"""What is checked beyond a table's own header: observations, nothing lost on the way, fresh sources.

Each function returns what is wrong, an empty list where nothing is; `pipelines/assets` turns that into
Dagster's asset checks.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from duckdb import DuckDBPyConnection

from pipelines.catalog_headers import Metric
from pipelines.models import Failure, observe

LONGEST_NIGHT = timedelta(hours=26)
"""A stream that was read in full longer ago than this missed a night."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The items that must be in a fact and those that are: two queries with one column."""

    expected: str
    actual: str


RECONCILED: Mapping[str, Reconciliation] = {
    "facts.fct_pull_request": Reconciliation(
        "SELECT p.source || ':' || p.id FROM raw.pull_request p, config.run r "
        "WHERE p.gone_at IS NULL AND p.created_at <= r.as_of",
        "SELECT item_id FROM facts.fct_pull_request",
    ),
    "facts.fct_change": Reconciliation(
        "SELECT item_id FROM facts.fct_pull_request WHERE merged_at IS NOT NULL",
        "SELECT item_id FROM facts.fct_change",
    ),
    "facts.fct_work_item": Reconciliation(
        "SELECT i.source || ':' || i.id FROM raw.issue i, config.source s, config.run r "
        "WHERE s.name = i.source AND s.kind = 'jira' AND i.gone_at IS NULL AND i.created_at <= r.as_of",
        "SELECT item_id FROM facts.fct_work_item",
    ),
    "facts.fct_incident": Reconciliation(
        "SELECT i.source || ':' || i.id FROM raw.incident i, config.run r "
        "WHERE i.gone_at IS NULL AND i.started_at <= r.as_of "
        "UNION SELECT item_id FROM staged.stg_incident",
        "SELECT item_id FROM facts.fct_incident",
    ),
}
"""Facts that hold one item for each that was read: a join that loses some must not go unnoticed."""


class ChecksFailedError(Exception):
    """A table breaks a promise, so nothing is published; or a metric does, and is withheld.

    `str()` is one line; `failures` are what is broken.
    """

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures = list(failures)
        found = "; ".join(failure.message for failure in failures)
        super().__init__(
            f"{failures[0].table}: {found}. What was published before stays. Mend the SQL or its header, "
            "then run `outcomes build`"
        )


def checked_observations(con: DuckDBPyConnection, metric: Metric) -> pl.DataFrame:
    """The metric's observations.

    Raises:
        CatalogError: they have another shape than its header says.
        ChecksFailedError: they break another of its promises.
    """
    observations = observe(con, metric)
    failures = check_observations(metric, observations)
    if failures:
        raise ChecksFailedError(failures)
    return observations


def check_observations(metric: Metric, observations: pl.DataFrame) -> list[Failure]:
    """What the observations break of the header's promises, with an example each."""
    found = []
    for check, message, broken in _broken(metric, observations):
        if broken.height:
            example = broken["item_id"].sort()[0]
            found.append(
                Failure(
                    metric.name,
                    check,
                    broken.height,
                    f"{broken.height} rows {message}, for example {example}",
                )
            )
    return found


def _broken(metric: Metric, rows: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    """Each promise by its name, what is said of rows that break it, and those rows."""
    kinds = accepted_item_kinds(metric)
    identity = ["item_kind", "item_id", "service_id"]
    if metric.kind == "level":  # an item may be under way more than once, for one team after another
        identity += ["team_id", "started_at"]
    counted = rows.filter(pl.col("excluded_reason").is_null())
    value = pl.col("value")
    yield (
        "key",
        f"share their key ({', '.join(identity)})",
        rows.filter(rows.select(identity).is_duplicated()),
    )
    yield (
        "item_kinds",
        f"have another item_kind than {', '.join(kinds)}",
        rows.filter(~pl.col("item_kind").is_in(kinds).fill_null(value=False)),
    )
    for column in ("item_id", "on_date", "is_event", "is_open"):
        yield "not_null", f"have no {column}", rows.filter(pl.col(column).is_null())
    # What is left of an amount may be less than nothing: more was spent than there was.
    is_rest = metric.kind == "level" and "ratio" in metric.statistics
    yield (
        "values",
        "have a value that is no number" if is_rest else "have a value that is no number from 0 on",
        rows.filter(~(value.is_finite() & (is_rest | (value >= 0)))),
    )
    if metric.kind != "level":
        yield "values", "count and have no value", counted.filter(value.is_null())
    if metric.kind == "ratio":
        yield "values", "have another value than 0 or 1", counted.filter(~value.is_in([0.0, 1.0]))
    if metric.kind == "duration":
        neither = counted.filter(pl.col("is_event") == pl.col("is_open"))
        yield "ends", "are not either ended or open", neither
    yield (
        "ends",
        "are open and have ended",
        counted.filter(pl.col("is_open") & pl.col("ended_at").is_not_null()),
    )


def accepted_item_kinds(metric: Metric) -> list[str]:
    """The kinds of items that a metric's observations may be about, by its header."""
    kinds = {metric.item_kind, metric.coverage_item_kind}
    if any(statistic.endswith("_from_merge") for statistic in metric.statistics):
        kinds.add(f"{metric.item_kind}_from_merge")
    return sorted(kinds)


def lost_items(con: DuckDBPyConnection, table: str) -> list[Failure]:
    """Items that were read and are not in the fact, or are in it and were never read."""
    ends = RECONCILED[table]
    found = []
    for left, right, message in (
        (ends.expected, ends.actual, "items were read and are not in it"),
        (ends.actual, ends.expected, "items are in it and were not read"),
    ):
        [(rows, example)] = con.execute(
            f"WITH lost(item_id) AS (({left}) EXCEPT ({right})) SELECT count(*), min(item_id) FROM lost"
        ).fetchall()
        if rows:
            found.append(Failure(table, "reconciliation", rows, f"{rows} {message}, for example {example}"))
    return found


def stale_streams(con: DuckDBPyConnection) -> list[str]:
    """The streams behind published numbers that failed, or were last read more than a night ago."""
    ((as_of,),) = con.execute("SELECT as_of FROM config.run").fetchall()
    rows = con.execute(
        "SELECT source, stream, min(last_success_at), bool_or(is_stale) FROM published.metric_freshness "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    return [
        f"{source}/{stream}: last read in full {f'{last:%Y-%m-%d %H:%M} UTC' if last else 'never'}"
        for source, stream, last, is_stale in rows
        if is_stale or last is None or as_of - last > LONGEST_NIGHT
    ]


def check_name(words: str) -> str:
    """A check's words as a name that Dagster accepts."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")
