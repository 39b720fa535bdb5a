"""The files of published snapshots: each is opened once, and all sessions ask the one that is open.

To open a snapshot takes longer than most questions. A question takes a cursor, which is a connection of its
own to the database that is open: threads do not wait for one another, and what was read serves everybody.
The names of snapshots are their versions, so one that is open never becomes another; the few that were used
last stay open. One that retention deletes is read to the end by whoever has it open.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import polars as pl

OPEN_AT_MOST = 4
"""Last night's, the one before for whoever still reads it, and frozen quarters."""
MEMORY = "384MB"
"""What DuckDB may use for one file, blocks that it keeps included. Nothing is written beside it if that is
too little: the disk may be full, or not ours to write."""

Identity = tuple[str, int, int, int]


class SnapshotError(Exception):
    """No snapshot can be shown. The message says what is wrong, `fix` what to do about it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(message)
        self.fix = fix


class NothingPublished(SnapshotError):
    """There has been no snapshot at all: nobody has to mend anything."""


class SnapshotGone(SnapshotError):
    """The file that was read is deleted or damaged: the one before takes its place from now on."""


class _File:
    """One open file, and the cursors that nobody uses at present; closed when nobody holds it any more."""

    def __init__(self, path: str) -> None:
        self._opened = duckdb.connect(path, read_only=True)
        self._opened.execute(f"set memory_limit = '{MEMORY}'")
        self._opened.execute("set temp_directory = ''")
        # Readers are many and their questions small: dealt to several threads each would take longer.
        self._opened.execute("set threads = 1")
        self._idle: list[duckdb.DuckDBPyConnection] = []
        self._lock = threading.Lock()

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            taken = self._idle.pop() if self._idle else None
            if taken is None:
                taken = self._opened.cursor()
                taken.execute("set timezone = 'UTC'")
        yield taken
        # One that failed is not used again.
        with self._lock:
            self._idle.append(taken)


_files: "OrderedDict[str, _File]" = OrderedDict()
_found: dict[Identity, str] = {}
"""Of each file that was looked at, whether it can be shown."""
DAMAGED = "damaged"
_lock = threading.Lock()


def ask(path: str, query: str, **bound: object) -> pl.DataFrame:
    """The answer to a question with its values bound.

    Raises:
        SnapshotError: the file is gone or damaged, or there is too little memory.
    """
    try:
        with _file(path).cursor() as cursor:
            frame: pl.DataFrame = cursor.sql(query, params=bound or None).pl()
            return frame
    except duckdb.ProgrammingError:
        raise  # a mistake of ours
    except (duckdb.Error, OSError, MemoryError) as error:
        raise _told(path, error) from error


def looked_at(path: Path, look: Callable[[str], str]) -> str:
    """What a look at a file found: once, and again where it is another file; else that it is damaged."""
    try:
        state = path.stat()
    except OSError:
        return DAMAGED
    identity = (str(path), state.st_ino, state.st_size, state.st_mtime_ns)
    if identity not in _found:
        try:
            _found[identity] = look(str(path))
        except duckdb.Error:
            _found[identity] = DAMAGED
        except SnapshotError:  # what is damaged has been noted; with more memory it may open
            return _found.get(identity, DAMAGED)
    return _found[identity]


def forget(path: str) -> None:
    """Close a file; who is reading it reads on to the end of the answer."""
    with _lock:
        _files.pop(path, None)


def _file(path: str) -> _File:
    with _lock:
        if path not in _files:
            _files[path] = _File(path)
            while len(_files) > OPEN_AT_MOST:
                _files.popitem(last=False)
        _files.move_to_end(path)
        return _files[path]


def trouble(error: Exception) -> SnapshotError:
    """What keeps a page from being made, whatever it was reading or writing, for people."""
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return SnapshotError(
            "There is too little memory for this page at present.",
            "Try again in a minute; whoever runs this can give the dashboard more.",
        )
    why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "a file cannot be read"
    return SnapshotError(
        f"This page cannot be made at present ({why}).",
        "Nothing is lost. Try again in a minute, or tell whoever runs this.",
    )


def _told(path: str, error: Exception) -> SnapshotError:
    """What went wrong, for people. A damaged file is closed and not opened again: the one before is shown."""
    name = Path(path).stem
    if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
        return trouble(error)
    forget(path)
    if not Path(path).exists():
        return SnapshotGone(
            f"The snapshot {name} has been deleted while it was read.",
            "Reload the page: a newer one is shown.",
        )
    with suppress(OSError):
        state = Path(path).stat()
        _found[path, state.st_ino, state.st_size, state.st_mtime_ns] = DAMAGED
    return SnapshotGone(
        f"The snapshot {name} cannot be read: it is damaged, or its disk does not answer.",
        "Reload the page: the one before is shown. `outcomes build` makes a new one.",
    )
