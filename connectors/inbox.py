"""The inbox: deployments and incidents that people or scripts drop as files.

Files lie in `inbox/` of the home folder and are named `deployments*` or `incidents*` with the ending
`.csv` (commas, UTF-8, a header, every line ended), `.ndjson` or `.parquet`; `connectors.inbox_rows`
has the columns. A file counts whole or not at all. One that is being written must not be found
half-done: write it under a name that begins with `.` or ends with `.tmp`, which are ignored, and
rename it. A file that has not changed is not read again. Where an id occurs twice, the row with the
later `updated_at` counts; two differing rows without such an order are an error. Where it occurs in
two files, the file that was read last counts.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from connectors.base import Batch, Cursor, Finding, InputError, Source, SourceContext, SourceSettings
from connectors.inbox_files import Line, read_lines
from connectors.inbox_rows import DeploymentRow, IncidentRow, Row
from connectors.records import Record

KIND = "inbox"
STREAMS = {"deployments": ("deployment", "deployment_status"), "incidents": ("incident",)}
FOLDER = "inbox"
ENDINGS = frozenset({".csv", ".ndjson", ".parquet"})
ROWS: dict[str, type[Row]] = {"deployments": DeploymentRow, "incidents": IncidentRow}


class Settings(SourceSettings):
    """A `[[source]]` of kind inbox; `include` and `exclude` are patterns on file names."""


class InboxSource:
    """The folder of dropped files."""

    def __init__(self, settings: Settings, context: SourceContext) -> None:
        self.name = settings.name
        self._settings = settings
        self._folder = Path(context.home) / FOLDER

    @property
    def calls(self) -> int:
        """Always 0: nothing is asked over a network."""
        return 0

    def scopes(self, stream: str) -> Sequence[str]:
        """The names of the stream's files, in alphabetical order; none where there is no folder."""
        if not self._folder.is_dir():
            return ()
        return sorted(path.name for path in self._folder.glob(f"{stream}*") if self._is_wanted(path))

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield the whole file where it has changed. Raises `InputError`."""
        content = self._read(scope)
        now = datetime.now(UTC)
        watermark = hashlib.sha256(content).hexdigest()
        is_known = cursor.watermark == watermark
        records = [] if is_known else self._records(stream, scope, content)
        yield Batch(records, Cursor(watermark), is_final=True, fetched_at=now, server_date=now)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that the file has now."""
        yield from (record.id for record in self._records(stream, scope, self._read(scope)))

    def close(self) -> None:
        """There is no connection."""

    def check(self) -> list[Finding]:
        """Whether each file can be taken, and which lie there under a name that nothing reads."""
        names = {stream: self.scopes(stream) for stream in STREAMS}
        read = {name for found in names.values() for name in found}
        fix = f"name it {' or '.join(f'{one}*' for one in STREAMS)}, ending in {', '.join(sorted(ENDINGS))}"
        return [
            *(self._finding(stream, scope) for stream, found in names.items() for scope in found),
            *(
                Finding(self._place(path.name), is_fine=False, message=f"is not read: {fix}")
                for path in sorted(self._folder.glob("[!.]*"))
                if path.name not in read and path.suffix != ".tmp"
            ),
        ]

    def _finding(self, stream: str, scope: str) -> Finding:
        try:
            rows = len(self._records(stream, scope, self._read(scope)))
        except InputError as error:
            return Finding(self._place(scope), is_fine=False, message=str(error))
        return Finding(self._place(scope), is_fine=True, message=f"{rows} rows can be read")

    def _is_wanted(self, path: Path) -> bool:
        include, exclude = self._settings.include, self._settings.exclude
        return (
            path.suffix in ENDINGS
            and path.is_file()
            and (not include or any(fnmatch(path.name, pattern) for pattern in include))
            and not any(fnmatch(path.name, pattern) for pattern in exclude)
        )

    def _read(self, scope: str) -> bytes:
        try:
            return (self._folder / scope).read_bytes()
        except OSError as error:
            raise InputError(
                self._place(scope),
                f"cannot be read ({error.strerror})",
                "Check that it is there and readable",
            ) from None

    def _place(self, scope: str) -> str:
        return f"{self.name}/{scope}"

    def _records(self, stream: str, scope: str, content: bytes) -> list[Record]:
        model = ROWS[stream]
        kept: dict[str, tuple[Line, Row]] = {}
        for line in read_lines(self._place(scope), content, model.columns()):
            row = _validated(line, model)
            key = row.record().id
            kept[key] = _winner(kept[key], (line, row)) if key in kept else (line, row)
        return [row.record() for _, row in kept.values()]


def _validated(line: Line, model: type[Row]) -> Row:
    try:
        return model.model_validate(line.values)
    except ValidationError as errors:
        error = errors.errors(include_url=False, include_input=False)[0]
        place = f"{line.place} column {error['loc'][0]}"
        if error["type"] == "missing":
            raise InputError(place, "is empty", "Write a value") from None
        fix = error.get("ctx", {}).get("fix", "Mend the value")
        raise InputError(place, error["msg"][:1].lower() + error["msg"][1:], fix) from None


def _winner(earlier: tuple[Line, Row], later: tuple[Line, Row]) -> tuple[Line, Row]:
    """Of two rows with one id, the one that counts. Raises `InputError` where that is unclear."""
    (first, one), (second, other) = earlier, later
    if one == other:
        return earlier
    if one.updated_at and other.updated_at and one.updated_at != other.updated_at:
        return earlier if one.updated_at > other.updated_at else later
    raise InputError(
        second.place,
        f"has the id of {first.place.rsplit('/', 1)[-1]} but other values",
        "Remove one of both, or give each its own updated_at",
    )


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """An inbox for one `[[source]]` table."""
    return InboxSource(cast("Settings", settings), context)
