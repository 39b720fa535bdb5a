"""The inbox's folder: which files hold which record type, and which of their rows count."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors.base import InputError, SourceSettings
from connectors.inbox.columns import Row, Strength, Withdrawn, is_stronger
from connectors.inbox.content import Placed, read_rows
from connectors.inbox.files import SPLIT
from connectors.inbox.types import ENDINGS, ROWS, type_of
from connectors.selection import is_chosen

LARGEST_FILE = 100_000_000
"""Bytes. A file counts whole or not at all, so all of it is in memory at once."""


class InboxFolder:
    """The folder as one source sees it.

    Args:
        path: where it is; it need not exist.
        settings: which files are wanted, and the name that errors begin with.
    """

    def __init__(self, path: Path, settings: SourceSettings) -> None:
        self.path = path
        self._settings = settings
        self._last_read: tuple[str, Mapping[str, Placed]] | None = None
        """The digest and the rows of the file that was read last: a stream reads it more than once."""
        self._strengths: dict[str, dict[str, tuple[Strength, ...]]] = {}
        """Record type → id → how its rows stand, in all files; without those that can replace no other."""

    def files(self, record_type: str) -> Sequence[str]:
        """The names of the files of a type, in alphabetical order."""
        if not self.path.is_dir():
            return ()
        return sorted(
            path.name
            for path in self.path.glob(f"{record_type}*")
            if type_of(path.name) == record_type and self._is_wanted(path)
        )

    def unknown_files(self) -> list[str]:
        """The names of files that are no one's and not hidden either."""
        read = {name for record_type in ROWS for name in self.files(record_type)}
        found = sorted(path.name for path in self.path.glob("[!.]*") if path.suffix != ".tmp")
        return [name for name in found if name not in read]

    def content(self, name: str) -> bytes:
        """What a file holds. Raises `InputError`."""
        path = self.path / name
        try:
            if path.stat().st_size > LARGEST_FILE:
                what = f"has more than {LARGEST_FILE // 1_000_000} million bytes"
                raise InputError(self.place(name), what, SPLIT)
            return path.read_bytes()
        except OSError as error:
            raise InputError(
                self.place(name), f"cannot be read ({error.strerror})", "Check that it is there and readable"
            ) from None

    def place(self, name: str) -> str:
        """The file as errors call it, also where the bytes of its name are no text."""
        return f"{self._settings.name}/{_printable(name)}"

    def rows(self, record_type: str, name: str, content: bytes) -> Mapping[str, Placed]:
        """A file's rows by their ids. Raises `InputError` with every row that is at fault."""
        digest = f"{name} {digest_of(content)}"
        if self._last_read is None or self._last_read[0] != digest:
            self._last_read = None  # so that two files are never in memory at once
            self._last_read = (digest, read_rows(self.place(name), content, ROWS[record_type]))
        return self._last_read[1]

    def rows_that_count(self, record_type: str, name: str, content: bytes) -> list[Row | Withdrawn]:
        """A file's rows without those that another file has replaced or withdrawn. Raises `InputError`."""
        rows = [placed.row for placed in self.rows(record_type, name, content).values()]
        if len(self.files(record_type)) < 2:
            return rows
        rivals = self._rivals(record_type)
        return [
            row for row in rows if not any(is_stronger(one, row.strength) for one in rivals.get(row.id, ()))
        ]

    def _rivals(self, record_type: str) -> dict[str, tuple[Strength, ...]]:
        """How the rows of each id stand. A file that cannot be read has none: its own stream tells of it."""
        if record_type in self._strengths:
            return self._strengths[record_type]
        found: dict[str, tuple[Strength, ...]] = {}
        for name in self.files(record_type):
            try:
                rows = self.rows(record_type, name, self.content(name))
            except InputError:
                continue
            for key, placed in rows.items():
                strength = placed.row.strength
                if strength.updated_at or strength.is_withdrawn:
                    found[key] = (*found.get(key, ()), strength)
        self._strengths[record_type] = found
        return found

    def _is_wanted(self, path: Path) -> bool:
        is_named = path.suffix in ENDINGS and path.name == _printable(path.name)
        return is_named and path.is_file() and is_chosen([path.name], self._settings)


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def digest_of(content: bytes) -> str:
    """The same for the same content."""
    return hashlib.sha256(content).hexdigest()
