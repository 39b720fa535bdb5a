"""What is shown about a wave, as rows over the answers that it rests on: what the audits read."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

A = TypeVar("A", bound=Hashable)
"""An atom: answers that have the same weight in everything published, such as (unit, dimension, item)."""


@dataclass(frozen=True, slots=True)
class Row(Generic[A]):
    """One published number: each answer of an atom counts with the atom's weight; atoms left out weigh 0.

    Numbers that are published divided or rounded stand here undivided and exact: who has a mean and n has
    the sum, and what rounding hides is judged by the range audit alone.
    """

    name: str
    weights: Mapping[A, int]


@dataclass(frozen=True, slots=True)
class BoundedRow(Generic[A]):
    """What one published number tells of a sum of totals: it is a whole number from `low` to `high`, both included.

    `weights` are over the atoms' totals. `is_band` says that the number is shown as a band, so that
    everything else published must not narrow it to fewer totals than the audit asks for; a number that
    is shown exactly, or rounded finely on purpose, is no band.
    """

    name: str
    weights: Mapping[A, int]
    low: int
    high: int
    is_band: bool = False


def whose(atom: Hashable) -> Hashable:
    """Whose answers an atom holds: the first part of a tuple, such as the unit of (unit, dimension, item).

    Anything else is answered by people of its own. Atoms whose people may be the same must begin with the
    same part; columns of single answers are (person, item).
    """
    return atom[0] if isinstance(atom, tuple) and atom else atom
