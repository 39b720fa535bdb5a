"""What a run that stopped half-way has done, and from where the next one goes on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from pipelines.manifest import Key, StreamResult
from pipelines.warehouse import Standing, Warehouse
from pipelines.watermarks import moment_of

PLACES_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Stop:
    """A source that was not read to its end. `str()` is one line."""

    source: str
    rows_changed: int
    done: int
    """How many of its readings, of a stream in a scope each, came to their end."""
    readings: int
    places: Sequence[str]
    """From where the next run goes on, the walks that are under way first."""
    not_before: datetime | None

    def __str__(self) -> str:
        places = ", ".join(self.places[:PLACES_SHOWN])
        others = len(self.places) - PLACES_SHOWN
        more = f" and {others} more" if others > 0 else ""
        wait = f", not before {self.not_before:%Y-%m-%d %H:%M} UTC" if self.not_before else ""
        return (
            f"{self.source}: {self.rows_changed:,} rows stored, {self.done} of {self.readings} read in full. "
            f"The next run goes on {places}{more}{wait}"
        )


def stops(warehouse: Warehouse, results: Sequence[StreamResult]) -> list[Stop]:
    """The sources of a run that were not read to their end, and where each stands now."""
    standings = warehouse.standings()
    by_source = groupby(sorted(results, key=lambda one: one.source), key=lambda one: one.source)
    return [
        stop for source, group in by_source if (stop := _stop(source, list(group), standings)) is not None
    ]


def _stop(source: str, results: Sequence[StreamResult], standings: Mapping[Key, Standing]) -> Stop | None:
    left = [one for one in results if one.status != "ok" and not one.is_input_error]
    if not left:
        return None
    places = [place for one in left for place in _places(one, standings)]
    return Stop(
        source,
        sum(one.rows_changed for one in results),
        sum(one.status == "ok" for one in results),
        len(results),
        [text for _, text in sorted(places, key=lambda place: place[0])],
        max((one.not_before for one in left if one.not_before), default=None),
    )


def _places(result: StreamResult, standings: Mapping[Key, Standing]) -> Iterator[tuple[int, str]]:
    """Where a reading goes on, after how near it is to its end: in a walk, from a watermark, afresh."""
    key = (result.source, result.scope, result.stream)
    keys = [key]
    if result.scope == "*" and key not in standings:  # all scopes, which could not even be named
        keys = [one for one in standings if (one[0], one[2]) == (key[0], key[2])] or [key]
    for one in keys:
        name = one[2] if one[1] == "*" else f"{one[1]}/{one[2]}"
        standing = standings.get(one)
        if standing is None:
            yield 2, f"with {name} from the beginning"
        elif standing.cursor.current_pass:
            yield 0, f"in the middle of {name}"
        elif moment := moment_of(standing.cursor):
            yield 1, f"with {name} from {moment:%Y-%m-%d %H:%M} UTC"
        else:
            yield 1, f"with {name} from where it stood"


def cut_off(warehouse: Warehouse, run_id: str) -> str | None:
    """What the run before this one was in the middle of when its process ended without a word.

    Returns:
        One line, once: the run counts as interrupted from now on. None where every run came to an end.
    """
    rows = warehouse.con.execute(
        "UPDATE ops.run SET status = 'interrupted' WHERE status = 'running' AND run_id <> ? "
        "RETURNING run_id, started_at",
        [run_id],
    ).fetchall()
    if not rows:
        return None
    begun = max(started_at for _, started_at in rows)
    places = [
        name
        for key, standing in sorted(warehouse.standings().items())
        if standing.cursor.current_pass and (name := "/".join(key))
    ]
    more = f" and {len(places) - PLACES_SHOWN} more" if len(places) > PLACES_SHOWN else ""
    where = f", in the middle of {', '.join(places[:PLACES_SHOWN])}{more}" if places else ""
    return (
        f"the run of {begun:%Y-%m-%d %H:%M} UTC was cut off; what it stored is kept, and this one goes on "
        f"where it stopped{where}"
    )
