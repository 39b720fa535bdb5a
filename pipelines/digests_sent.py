"""What each receiver's last digest held: a file in the home folder, written when a message was taken.

A process that ends between the two says one digest again; none is lost. Nothing of a digest's text is kept.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.cli_errors import CommandError
from pipelines.home import Home

VERSION = 1


class Sent:
    """The last digest of each receiver, by what the receiver is called."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last = _read(path)

    def held(self, receiver: str) -> frozenset[str] | None:
        """What the receiver's last digest held; None where none was sent."""
        last = self._last.get(receiver)
        return frozenset(last["holds"]) if last else None

    def remember(self, receiver: str, holds: frozenset[str], at: datetime) -> None:
        """Keep what was sent just now; on disk when this returns."""
        self._last[receiver] = {"holds": sorted(holds), "at": at.isoformat(timespec="seconds")}
        content = json.dumps({"version": VERSION, "sent": self._last}, indent=1, sort_keys=True)
        beside = self._path.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self._path)


@contextmanager
def sent(home: Home) -> Iterator[Sent]:
    """The memory of this home folder, for one process at a time.

    Raises:
        CommandError: another process sends digests, or the file is none of ours.
    """
    home.create()
    descriptor = os.open(home.path / "digests.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            what = "digests are being sent by another process. Wait for it to end"
            raise CommandError(f"{home.path}: {what}") from None
        yield Sent(home.path / "digests.json")
    finally:
        os.close(descriptor)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["version"] != VERSION:
            raise CommandError(f"{path}: was written by another version. Remove it to begin anew")
        return {
            str(name): {"holds": [str(one) for one in last["holds"]], "at": str(last["at"])}
            for name, last in kept["sent"].items()
        }
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CommandError(f"{path}: is damaged. Remove it; each digest is then sent once more") from None
