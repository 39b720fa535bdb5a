"""Says how each source of a run gets on, in a time that does not grow with the number of its readings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from connectors.base import Source
from connectors.traffic import Traffic
from pipelines.estimate import Estimate
from pipelines.fetcher import Begun
from pipelines.progress import Progress
from pipelines.warehouse import Key, Landed


class Telling:
    """What is being read of each source that is not done, and what is left of it.

    Args:
        sources: name → (source, the streams that are asked for).
        rows: what has been stored of each stream, as it grows.
        estimate: what earlier runs tell.
        on_progress: told of each step.
    """

    def __init__(
        self,
        sources: Mapping[str, tuple[Source, Sequence[str]]],
        rows: Mapping[Key, Landed],
        estimate: Estimate,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._sources = {name: source for name, (source, _) in sources.items()}
        self._rows = rows
        self._on_progress = on_progress
        self._current: dict[str, Begun] = {}
        self._outlook = {
            name: estimate.of(name, frozenset(streams)) for name, (_, streams) in sources.items() if streams
        }
        """Of each source that is not done yet."""
        self._earlier = {name: source.traffic.copy() for name, source in self._sources.items()}

    def current(self) -> list[Begun]:
        """What is being read, of each source one stream in one scope."""
        return list(self._current.values())

    def begin(self, message: Begun) -> None:
        """Remember what is being read."""
        self._current[message.key[0]] = message

    def leave(self, key: Key) -> None:
        """It is no longer being read, though it may not be done."""
        begun = self._current.get(key[0])
        if begun and begun.key == key:
            del self._current[key[0]]

    def end(self, key: Key, status: str) -> None:
        """It has ended: this is always said."""
        self.leave(key)
        self._outlook[key[0]].end(key)
        self._on_progress(replace(self._progress(key), status=status))

    def close(self, source: str) -> None:
        """Nothing more comes from this source."""
        del self._outlook[source]

    def tell_all(self) -> None:
        """Say of each source that is not done how it gets on, also where it only waits."""
        for source in self._outlook:
            self.tell(source)

    def tell(self, source: str) -> None:
        """Say how a source gets on."""
        begun = self._current.get(source)
        self._on_progress(self._progress(begun.key if begun else (source, "", "")))

    def traffic(self, source: str) -> Traffic:
        """What a source has sent and received in this run."""
        return self._sources[source].traffic.copy().since(self._earlier[source])

    def _progress(self, key: Key) -> Progress:
        source, rows = key[0], self._rows.get(key, Landed(0, 0))
        outlook, begun = self._outlook[source], self._current.get(source)
        current = (begun.key, datetime.now(UTC) - begun.at) if begun else None
        return Progress(
            *key,
            rows_read=rows.rows_read,
            rows_changed=rows.rows_changed,
            traffic=self.traffic(source),
            done=outlook.done,
            readings=outlook.readings(begun.key if begun else None),
            seconds_left=outlook.seconds_left(current),
        )
