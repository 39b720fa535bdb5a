"""What all records share."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What all records share: the source's own id."""

    table: ClassVar[str]
    parent: ClassVar[str | None] = None
    children: ClassVar[tuple[str, ...]] = ()
    is_state: ClassVar[bool] = False
    """The source tells only what holds now: a batch with such records is all of its scope, and the
    warehouse keeps from which day to which day each one held."""
    has_scope: ClassVar[bool] = True
    """False where the same row is met in many scopes: which of them came first would be chance."""

    id: str
