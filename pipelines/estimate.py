"""How long a source still takes, told only where earlier runs can tell it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import timedelta

import duckdb

from pipelines.manifest import Key, attempts

USUAL = """
SELECT source, scope, stream, median(seconds)
FROM (
    SELECT source, scope, stream, epoch(finished_at) - epoch(started_at) AS seconds,
        row_number() OVER (PARTITION BY source, scope, stream ORDER BY finished_at DESC) AS age
    FROM ops.run_manifest
    WHERE status = 'ok'
)
WHERE age <= 5
GROUP BY ALL
HAVING count(*) >= 3
"""
"""Of the latest five complete readings; fewer than three say nothing about a usual night."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What earlier runs tell of this one.

    `usual` is in seconds, by (source, scope, stream); `asked` are the readings of each stream's last
    run. Where everything is read again the earlier runs tell nothing: then `usual` is empty.
    """

    usual: Mapping[Key, float]
    asked: AbstractSet[Key]

    @classmethod
    def from_manifest(cls, con: duckdb.DuckDBPyConnection, *, is_usual_run: bool) -> "Estimate":
        """What the manifest of earlier runs holds."""
        rows = con.execute(USUAL).fetchall() if is_usual_run else []
        usual = {(source, scope, stream): float(seconds) for source, scope, stream, seconds in rows}
        return cls(usual, {key for key, attempt in attempts(con).items() if attempt.is_asked})

    def readings(self, source: str, streams: AbstractSet[str], begun: AbstractSet[Key]) -> int | None:
        """How many readings the run will be; None where no earlier run tells."""
        asked = self._asked(source, streams)
        return len(asked | begun) if asked else None

    def seconds_left(
        self,
        source: str,
        streams: AbstractSet[str],
        ended: AbstractSet[Key],
        current: tuple[Key, timedelta] | None,
    ) -> float | None:
        """How long the readings that have not ended usually take.

        Args:
            source: the source's name.
            streams: those that are asked for.
            ended: what has been read, of whatever source.
            current: the reading that is going on, and for how long.

        Returns:
            Seconds; None in a source's first run, and where a reading is new or takes much longer than it
            usually does.
        """
        asked = self._asked(source, streams)
        left = asked - ended
        if current:
            left.add(current[0])
        if not asked or not left <= self.usual.keys():
            return None
        total = sum(self.usual[key] for key in left)
        if current:
            key, elapsed = current
            usual, taken = self.usual[key], elapsed.total_seconds()
            if taken > max(2 * usual, usual + 10):
                return None
            total -= min(taken, usual)
        return total

    def _asked(self, source: str, streams: AbstractSet[str]) -> set[Key]:
        return {key for key in self.asked if key[0] == source and key[2] in streams}
