"""The home folder: where things lie, and the lock that lets one run at a time write to it."""

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HOME_VARIABLE = "OUTCOMES_HOME"
CONFIG_VARIABLE = "OUTCOMES_CONFIG"
DEFAULT_HOME = ".outcomes"
DEFAULT_CONFIG = "outcomes.toml"


class HomeBusyError(Exception):
    """Another process is running on this home folder. `str()` says which."""


@dataclass(frozen=True, slots=True)
class Home:
    """Paths under `OUTCOMES_HOME`."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """The folder that `OUTCOMES_HOME` names, else `./.outcomes`."""
        return cls(Path(os.environ.get(HOME_VARIABLE, DEFAULT_HOME)).absolute())

    @property
    def warehouse(self) -> Path:
        """The DuckDB file that a run writes."""
        return self.path / "warehouse.duckdb"

    @property
    def snapshots(self) -> Path:
        """Published snapshots and the pointer `CURRENT`."""
        return self.path / "snapshots"

    @property
    def inbox(self) -> Path:
        """Files that people and scripts drop."""
        return self.path / "inbox"

    @property
    def clones(self) -> Path:
        """Where sources keep clones of repositories: a cache."""
        return self.path / "git"

    @property
    def dagster(self) -> Path:
        """`DAGSTER_HOME`: run history and schedules."""
        return self.path / "dagster"

    @property
    def lock_file(self) -> Path:
        """Locked by the one run at a time."""
        return self.path / "lock"

    def create(self) -> None:
        """Make the folders that users put files into or look at."""
        for folder in (self.path, self.snapshots, self.inbox, self.dagster):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except FileExistsError:
                raise NotADirectoryError(errno.ENOTDIR, "is a file and no folder", str(folder)) from None


def config_path() -> Path:
    """The configuration file that `OUTCOMES_CONFIG` names, else `./outcomes.toml`."""
    return Path(os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG))


_held_by_this_process: set[Path] = set()


@contextmanager
def only_run(home: Home) -> Iterator[None]:
    """Hold the home folder's lock; inside a process that holds it already, do nothing.

    The kernel lets go of the lock when the process ends, however it ends.

    Raises:
        HomeBusyError: another process holds it.
    """
    if home.lock_file in _held_by_this_process:
        yield
        return
    home.create()
    descriptor = os.open(home.lock_file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(descriptor, home)
        _held_by_this_process.add(home.lock_file)
        try:
            yield
        finally:
            _held_by_this_process.discard(home.lock_file)
    finally:
        os.close(descriptor)


def _take(descriptor: int, home: Home) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as held:
        raise HomeBusyError(f"{home.path}: {_holder(descriptor)}. Wait for it to end") from held
    note = json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat(timespec="seconds")})
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, note.encode(), 0)


def _holder(descriptor: int) -> str:
    try:
        note = json.loads(os.pread(descriptor, 1000, 0))
    except ValueError:
        return "another run is in progress"
    return f"another run is in progress (process {note['pid']}, since {note['since']})"
