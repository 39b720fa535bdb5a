"""Makes rows of what an inbox file holds: all of them, or everything that is wrong with the file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from connectors.base import InputError
from connectors.inbox.columns import Row, Withdrawn, is_stronger
from connectors.inbox.files import Line, read_lines

MOST_FAULTS = 100
"""A file with more is wrong as a whole: reading on would tell nothing new."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and where it stands."""

    place: str
    row: Row | Withdrawn


def read_rows(name: str, content: bytes, model: type[Row]) -> dict[str, Placed]:
    """The rows of a file by their ids; of two with one id, the one that counts.

    Args:
        name: the file as errors are to call it; its ending decides the format.
        content: what the file holds.
        model: the columns.

    Raises:
        InputError: with every row that is at fault.
    """
    kept: dict[str, Placed] = {}
    faults: list[InputError] = []
    try:
        for line in read_lines(name, content, model.columns(), model.key_columns()):
            fault = line if isinstance(line, InputError) else _keep(line, model, kept)
            faults += [fault] if fault else []
            if len(faults) == MOST_FAULTS:
                break
    except InputError as fault:  # of the file: nothing behind it can be read
        faults.append(fault)
    if faults:
        raise _joined(faults)
    return kept


def _keep(line: Line, model: type[Row], kept: dict[str, Placed]) -> InputError | None:
    """Put a row among those that count, by its id. Returns what is wrong with it instead."""
    try:
        row = validated(line.place, line.values, model)
        keep(kept, Placed(line.place, row))
    except InputError as fault:
        return fault
    return None


def keep(kept: dict[str, Placed], found: Placed) -> None:
    """Put a row among those that count. Raises `InputError` where it is unclear which one does."""
    known = kept.get(found.row.id)
    if known is None or is_stronger(found.row.strength, known.row.strength):
        kept[found.row.id] = found
    elif known.row != found.row and not is_stronger(known.row.strength, found.row.strength):
        raise InputError(
            found.place,
            f"has the id of {known.place.rsplit('/', 1)[-1]} but other values",
            "Remove one of both, or give each its own updated_at",
        )


def validated(place: str, values: Mapping[str, Any], model: type[Row]) -> Row | Withdrawn:
    """A row of its values. Raises `InputError`, which names the column and shows no value."""
    try:
        return model.validated(values)
    except ValidationError as errors:
        error = errors.errors(include_url=False, include_input=False)[0]
        told = error.get("ctx", {})
        column = told.get("column") or error["loc"][0]
        if error["type"] == "missing":
            raise InputError(f"{place} column {column}", "is empty", "Write a value") from None
        what = error["msg"][:1].lower() + error["msg"][1:]
        fix = told.get("fix", "Mend the value")
        raise InputError(f"{place} column {column}", what, fix) from None


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
