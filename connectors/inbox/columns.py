"""What the columns of inbox files may hold, and what every row of them has.

Times need an offset (`2026-10-01T09:30:00Z`): a time without one could mean any hour. Days are plain
dates. Lists are separated by `;` where a format has none.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, create_model
from pydantic_core import PydanticCustomError

from connectors.records import Record

TIME_FORM = "Write it as 2026-10-01T09:30:00Z"
DAY_FORM = "Write it as 2026-10-01"
MARK_BETWEEN_PARTS = "|"


def _instant(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(at, datetime) and at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("time", "is not a time", {"fix": TIME_FORM}) from None
    if not isinstance(at, datetime):
        raise PydanticCustomError("time", "is not a time", {"fix": TIME_FORM})
    raise PydanticCustomError(
        "time", "is a time without a time zone", {"fix": "Append Z for UTC or an offset such as +02:00"}
    )


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        # Without hyphens a number would be taken for a day.
        if isinstance(value, str) and value.count("-") == 2:
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise PydanticCustomError("day", "is not a date", {"fix": DAY_FORM})


def _several(value: Any) -> Any:
    """A list as it is; a text is cut at each `;`."""
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise PydanticCustomError("list", "is not a list of texts", {"fix": "Separate them by ;"})
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Instant = Annotated[datetime, BeforeValidator(_instant)]
Day = Annotated[date, BeforeValidator(_day)]
Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[list[Text], BeforeValidator(_several)]
FiscalQuarter = Annotated[str, Field(pattern=r"^20[0-9]{2}-Q[1-4]$")]
"""It bears the year in which its fiscal year began."""
Lower = BeforeValidator(_lower)
"""Capitals do not matter."""
Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def in_order(first: Any, second: Any, column: str, what: str) -> None:
    """Raise where both are known and the second is the smaller one; `column` is to be mended."""
    if first is not None and second is not None and second < first:
        raise PydanticCustomError("order", what, {"fix": "Mend one of both", "column": column})


def lasts(begin: Any, end: Any, column: str) -> None:
    """Raise where a stretch has an end that is not after its beginning."""
    if begin is not None and end is not None and end <= begin:
        raise PydanticCustomError(
            "stretch", "ends before it begins", {"fix": "Mend one of both", "column": column}
        )


class Strength(NamedTuple):
    """What decides which of several rows with the same id counts."""

    updated_at: datetime | None
    is_withdrawn: bool


def is_stronger(one: Strength, other: Strength) -> bool:
    """Whether the first of two rows counts rather than the second.

    The one updated later does. Where that is not known of both, or is equal, a withdrawal does.
    """
    if one.updated_at and other.updated_at and one.updated_at != other.updated_at:
        return one.updated_at > other.updated_at
    return one.is_withdrawn and not other.is_withdrawn


class Keyed(BaseModel):
    """What is known of every row, also of one that says no more than that it was withdrawn."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, coerce_numbers_to_str=True
    )
    TABLE: ClassVar[str]
    """The table of the record that stands for the row."""
    KEY: ClassVar[tuple[str, ...]]
    """The fields that make the row's id."""

    updated_at: Instant | None = Field(
        None, description="when the row was last changed: of two with the same id the later one counts"
    )
    deleted: bool = Field(
        default=False, description="`true` withdraws the row; only the columns of its id are then needed"
    )

    @property
    def id(self) -> str:
        """The id of the row's record, unique within the source and the table."""
        if len(self.KEY) == 1:
            return _part(getattr(self, self.KEY[0]))
        parts = (_part(getattr(self, name)) for name in self.KEY)
        return MARK_BETWEEN_PARTS.join(
            part.replace("%", "%25").replace(MARK_BETWEEN_PARTS, "%7C") for part in parts
        )

    @classmethod
    def names(cls, field: str) -> list[str]:
        """The names under which a field may stand in a file, the best one first."""
        alias = cls.model_fields[field].validation_alias
        if isinstance(alias, AliasChoices):
            return [str(one) for one in alias.choices]
        return [str(alias or field)]

    @property
    def strength(self) -> Strength:
        """How the row stands against others with its id."""
        return Strength(self.updated_at, self.deleted)


def _part(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


class Row(Keyed):
    """What every row has; columns that are not named here or in its type are refused."""

    NOW: ClassVar[str | None] = None
    """The time that is the present one where `outcomes record` is given none."""

    source: Text | None = Field(None, description="the tool that wrote the row: for readers, not stored")

    @abstractmethod
    def records(self) -> Sequence[Record]:
        """The records that this row becomes, the one that stands for it first."""

    @classmethod
    def fields(cls) -> list[str]:
        """The names of the fields, those that all rows have last."""
        own = [name for name in cls.model_fields if name not in Row.model_fields]
        return [*own, *Row.model_fields]

    @classmethod
    def columns(cls) -> dict[str, bool]:
        """Every column's name, and whether it is required."""
        return {
            column: cls.model_fields[name].is_required()
            for name in cls.fields()
            for column in cls.names(name)
        }

    @classmethod
    def own_id(cls) -> str | None:
        """The column of an id that means nothing else, so that one can be made up where it is left out."""
        return cls.KEY[0] if len(cls.KEY) == 1 and cls.KEY[0].endswith("_id") else None

    @classmethod
    def key_columns(cls) -> list[str]:
        """The columns of the row's id that cannot be left out."""
        return [cls.names(name)[0] for name in cls.KEY if cls.model_fields[name].is_required()]

    @classmethod
    def validated(cls, values: Mapping[str, Any]) -> "Row | Withdrawn":
        """The row, or what is left of one that was withdrawn. Raises `pydantic.ValidationError`."""
        if is_withdrawn(values):
            return withdrawn_form(cls).model_validate(values)
        return cls.model_validate(values)


def is_withdrawn(values: Mapping[str, Any]) -> bool:
    """Whether a row's values say that it was withdrawn; what is neither true nor false does not."""
    mark = values.get("deleted")
    return mark is True or (isinstance(mark, str) and mark.strip().lower() in {"true", "1", "yes"})


class Withdrawn(Keyed):
    """A row that says it was withdrawn; what its other columns hold does not matter."""

    model_config = ConfigDict(extra="ignore")


@cache
def withdrawn_form(row: type[Row]) -> type[Withdrawn]:
    """What is read of a withdrawn row: its id and when it was withdrawn."""
    fields: dict[str, Any] = {
        name: (row.model_fields[name].annotation, row.model_fields[name]) for name in row.KEY
    }
    made = create_model(f"Withdrawn{row.__name__}", __base__=Withdrawn, **fields)
    made.TABLE, made.KEY = row.TABLE, row.KEY
    return made
