"""Retention of a product's users, by cohort, from a query on any database that SQLAlchemy reaches.

The query returns one row per product, cohort and period, with the columns `cohort_start` (the first day),
`grain` (day, week or month), `period_number` (0 is the cohort's own), `users` (of the cohort) and
`retained`; `product` and `retained_or_later` may be left out. It returns counts: nothing about a person.
What it no longer returns is gone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from connectors.base import (
    Batch,
    Cursor,
    Finding,
    InputError,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
    SourceUnavailable,
    Unread,
)
from connectors.faults import unreadable
from connectors.records import RetentionCount
from connectors.retention import RetentionColumns
from connectors.retention_query.database import Database
from connectors.selection import is_chosen
from connectors.traffic import Traffic

KIND = "retention_query"
SCOPES_FROM = "indicators"
STREAMS = {"cohorts": ("retention_count",)}
CENSUS = {"cohorts": timedelta(0)}
EVERYTHING = "*"
ROWS_PER_BATCH = 1000
NOT_CODE = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/""", re.DOTALL)
"""Texts, names in quotes and comments."""


def _require_reading(query: str) -> str:
    bare = NOT_CODE.sub(" ", query).strip().rstrip(";")
    if ";" in bare or not re.match(r"(select|with)\b", bare, re.IGNORECASE):
        raise ValueError("is not one query that reads. Write a single SELECT, or WITH and a SELECT")
    return query


class Settings(SourceSettings):
    """A `[[source]]` of kind retention_query.

    `url_env` names the environment variable with the SQLAlchemy URL, such as
    `postgresql+psycopg://reader@db.example.org/product`; its driver must be installed. The query stands
    in `query`, or in the file `query_file`, in the home folder where that is not absolute. `product` is
    the name for rows that tell none; without it it is the source's own.
    """

    url_env: str = Field(pattern=r"^[A-Z_][A-Z0-9_]*$")
    query: str | None = None
    query_file: str | None = None
    product: str | None = None
    timeout_seconds: float = Field(default=300.0, gt=0)
    most_rows: int = Field(default=100_000, ge=1)

    @model_validator(mode="after")
    def _one_query(self) -> Self:
        if (self.query is None) == (self.query_file is None):
            raise ValueError("needs either query or query_file. Set one of them")
        return self

    @field_validator("query")
    @classmethod
    def _reads(cls, query: str | None) -> str | None:
        return None if query is None else _require_reading(query)


def _day(value: object) -> date:
    """Databases return a day as such, as a text, or as its midnight; a number would be guessed at."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError("is not a day")


class Row(RetentionColumns):
    """One row of the query, as it may be."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: str | None = Field(default=None, min_length=1)
    cohort_start: Annotated[date, BeforeValidator(_day)]

    @model_validator(mode="after")
    def _within_the_cohort(self) -> Self:
        later = self.retained if self.retained_or_later is None else self.retained_or_later
        if not self.retained <= later <= self.users:
            raise ValueError("retained <= retained_or_later <= users does not hold")
        return self


class RetentionQuerySource:
    """One database and one query."""

    def __init__(self, settings: Settings, context: SourceContext) -> None:
        self.name = settings.name
        self.traffic = Traffic()
        self._settings = settings
        self._context = context
        self._present: frozenset[str] | None = None
        """The ids that the last reading found, once it has come to its end."""
        self._database = Database(
            self.name, settings.url_env, settings.timeout_seconds, settings.most_rows, self.traffic
        )

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope: all that the query returns."""
        return (EVERYTHING,)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield the whole result, since every period adds to old cohorts. Raises `SourceError`.

        A row that cannot be read is told and costs no other; where none can be, the query is at fault.
        """
        self._present = None
        seen: set[str] = set()
        present: set[str] = set()
        rows: list[RetentionCount] = []
        odd: list[Unread] = []
        first: InputError | None = None
        with closing(self._database.rows(self._query(), _columns())) as found:
            for number, values in enumerate(found, start=1):
                try:
                    record = self._record(f"{self.name} row {number}", values, seen)
                except InputError as fault:
                    first = first or fault
                    odd += fault.unread
                    continue
                if self._is_wanted(record):
                    rows.append(record)
                    present.add(record.id)
                if len(rows) == ROWS_PER_BATCH:
                    yield Batch.of_now(rows, Cursor(), unread=odd)
                    rows, odd = [], []
        if first and not seen:
            raise InputError(first.where, first.what, first.fix, others=odd[1:])
        self._present = frozenset(present)
        yield Batch.of_now(rows, Cursor(), is_final=True, unread=odd)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids that this run's reading found; the query is not run a second time. Raises `SourceError`."""
        if self._present is None:
            what = "what the query returns was not read to its end"
            raise SourceUnavailable(self.name, what, "Run again")
        yield from self._present

    def close(self) -> None:
        """The connection ends with the query."""

    def check(self) -> list[Finding]:
        """Whether the database lets us in. The query itself is the run's business: it may take minutes."""
        try:
            self._query()
            dialect = self._database.reach()
        except SourceError as error:
            return [Finding.of(error)]
        return [
            Finding(self.name, is_fine=True, message=f"connected to {dialect}; the query is not run here")
        ]

    # --- rows

    def _query(self) -> str:
        if self._settings.query is not None:
            return self._settings.query
        where = f"{self.name}/query_file"
        try:
            path = Path(self._context.home) / (self._settings.query_file or "")
            return _require_reading(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise unreadable(where, error) from None
        except UnicodeDecodeError:
            raise InputError(where, "is not UTF-8 text", "Save the file as UTF-8") from None
        except ValueError as odd:
            what, _, fix = str(odd).partition(". ")
            raise InputError(where, what, fix) from None

    def _record(self, place: str, values: Mapping[str, Any], seen: set[str]) -> RetentionCount:
        """One row, whose id is added to those that were seen. Raises `InputError`."""
        try:
            row = Row.model_validate(values)
        except ValidationError as errors:
            first = errors.errors(include_url=False, include_input=False, include_context=False)[0]
            column = f" column {first['loc'][0]}" if first["loc"] else ""
            what = first["msg"].removeprefix("Value error, ")
            raise InputError(f"{place}{column}", what[:1].lower() + what[1:], "Correct the query") from None
        product = row.product or self._settings.product or self.name
        key = f"{product}:{row.grain}:{row.cohort_start}:{row.period_number}"
        if key in seen:
            fix = "Let the query return one row per product, grain, cohort_start and period_number"
            raise InputError(place, "a cohort's period comes twice", fix)
        seen.add(key)
        return row.counted(key, product)

    def _is_wanted(self, record: RetentionCount) -> bool:
        start = self._context.history_start
        is_late_enough = start is None or record.cohort_start >= start.date()
        return is_late_enough and is_chosen([record.product], self._settings)


def _columns() -> dict[str, bool]:
    """The columns of the result, and whether each is required."""
    names = ("product", "cohort_start", *Row.model_fields)  # in the order in which people are told of them
    return {name: Row.model_fields[name].is_required() for name in names}


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A source of retention counts for one `[[source]]` table."""
    return RetentionQuerySource(cast("Settings", settings), context)
