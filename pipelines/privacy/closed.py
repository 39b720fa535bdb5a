"""A wave's counts after closing: which bands its units get, and which groups are told of exactly."""

from collections.abc import Iterable, Mapping
from functools import partial

from pipelines.privacy.bands import Band, Banded, band_of, leaves_room, width_for
from pipelines.privacy.scores import Form, Tally
from pipelines.privacy.showing import exact_groups, exact_of
from pipelines.privacy.units import Partition


class Closed:
    """What may be shown of a closed wave, decided before any of it is shown.

    A dimension is shown if every unit has `k` complete cases in it, else nowhere. `bands` are the bands of
    units (unit, dimension), `exact` the groups whose numbers are exact in a dimension. A unit's score is
    made of the items that may be shown of a unit, over the complete cases of the whole dimension: an item
    that is for departments only must not move a team's number either, and people who skipped it are
    left out here as they are above, or they would be the difference.
    """

    def __init__(
        self, form: Form, partition: Partition, counts: Tally, members: Mapping[str, int], k: int
    ) -> None:
        self.form, self.partition, self.members = form, partition, members
        self.below = partition.units_below()
        self.people = counts.complete_cases()
        self.dimensions = form.dimensions()
        self.shown = [
            dimension
            for dimension in self.dimensions
            if self.people and all(people[dimension] >= k for people in self.people.values())
        ]
        self._counts, self._turned = counts.counts, counts.turned()
        self._row = {unit: at for at, unit in enumerate(counts.units)}
        self.of_units = {
            dimension: items
            for dimension in self.shown
            if (items := form.allowed(self.dimensions[dimension], "unit"))
        }
        may_be_exact = exact_groups(partition)
        beside = {unit: len(rest) for rest in may_be_exact.values() for unit in rest}
        self.bands: dict[tuple[str, str], Band] = {
            (unit.id, dimension): self._band(unit.id, dimension, beside.get(unit.id, 1))
            for unit in partition.units
            for dimension in self.of_units
        }
        self.exact = {
            dimension: exact_of(partition, may_be_exact, partial(self._has_room, dimension))
            for dimension in self.shown
        }

    def n(self, units: Iterable[str], dimension: str) -> int:
        """Complete cases of several units."""
        return sum(self.people[unit][dimension] for unit in units)

    def answers(self, units: Iterable[str], item: int) -> list[int]:
        """How often each answer was given to an item in these units, of which there must be one."""
        counted: list[int] = self._counts[[self._row[unit] for unit in units], item].sum(axis=0).tolist()
        return counted

    def totals(self, units: Iterable[str], items: Iterable[int]) -> list[int]:
        """The sum of each item's turned answers in these units, of which there must be one."""
        summed = self._turned[[self._row[unit] for unit in units]].sum(axis=0).tolist()
        return [summed[item] for item in items]

    def _band(self, unit: str, dimension: str, beside: int) -> Band:
        items = self.of_units[dimension]
        answers = self.people[unit][dimension] * len(items)
        span = answers * (self.form.points - 1)
        return band_of(sum(self.totals([unit], items)) - answers, width_for(span, beside), span)

    def _has_room(self, dimension: str, rest: frozenset[str]) -> bool:
        """Whether exact numbers of these units together leave each of their bands three totals."""
        if dimension not in self.of_units:
            return True
        bands = [(self.people[unit][dimension], self.bands[unit, dimension]) for unit in sorted(rest)]
        people = self.n(rest, dimension)
        return leaves_room(
            [Banded(n, band.least, band.most) for n, band in bands],
            [total - people for total in self.totals(rest, self.of_units[dimension])],
            self.form.points - 1,
        )
