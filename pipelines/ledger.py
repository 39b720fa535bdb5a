"""The ledger of contents: when each table's rows last changed, and what each thing was built from.

Contents are compared by a sum of the rows' hashes, which no order of rows changes. Times are ticks of the
ledger's own clock, so what was built after its inputs last changed is as it would be built now. What is
not noted as built is built again: whoever writes forgets first, and notes when all is done and checked.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path

import duckdb
import polars as pl

from pipelines.transaction import transaction

PARTS = 1 << 20
"""So many parts has a table, by the hash of some columns: even of millions of keys few share one."""
_COMPUTED = ("staged.", "facts.")
"""What is written by builds alone, which look at it after each."""
_OF_THE_RUN = ("first_seen_run", "changed_run", "row_hash")
_TABLES = """
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.content (relation VARCHAR, digest VARCHAR, changed_at BIGINT);
CREATE TABLE IF NOT EXISTS ops.part_content (
    relation VARCHAR, divided_by VARCHAR, part INTEGER, digest HUGEINT, changed_at BIGINT
);
CREATE TABLE IF NOT EXISTS ops.part_reading (relation VARCHAR, divided_by VARCHAR, read_at BIGINT);
CREATE TABLE IF NOT EXISTS ops.built (
    name VARCHAR, definition VARCHAR, built_at BIGINT, as_of TIMESTAMPTZ, inputs VARCHAR
);
"""


@dataclass(frozen=True, slots=True)
class Built:
    """What is noted of a table or metric that was built and checked."""

    definition: str
    built_at: int
    """The tick before which its inputs had their present content."""
    as_of: datetime
    """What it called now."""
    inputs: str | None
    """A digest of what it was made from, where ticks alone do not tell."""


def part_of(expressions: Sequence[str]) -> str:
    """The SQL expression of the part that a row belongs to, by these expressions over its columns."""
    return f"CAST(hash({', '.join(expressions)}) % {PARTS} AS INTEGER)"


@cache
def code_digest() -> str:
    """A digest of the pipeline's Python code and the engines' versions: what may change any result."""
    root = Path(__file__).parent
    found = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    for package in ("duckdb", "polars", "numpy"):
        found.update(version(package).encode() + b"\0")
    return found.hexdigest()


def definition_digest(*texts: str) -> str:
    """A digest of a definition and of the code that carries it out."""
    return hashlib.sha256("\0".join([code_digest(), *texts]).encode()).hexdigest()


class Ledger:
    """The ledger of one warehouse, as one run sees it: what was fetched is taken not to change under it."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        con.execute(_TABLES)
        self._fresh: set[str] = set()
        self._content: dict[str, tuple[str, int]] = {
            relation: (digest, changed_at)
            for relation, digest, changed_at in con.execute("FROM ops.content").fetchall()
        }
        self.kept: Counter[str] = Counter()
        """How many tables and metrics, by which of the two, were as they were."""
        ((tick,),) = con.execute(
            "SELECT greatest(coalesce((SELECT max(changed_at) FROM ops.content), 0), "
            "coalesce((SELECT max(changed_at) FROM ops.part_content), 0), "
            "coalesce((SELECT max(read_at) FROM ops.part_reading), 0), "
            "coalesce((SELECT max(built_at) FROM ops.built), 0))"
        ).fetchall()
        self._tick = int(tick)

    def tick(self) -> int:
        """The next moment of the clock."""
        self._tick += 1
        return self._tick

    def changed_at(self, relation: str) -> int:
        """When the table's content last changed, as far as it was ever looked at."""
        is_known = relation in self._content if relation.startswith(_COMPUTED) else relation in self._fresh
        if not is_known:
            self.look_at(relation)
        return self._content[relation][1]

    def look_at(self, relation: str) -> None:
        """Note whether the table's content differs from what it was when it was last looked at."""
        digest = _digest(self._con, relation, self._content_columns(relation))
        if relation not in self._content or self._content[relation][0] != digest:
            self._content[relation] = (digest, self.tick())
            self._con.execute("DELETE FROM ops.content WHERE relation = ?", [relation])
            self._con.execute(
                "INSERT INTO ops.content VALUES (?, ?, ?)", [relation, *self._content[relation]]
            )
        self._fresh.add(relation)

    def digest_of(self, frame: pl.DataFrame) -> str:
        """A digest of a frame's rows, whatever their order."""
        self._con.register("ledger_frame", frame.to_arrow())
        try:
            return _digest(self._con, "ledger_frame", [f'"{name}"' for name in frame.columns])
        finally:
            self._con.unregister("ledger_frame")

    def changed_parts(self, relation: str, divided_by: Sequence[str], since: int) -> str:
        """The query of the parts, of the table divided by these expressions, that changed after a tick."""
        self.look_at_parts(relation, divided_by)
        return f"SELECT part FROM {_parts_of(relation, divided_by)} AND changed_at > {since}"

    def parts_known(self, relation: str, divided_by: Sequence[str]) -> int:
        """How many parts of the table have, or once had, a row."""
        self.look_at_parts(relation, divided_by)
        ((count,),) = self._con.execute(f"SELECT count(*) FROM {_parts_of(relation, divided_by)}").fetchall()
        return int(count)

    def look_at_parts(self, relation: str, divided_by: Sequence[str]) -> None:
        """Note which parts differ from what they were. One that has lost its rows stays noted, as empty."""
        key = [relation, ", ".join(divided_by)]
        read = self._con.execute(
            "SELECT read_at FROM ops.part_reading WHERE relation = ? AND divided_by = ?", key
        ).fetchall()
        if read and read[0][0] > self.changed_at(relation):
            return
        columns = ", ".join(self._content_columns(relation))
        self._con.execute(
            f"CREATE OR REPLACE TEMP TABLE differing AS "
            f"SELECT coalesce(n.part, k.part) AS part, coalesce(n.digest, 0) AS digest "
            f"FROM (SELECT {part_of(divided_by)} AS part, sum(hash({columns})) AS digest "
            f"FROM {_quoted(relation)} GROUP BY ALL) AS n "
            f"FULL JOIN (SELECT part, digest FROM {_parts_of(relation, divided_by)}) AS k "
            "ON k.part = n.part WHERE coalesce(n.digest, 0) IS DISTINCT FROM k.digest"
        )
        mine = "relation = ? AND divided_by = ?"
        with transaction(self._con):
            self._con.execute(
                f"DELETE FROM ops.part_content WHERE {mine} AND part IN (SELECT part FROM differing)", key
            )
            self._con.execute(
                "INSERT INTO ops.part_content SELECT ?, ?, part, digest, ? FROM differing",
                [*key, self.tick()],
            )
            self._con.execute(f"DELETE FROM ops.part_reading WHERE {mine}", key)
            self._con.execute("INSERT INTO ops.part_reading VALUES (?, ?, ?)", [*key, self.tick()])
        self._con.execute("DROP TABLE differing")

    def built(self, name: str) -> Built | None:
        """What is noted of a table or metric; None where it was never finished, or has to be built again."""
        rows = self._con.execute(
            "SELECT definition, built_at, as_of, inputs FROM ops.built WHERE name = ?", [name]
        ).fetchall()
        return Built(*rows[0]) if rows else None

    def forget(self, name: str) -> None:
        """From now on it counts as not built: whatever happens until it is noted, it will be built again."""
        self._con.execute("DELETE FROM ops.built WHERE name = ?", [name])

    def note(self, name: str, built: Built) -> None:
        """It is built and checked."""
        self.forget(name)
        self._con.execute(
            "INSERT INTO ops.built VALUES (?, ?, ?, ?, ?)",
            [name, built.definition, built.built_at, built.as_of, built.inputs],
        )

    def empty(self) -> None:
        """Forget everything: all that is built from now on is built anew."""
        self._content.clear()
        self._fresh.clear()
        for table in ("built", "content", "part_content", "part_reading"):
            self._con.execute(f"DELETE FROM ops.{table}")

    def keep_only(self, prefix: str, names: Sequence[str]) -> None:
        """Forget those whose name begins with `prefix` and that are not among `names`."""
        self._con.execute(
            "DELETE FROM ops.built WHERE starts_with(name, ?) AND NOT list_contains(?::VARCHAR[], name)",
            [prefix, list(names)],
        )

    def _content_columns(self, relation: str) -> list[str]:
        """What of the table's rows is content, as SQL expressions.

        Of a raw row its hash stands for its fields. A run's own name is no content of the configuration.
        """
        names = [name for name, *_ in self._con.execute(f"DESCRIBE {_quoted(relation)}").fetchall()]
        if relation == "config.run":
            return ["as_of"]
        if relation.startswith("raw.") and "row_hash" in names:
            kept = [name for name in names if name in ("source", "id", "scope", "valid_from", "valid_to")]
            return [*(f'"{name}"' for name in kept), "row_hash", "gone_at IS NOT NULL"]
        return [f'"{name}"' for name in names if name not in _OF_THE_RUN]


def _parts_of(relation: str, divided_by: Sequence[str]) -> str:
    by = ", ".join(divided_by).replace("'", "''")
    return f"ops.part_content WHERE relation = '{relation}' AND divided_by = '{by}'"


def _quoted(relation: str) -> str:
    return ".".join(f'"{part}"' for part in relation.split("."))


def _digest(con: duckdb.DuckDBPyConnection, relation: str, columns: Sequence[str]) -> str:
    [(rows, total)] = con.execute(
        f"SELECT count(*), coalesce(sum(hash({', '.join(columns)})), 0) FROM {_quoted(relation)}"
    ).fetchall()
    return f"{rows}:{total}"
