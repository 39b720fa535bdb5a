"""What is known to be missing of a stream, in words: what the manifest calls its gap."""

from dataclasses import dataclass
from datetime import datetime

from pipelines.fetcher import Ended


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing, and from when on; None is the beginning of history."""

    what: str
    since: datetime | None


def gap_of(
    ended: Ended, *, known_up_to: datetime | None, counted_at: datetime | None, undelivered: int
) -> Gap | None:
    """What is missing of a stream after a run; None where nothing is known to be.

    Args:
        ended: how its reading went.
        known_up_to: up to when everything of it is stored; None where it was never read in full.
        counted_at: when it was last counted.
        undelivered: how many rows the source counts and does not give.
    """
    if ended.status != "ok" and not ended.is_whole:
        since_then = "what has changed since it was last read in full"
        return Gap(since_then if known_up_to else "what its first reading has not reached", known_up_to)
    if ended.unread:
        records = "record that" if len(ended.unread) == 1 else "records that"
        return Gap(f"{len(ended.unread):,} {records} could not be read", known_up_to)
    if undelivered:
        rows = "row that" if undelivered == 1 else "rows that"
        return Gap(f"{undelivered:,} {rows} the source counts and does not give", None)
    if ended.status != "ok":
        return Gap("what was deleted since it was last counted", counted_at)
    return None
