"""Coverage reports that pipelines drop as files: Cobertura XML, LCOV, coverage.py's JSON.

They lie in `<path>/<component>/<commit>/…`: the component as a service lists it under `indicators`, the
commit's folder named after the day or the time (of UTC) and the hash, such as `2026-10-30_5ad1f6a` or
`2026-10-30T1412Z_5ad1f6a`. All reports of a commit are one measurement, summed by lines. Reports in one
folder measure the same files, so a file that several of them list counts once; reports of parts whose
files have the same names, such as a frontend and a backend, go to folders of their own below the
commit's. Names that begin with `.` or end with `.tmp` are ignored: rename when all is written. Reports may
be cleared away once they have been read: what they measured stays.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import cast

from pydantic import Field

from connectors.base import (
    Batch,
    Cursor,
    Finding,
    InputError,
    NotFound,
    Pass,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
)
from connectors.coverage_files.reports import Report, read_report
from connectors.coverage_files.union import AmbiguousFilesError, sum_up
from connectors.faults import joined, unreadable
from connectors.files import files_below
from connectors.records import CoverageReport
from connectors.selection import matches, owned_or_included
from connectors.traffic import Traffic

KIND = "coverage_files"
SCOPES_FROM = "indicators"
STREAMS = {"commits": ("coverage_report",)}
"""No census: what was cleared away was measured all the same."""
COMMIT = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d)(\d\d)(\d\d)?Z)?_([0-9a-fA-F]{7,64})")
COMMITS_PER_BATCH = 50
LAYOUT = "Name it <yyyy-mm-dd>_<commit>, or <yyyy-mm-ddThhmmZ>_<commit> in UTC"


class Settings(SourceSettings):
    """A `[[source]]` of kind coverage_files.

    `path` is a folder, in the home folder where it is not absolute; `files` are patterns on the names of
    reports, anywhere below a commit's folder. `include` holds components that no service lists,
    `exclude` patterns on them.
    """

    path: str = "coverage"
    files: list[str] = Field(default=["*.xml", "*.info", "*.lcov", "*.json"], min_length=1)


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit's folder, and what its name says."""

    folder: Path
    at: datetime
    has_time: bool
    sha: str

    def measured_at(self, reports: Sequence[Report]) -> datetime:
        """The time in the folder's name; of a bare day the latest time that a report tells of that day."""
        if self.has_time:
            return self.at
        told = [one.produced_at for one in reports if one.produced_at]
        of_day = [at for at in told if self.at <= at < self.at + timedelta(days=1)]
        return max(of_day, default=self.at)


