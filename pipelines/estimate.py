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

    def of(self, source: str, streams: AbstractSet[str]) -> "Outlook":
        """What a source still has to read, before anything has been."""
        asked = {key for key in self.asked if key[0] == source and key[2] in streams}
        return Outlook(self.usual, asked)


class Outlook:
    """What a source still has to read. Each question is answered without looking at all of its readings.

    Args:
        usual: how many seconds readings usually take, of whatever source.
        asked: the readings that there will be as far as earlier runs tell.
    """

    def __init__(self, usual: Mapping[Key, float], asked: AbstractSet[Key]) -> None:
        self._usual = usual
        self._asked = asked
        self._left = set(asked)
        self._unknown = sum(key not in usual for key in asked)
        """Of those that are left, how many have no usual time."""
        self._seconds = sum(usual.get(key, 0.0) for key in asked)
        self._ended: set[Key] = set()
        self._new = 0
        """Of those that have ended, how many no earlier run told of."""

    @property
    def done(self) -> int:
        """How many readings have ended."""
        return len(self._ended)

    def end(self, key: Key) -> None:
        """A reading has ended."""
        if key in self._ended:
            return
        self._ended.add(key)
        self._new += key not in self._asked
        if key in self._left:
            self._left.remove(key)
            self._unknown -= key not in self._usual
            self._seconds -= self._usual.get(key, 0.0)

    def readings(self, current: Key | None) -> int | None:
        """How many readings the run will be, with the one that is going on; None where nothing tells it."""
        if not self._asked:
            return None
        is_met = current is None or current in self._asked or current in self._ended
        return len(self._asked) + self._new + (not is_met)

    def seconds_left(self, current: tuple[Key, timedelta] | None) -> float | None:
        """How long the readings that have not ended usually take.

        Args:
            current: the reading that is going on, and for how long.

        Returns:
            Seconds; None in a source's first run, and where a reading is new or takes much longer than it
            usually does.
        """
        if not self._asked or self._unknown:
            return None
        total = self._seconds if self._left else 0.0
        if current:
            key, elapsed = current
            if key not in self._usual:
                return None
            usual, taken = self._usual[key], elapsed.total_seconds()
            if taken > max(2 * usual, usual + 10):
                return None
            total += (0.0 if key in self._left else usual) - min(taken, usual)
        return max(total, 0.0)
