"""The publication of a wave: made once from its answers, and proven before anybody sees it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.privacy.cells import LEAST_ANSWERS_EXACT, Cell, table
from pipelines.privacy.closed import Closed
from pipelines.privacy.scores import AnswerError, Form, Response, tally
from pipelines.privacy.units import Partition, coarsen


@dataclass(frozen=True, slots=True)
class UnitSum:
    """The exact sum behind a unit's score: turned answers of its n complete cases. Kept, never shown.

    `item` is None: of single items no sum of a unit is kept, since none of a unit is published.
    """

    unit: str
    dimension: str
    item: str | None
    total: int
    n: int


@dataclass(frozen=True, slots=True)
class Publication:
    """A wave as it is published: the partition after closing, the table, and the sums behind units' scores.

    `complete_cases` says per unit and dimension how many people all of it rests on; 0 where nothing is shown.
    `totals` are the exact sums of turned answers, per unit and item, of what is shown: for the proofs alone,
    never to be stored or shown.
    """

    partition: Partition
    cells: tuple[Cell, ...]
    sums: tuple[UnitSum, ...]
    complete_cases: Mapping[str, Mapping[str, int]]
    totals: Mapping[tuple[str, str], int]


class AuditError(Exception):
    """A proof failed: this wave must not be published. Names what would tell too much."""


Audit = Callable[[Publication, Form, int], None]
"""Looks at a publication, with its form and the floor of answers, and raises AuditError."""


def publish(
    form: Form,
    partition: Partition,
    members: Mapping[str, int],
    responses: Sequence[Response],
    k: int,
    audits: Iterable[Audit] = (),
) -> Publication:
    """Make the table of a wave, and let every audit look at it before anybody else does.

    `members` is how many people each unit of the partition had when the wave opened.

    Raises:
        PartitionError: k is below the floor.
        AnswerError: a response that cannot be, or more of them than a unit has members.
        AuditError: as above.
    """
    given = tally(form, responses, [unit.id for unit in partition.units])
    people = given.complete_cases()
    for unit, complete in people.items():
        if max(complete.values()) > members.get(unit, 0):
            raise AnswerError(f"{unit} has more responses than members")
    coarser = coarsen(partition, people, k)
    became = {part: unit.id for unit in coarser.units for part in unit.parts}
    now = {unit.id: became[unit.parts[0]] for unit in partition.units if unit.parts[0] in became}
    of = dict.fromkeys(now.values(), 0)
    for unit, merged in now.items():
        of[merged] += members[unit]
    publication = _published(Closed(form, coarser, given.merged(now), of, k))
    audit_counts(publication, k)
    for audit in audits:
        audit(publication, form, k)
    return publication


def _published(wave: Closed) -> Publication:
    sums = [
        UnitSum(unit.id, dimension, None, sum(wave.totals([unit.id], items)), wave.people[unit.id][dimension])
        for unit in wave.partition.units
        for dimension, items in wave.of_units.items()
    ]
    people = {
        unit: {dimension: n if dimension in wave.shown else 0 for dimension, n in of.items()}
        for unit, of in wave.people.items()
    }
    totals = {
        (unit, wave.form.items[item].id): wave.totals([unit], [item])[0]
        for unit in wave.people
        for dimension in wave.shown
        for item in wave.dimensions[dimension]
    }
    return Publication(wave.partition, tuple(table(wave)), tuple(sums), people, totals)


def audit_counts(publication: Publication, k: int) -> None:
    """The cheap proof: every row is told of whole units, and each of these has k complete cases or none.

    Messages name no count: nothing is published yet, and may never be.
    """
    below = publication.partition.units_below() | {
        unit.id: frozenset([unit.id]) for unit in publication.partition.units
    }
    for unit, people in publication.complete_cases.items():
        for dimension, n in people.items():
            if 0 < n < k:
                raise AuditError(f"{dimension} of {unit} rests on fewer than {k} answers")
    for cell in publication.cells:
        if cell.value is None:
            continue
        n = sum(publication.complete_cases[unit][cell.dimension] for unit in below[cell.scope])
        least = k if cell.label is not None else max(k, LEAST_ANSWERS_EXACT)
        if n < least:
            raise AuditError(f"{cell.dimension} of {cell.scope} rests on fewer than {least} answers")
        if cell.n != n:
            raise AuditError(f"{cell.dimension} of {cell.scope} rests on others than it says")
