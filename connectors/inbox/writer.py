"""Writes rows into the inbox for scripts: whole or not at all, whoever else writes at the same time.

Rows lie in one file per record type and UTC day, `deployments-recorded-2026-10-01.ndjson`. A row is
added by writing that file anew beside it, making it durable, and putting it in the old one's place: a
reader sees the file before or after, and a power cut leaves one of both. Writers wait for one another
at the lock `.lock`.

A row that says nothing new is not written again, so a job may be repeated. Of a row without
`updated_at` the time of recording becomes it: what is recorded later counts.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.base import InputError
from connectors.inbox.columns import Row, Withdrawn
from connectors.inbox.content import Placed, keep, read_rows, validated
from connectors.inbox.files import check_columns, filled
from connectors.inbox.types import FOLDER, ROWS

LOCK_SECONDS = 30.0
"""How long to wait for others; each of them needs milliseconds."""
LARGEST_FILE = 250_000
"""Bytes; beyond them the day's next file is begun, since a file is written anew for each row."""
_MOMENT = timedelta(microseconds=1)


class InboxBusyError(Exception):
    """Another process has held the inbox's lock for longer than anybody should."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One row that is in the inbox now: its id, and whether it was added rather than known already."""

    id: str
    is_new: bool


class InboxWriter:
    """Writes into the inbox of a home folder.

    Args:
        home: the home folder; the inbox in it is made where it is missing.
        clock: tells the time, in UTC.
        lock_seconds: how long to wait for other writers.
    """

    def __init__(
        self,
        home: Path,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        self.folder = home / FOLDER
        self._clock = clock
        self._lock_seconds = lock_seconds

    def record(self, record_type: str, rows: Sequence[Mapping[str, Any]]) -> list[Recorded]:
        """Write rows, all of them or none.

        Args:
            record_type: a key of `types.ROWS`.
            rows: column → value, as a line of NDJSON would have them.

        Returns:
            One entry per row, in order.

        Raises:
            InputError: what is wrong with the first row that is; the place is `row 1` and its column.
            InboxBusyError: other writers did not come to an end.
            OSError: the folder cannot be written.
        """
        model = ROWS[record_type]
        given = [checked(f"row {number}", values, model) for number, values in enumerate(rows, 1)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._locked():
            now = self._clock()
            path, content, kept = self._todays_file(record_type, now)
            lines: list[str] = []
            recorded: list[Recorded] = []
            for number, values in enumerate(given, 1):
                row = validated(f"row {number}", values, model)
                is_new = not _says_nothing_new(row, kept.get(row.id))
                if is_new:
                    dated = _dated(f"row {number}", values, kept.get(row.id), now)
                    keep(kept, Placed(f"row {number}", validated(f"row {number}", dated, model)))
                    lines.append(json.dumps(dated, ensure_ascii=False))
                recorded.append(Recorded(row.id, is_new))
            if lines:
                _replace(path, content + "".join(f"{line}\n" for line in lines).encode())
        return recorded

    def _todays_file(self, record_type: str, now: datetime) -> tuple[Path, bytes, dict[str, Placed]]:
        """The file to add to, what it holds, and its rows; a new one where one is damaged or large."""
        number = 1
        while True:
            part = f"-{number}" if number > 1 else ""
            path = self.folder / f"{record_type}-recorded-{now:%Y-%m-%d}{part}.ndjson"
            content = path.read_bytes() if path.exists() else b""
            if len(content) <= LARGEST_FILE:
                # What somebody has damaged is told by the next run, and costs no new row.
                with suppress(InputError):
                    return path, _ended(content), read_rows(path.name, content, ROWS[record_type])
            number += 1

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the folder's lock, which the kernel lets go of when the process ends, however it ends."""
        descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            deadline = time.monotonic() + self._lock_seconds
            while not _taken(descriptor):
                if time.monotonic() > deadline:
                    raise InboxBusyError(
                        f"{self.folder}: another process has been writing for "
                        f"{self._lock_seconds:.0f} seconds. Find and end it, then record again"
                    )
                time.sleep(0.01)
            yield
        finally:
            os.close(descriptor)


def checked(place: str, values: Mapping[str, Any], model: type[Row]) -> dict[str, Any]:
    """The values of a row that can be read, as they are to be written. Raises `InputError`."""
    given = filled(values)
    check_columns(place, given, model.columns(), model.key_columns())
    row = validated(place, given, model)
    if isinstance(row, Row):
        return given
    names = {name for field in type(row).model_fields for name in row.names(field)}
    return {name: value for name, value in given.items() if name in names}


def _ended(content: bytes) -> bytes:
    """The content with its last line ended, also where an editor left that out."""
    return content if not content or content.endswith(b"\n") else content + b"\n"


def _says_nothing_new(row: Row | Withdrawn, known: Placed | None) -> bool:
    """Whether the row that counts by now is the same, whenever it was recorded."""
    if known is None or type(known.row) is not type(row):
        return False
    if row.updated_at:
        return known.row == row
    return known.row.model_copy(update={"updated_at": None}) == row


def _dated(place: str, values: Mapping[str, Any], known: Placed | None, now: datetime) -> dict[str, Any]:
    """The row with the time of its recording, which is later than that of the one it replaces.

    Raises `InputError` where no time is.
    """
    if values.get("updated_at"):
        return dict(values)
    before = known.row.updated_at if known else None
    try:
        at = max(now, before + _MOMENT) if before else now
    except OverflowError:
        raise InputError(
            place, "replaces a row of the last moment of all calendars", "Mend updated_at of that one"
        ) from None
    return {**values, "updated_at": at.isoformat()}


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _replace(path: Path, content: bytes) -> None:
    """Put a file in the old one's place, durably."""
    beside = path.with_name(f".{path.name}.tmp")
    with beside.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
