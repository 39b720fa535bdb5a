"""The record of what runs read: one row per run, source, scope and stream."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from datetime import datetime

import duckdb

Key = tuple[str, str, str]
"""Source, scope and stream."""

MANIFEST_TABLE = """
CREATE TABLE IF NOT EXISTS ops.run_manifest (
    run_id VARCHAR, source VARCHAR, scope VARCHAR, stream VARCHAR, status VARCHAR, calls BIGINT,
    rows_read BIGINT, rows_changed BIGINT, error VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ,
    is_input_error BOOLEAN,
    PRIMARY KEY (run_id, source, scope, stream)
);
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS bytes_received BIGINT;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS retries BIGINT;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS wait_seconds DOUBLE;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS allowance_left BIGINT;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS not_before TIMESTAMPTZ;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS quarantined_count BIGINT;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS reread_count BIGINT;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS gap VARCHAR;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS gap_from TIMESTAMPTZ;
ALTER TABLE ops.run_manifest ADD COLUMN IF NOT EXISTS gap_to TIMESTAMPTZ;
"""
"""Rows of an older version have nulls in what it did not count."""


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One line of a run's manifest: what became of one (source, scope, stream)."""

    source: str
    scope: str
    """"*" stands for all scopes where a failing source could not even name them."""
    stream: str
    status: str
    """ok, failed or skipped."""
    calls: int
    """Requests sent, retries included. Those of a source's streams add up to all it has sent."""
    rows_read: int
    rows_changed: int
    error: str | None
    started_at: datetime
    finished_at: datetime
    is_input_error: bool = False
    """The error is somebody's malformed file, and theirs to mend."""
    bytes_received: int = 0
    retries: int = 0
    wait_seconds: float = 0.0
    allowance_left: int | None = None
    """Requests or points left at the end; None where the server tells none."""
    not_before: datetime | None = None
    """The source's limit is used up until then."""
    quarantined_count: int = 0
    """Records of the stream that are known and could not be read."""
    reread_count: int = 0
    """Rows that the source had and the warehouse lacked, until the stream was read again."""
    gap: str | None = None
    """What is known to be missing, in words; None where nothing is."""
    gap_from: datetime | None = None
    """Where what is missing begins; None with a `gap` is the beginning of history."""
    gap_to: datetime | None = None


_COLUMNS = tuple(one.name for one in fields(StreamResult))


def record(con: duckdb.DuckDBPyConnection, run_id: str, results: Iterable[StreamResult]) -> None:
    """Write lines of a run's manifest; a line that is there already is replaced."""
    rows = [[run_id, *astuple(one)] for one in results]
    if rows:
        # One statement: a line by itself takes as long as fifty together.
        line = f"(?{', ?' * len(_COLUMNS)})"
        con.execute(
            f"INSERT OR REPLACE INTO ops.run_manifest (run_id, {', '.join(_COLUMNS)}) "
            f"VALUES {', '.join(line for _ in rows)}",
            [value for row in rows for value in row],
        )


def forget_old(con: duckdb.DuckDBPyConnection, before: datetime) -> None:
    """Delete what is older, except the latest line of each reading and the latest of its complete ones.

    With thousands of readings a night, years of them would cost each run more time than it spends reading.
    """
    con.execute(
        "DELETE FROM ops.run_manifest AS m USING ("
        "SELECT source, scope, stream, arg_max(run_id, finished_at) AS latest, "
        "arg_max(run_id, finished_at) FILTER (WHERE status = 'ok') AS complete "
        "FROM ops.run_manifest GROUP BY ALL) AS kept "
        "WHERE m.finished_at < ? AND m.source = kept.source AND m.scope = kept.scope "
        "AND m.stream = kept.stream AND m.run_id <> kept.latest AND m.run_id IS DISTINCT FROM kept.complete",
        [before],
    )


def results_of(con: duckdb.DuckDBPyConnection, run_id: str) -> list[StreamResult]:
    """A run's manifest, in the order in which its streams ended."""
    rows = con.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM ops.run_manifest WHERE run_id = ? "
        "ORDER BY finished_at, source, stream, scope",
        [run_id],
    ).fetchall()
    return [StreamResult(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the manifests of all runs tell of one (source, scope, stream)."""

    begun_at: datetime | None
    """When it last had its turn; None where it was only ever skipped, or refused for want of allowance."""
    complete_at: datetime | None
    """When the last reading began that came to its end."""
    is_asked: bool
    """The last run that could name the stream's scopes named this one."""


def attempts(con: duckdb.DuckDBPyConnection) -> dict[Key, Attempt]:
    """Every reading that any run has recorded, by source, scope and stream."""
    rows = con.execute(
        "SELECT source, scope, stream, max(started_at) FILTER "
        "(WHERE status = 'ok' OR (status = 'failed' AND (not_before IS NULL OR rows_read > 0))), "
        "max(started_at) FILTER (WHERE status = 'ok'), bool_or(run_id = last_run) "
        "FROM ops.run_manifest JOIN ("
        "SELECT source, stream, arg_max(run_id, finished_at) AS last_run FROM ops.run_manifest "
        "WHERE scope <> '*' OR status = 'ok' GROUP BY ALL) USING (source, stream) "
        "WHERE scope <> '*' OR status = 'ok' GROUP BY ALL"
    ).fetchall()
    return {(source, scope, stream): Attempt(*told) for source, scope, stream, *told in rows}


LATEST_MANIFEST = """
SELECT source, stream, scope, status, calls, bytes_received, retries, wait_seconds, rows_read, rows_changed,
    coalesce(q.quarantined_count, 0) AS quarantined_count, q.quarantined_reasons, reread_count,
    gap, gap_from, gap_to, not_before, error, started_at, finished_at, last_success_at
FROM (
    SELECT source, stream, arg_max(run_id, finished_at) AS run_id
    FROM ops.run_manifest
    GROUP BY ALL
) AS latest
JOIN ops.run_manifest AS m USING (source, stream, run_id)
LEFT JOIN (
    -- "*" stands for all scopes where a failing source could not even name them
    SELECT source, stream, CASE WHEN grouping(scope) = 1 THEN '*' ELSE scope END AS scope,
        max(finished_at) AS last_success_at
    FROM ops.run_manifest
    WHERE status = 'ok'
    GROUP BY GROUPING SETS ((source, stream), (source, stream, scope))
    HAVING grouping(scope) = 1 OR scope <> '*'
) AS success USING (source, stream, scope)
LEFT JOIN (
    SELECT source, scope, stream, CAST(sum(rows) AS BIGINT) AS quarantined_count,
        string_agg(reason || ' (' || rows || ')', '; ' ORDER BY rows DESC, reason) AS quarantined_reasons
    FROM (SELECT source, scope, stream, reason, count(*) AS rows FROM ops.quarantine GROUP BY ALL)
    GROUP BY ALL
) AS q USING (source, scope, stream)"""
"""One row per source, stream and scope of the last run that read the stream, and what is quarantined now.

Scopes of earlier runs alone are left out: they are configured no longer, or were misspelt.
"""
