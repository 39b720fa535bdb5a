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
from pathlib import Path
from typing import cast

from pydantic import ValidationError

from connectors.base import Batch, Cursor, Finding, InputError, Source, SourceContext, SourceSettings
from connectors.inbox_files import Line, read_lines
from connectors.inbox_rows import DeploymentRow, IncidentRow, Row
from connectors.records import Record
from connectors.selection import is_chosen
from connectors.traffic import Traffic

KIND = "inbox"
SCOPES_FROM = None
STREAMS = {"deployments": ("deployment", "deployment_status"), "incidents": ("incident",)}
FOLDER = "inbox"
ENDINGS = frozenset({".csv", ".ndjson", ".parquet"})
MOST_FAULTS = 100
"""A file with more is wrong as a whole: reading on would tell nothing new."""
ROWS: dict[str, type[Row]] = {"deployments": DeploymentRow, "incidents": IncidentRow}


class Settings(SourceSettings):
    """A `[[source]]` of kind inbox; `include` and `exclude` are patterns on file names."""


class InboxSource:
    """The folder of dropped files."""

    def __init__(self, settings: Settings, context: SourceContext) -> None:
        self.name = settings.name
        self._settings = settings
        self._folder = Path(context.home) / FOLDER
        self.traffic = Traffic()  # nothing is asked over a network

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
            *(
                finding
                for stream, found in names.items()
                for scope in found
                for finding in self._findings(stream, scope)
            ),
            *(
                Finding(self._place(path.name), is_fine=False, message=f"is not read: {fix}")
                for path in sorted(self._folder.glob("[!.]*"))
                if path.name not in read and path.suffix != ".tmp"
            ),
        ]

    def _findings(self, stream: str, scope: str) -> Iterator[Finding]:
        """What the file is good for; the first fault under the file's own name, the others by their place."""
        place = self._place(scope)
        try:
            rows = len(self._records(stream, scope, self._read(scope)))
        except InputError as error:
            at = error.where.removeprefix(place).strip()
            message = f"{error.what}. {error.fix}"
            yield Finding(place, is_fine=False, message=f"{at}: {message}" if at else message)
            for other in error.unread[1:]:
                yield Finding(other.place, is_fine=False, message=other.reason)
            return
        yield Finding(place, is_fine=True, message=f"{rows} rows can be read")

    def _is_wanted(self, path: Path) -> bool:
        return path.suffix in ENDINGS and path.is_file() and is_chosen([path.name], self._settings)

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
        """The file's records. Raises `InputError` with every row that is at fault."""
        model = ROWS[stream]
        kept: dict[str, tuple[Line, Row]] = {}
        faults: list[InputError] = []
        try:
            for line in read_lines(self._place(scope), content, model.columns()):
                fault = line if isinstance(line, InputError) else _keep(line, model, kept)
                faults += [fault] if fault else []
                if len(faults) == MOST_FAULTS:
                    break
        except InputError as fault:  # of the file: nothing behind it can be read
            faults.append(fault)
        if faults:
            raise _joined(faults)
        return [row.record() for _, row in kept.values()]


def _keep(line: Line, model: type[Row], kept: dict[str, tuple[Line, Row]]) -> InputError | None:
    """Put a row among those that count, by its id. Returns what is wrong with it instead."""
    try:
        row = _validated(line, model)
        key = row.record().id
        kept[key] = _winner(kept[key], (line, row)) if key in kept else (line, row)
    except InputError as fault:
        return fault
    return None


def _joined(faults: list[InputError]) -> InputError:
    """The first fault, which names the others and says how many they are."""
    first, *others = faults
    if not others:
        return first
    count = f"{'at least ' if len(faults) >= MOST_FAULTS else ''}{len(others)}"
    more = "1 more place is" if count == "1" else f"{count} more places are"
    unread = [one for other in others for one in other.unread]
    return InputError(
        first.where,
        first.what,
        f"{first.fix}; {more} at fault, see `outcomes check`",
        reason=first.unread[0].reason,
        others=unread,
    )


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