class CoverageFilesSource:
    """A folder with the reports of several components."""

    def __init__(self, settings: Settings, context: SourceContext) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._root = Path(context.home) / settings.path
        self.traffic = Traffic()  # nothing is asked over a network

    def scopes(self, stream: str) -> Sequence[str]:
        """The components."""
        return owned_or_included(self._context.scopes, self._settings)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield the commits that are new or have changed; raise at the end what could not be read.

        The watermark holds a digest of each report that lies there: files arrive late and in any order. A
        commit of which one is missing is not measured again.
        """
        known = json.loads((cursor.current_pass.after if cursor.current_pass else cursor.watermark) or "{}")
        commits = list(self._commits(scope))
        known = {one.folder.name: known[one.folder.name] for one in commits if one.folder.name in known}
        faults: list[InputError] = []
        records: list[CoverageReport] = []
        waiting = 0
        for commit in commits:
            try:
                reports = list(self._reports(commit.folder))
                digests = [_digest(commit.folder, path) for path in reports]
                if set(digests) <= set(known.get(commit.folder.name, ())):
                    known[commit.folder.name] = digests
                    continue
                records += self._measured(scope, commit, reports)
                known[commit.folder.name] = digests
            except InputError as fault:
                faults.append(fault)
            except OSError as error:
                faults.append(unreadable(f"{self.name}/{scope}/{commit.folder.name}", error))
            waiting += 1
            if waiting == COMMITS_PER_BATCH:
                yield Batch.of_now(records, Cursor(cursor.watermark, Pass(None, json.dumps(known))))
                records, waiting = [], 0
        yield Batch.of_now(records, Cursor(json.dumps(known)), is_final=not faults)
        if faults:
            raise joined(faults)

    def close(self) -> None:
        """There is no connection."""

    def check(self) -> list[Finding]:
        """Whether each component has reports that can be read, and what lies there under another name."""
        if not self._root.is_dir():
            message = "there is no such folder. Correct path, or let a pipeline drop its reports there"
            return [Finding(self.name, is_fine=False, message=message)]
        reachable = Finding(self.name, is_fine=True, message="the folder can be read")
        return [reachable, *(one for scope in self.scopes("commits") for one in self._findings(scope))]

    def _findings(self, scope: str) -> Iterator[Finding]:
        """The newest commit stands for all: reading everything is the run's business."""
        where = f"{self.name}/{scope}"
        try:
            commits = list(self._commits(scope))
            measured = commits and self._measured(scope, commits[-1], list(self._reports(commits[-1].folder)))
            others = [path.name for path in _visible(self._folder(scope)) if _commit(path) is None]
        except SourceError as error:
            yield Finding.of(error)
            return
        except OSError as error:
            yield Finding.of(unreadable(where, error))
            return
        count = f"{len(commits)} commit{'' if len(commits) == 1 else 's'}"
        message = count if measured else "the newest commit has no line that could be covered"
        message = message if commits else f"has no commit. {LAYOUT}"
        yield Finding(where, is_fine=bool(measured), message=message)
        for name in others:
            yield Finding(f"{where}/{name}", is_fine=False, message=f"is not read. {LAYOUT}")

    # --- files

    def _folder(self, scope: str) -> Path:
        """The component's own folder: none that lies elsewhere, also not by a link."""
        folder = self._root / scope
        name = PurePath(scope)
        is_own = not name.is_absolute() and ".." not in name.parts and folder.is_dir()
        if not is_own or folder.resolve() != self._root.resolve() / name:
            fix = "Let its pipeline drop reports there, or correct indicators"
            raise NotFound(f"{self.name}/{scope}", "has no folder of this name", fix)
        return folder

    def _commits(self, scope: str) -> Iterator[Commit]:
        """The commits since the start of history, by the names of their folders. Raises `SourceError`."""
        start = self._context.history_start
        try:
            folders = _visible(self._folder(scope))
        except OSError as error:
            raise unreadable(f"{self.name}/{scope}", error) from None
        for commit in filter(None, map(_commit, folders)):
            if start is None or commit.at + timedelta(days=1) > start:
                yield commit

    def _reports(self, folder: Path) -> Iterator[Path]:
        """What fits `files`, at any depth; folders that end with .tmp are still being written."""
        for path in files_below(folder):
            parts = path.relative_to(folder).parts
            if matches(path.name, self._settings.files) and not any(part.endswith(".tmp") for part in parts):
                yield path

    def _measured(self, scope: str, commit: Commit, reports: Sequence[Path]) -> list[CoverageReport]:
        """The commit's measurement; none where its reports know no line that could be covered."""
        where = f"{self.name}/{scope}/{commit.folder.name}"
        read = [
            (str(path.parent), read_report(f"{where}/{path.relative_to(commit.folder)}", path))
            for path in reports
        ]
        try:
            covered, coverable = sum_up(read)
        except AmbiguousFilesError:
            what = "its reports do not tell which of their files are the same"
            fix = "Put the reports of each part in a folder of their own below the commit's"
            raise InputError(where, what, fix) from None
        if not coverable:
            return []
        return [
            CoverageReport(
                id=f"{scope}/{commit.folder.name}",
                component=scope,
                sha=commit.sha.lower(),
                branch=None,
                flag=None,
                method="lines",
                measured_at=commit.measured_at([report for _, report in read]),
                covered_lines=covered,
                coverable_lines=coverable,
                new_covered_lines=None,
                new_coverable_lines=None,
            )
        ]


def _visible(folder: Path) -> list[Path]:
    """What lies in a folder, in order, without what is being written and without links."""
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.suffix != ".tmp" and not path.is_symlink()
    )


def _commit(folder: Path) -> Commit | None:
    """What a folder's name says; None where it is no commit's."""
    named = COMMIT.fullmatch(folder.name)
    if named is None or not folder.is_dir():
        return None
    day, hour, minute, second, sha = named.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{hour or '00'}:{minute or '00'}:{second or '00'}+00:00")
    except ValueError:  # no such day
        return None
    return Commit(folder, at, hour is not None, sha)


def _digest(folder: Path, path: Path) -> str:
    """Changes with a report's name, size or time of writing."""
    told = path.stat()
    text = f"{path.relative_to(folder)}:{told.st_size}:{told.st_mtime_ns}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12]


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A source of coverage reports for one `[[source]]` table."""
    return CoverageFilesSource(cast("Settings", settings), context)
