"""Whether the answers of an imported survey were published before, as another wave.

The same file under another wave's name, mapping or roster would be a second division of the same answers
into units: what the one shows could be subtracted from what the other does. Nothing is kept of answers by
which they could be known again, so this looks at what stays of every wave anyway: the sums over everybody,
which are the same however people are divided. See decision 0026.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

import duckdb

from pipelines.privacy.publication import Publication
from pipelines.survey.bank import Bank
from pipelines.survey.held import WaveError
from pipelines.survey.wave_items import bank_of_wave

Fact = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class _Whole:
    """What is known of a wave that does not depend on its units."""

    asked: frozenset[frozenset[Fact]]
    """The questions of each dimension."""
    facts: Mapping[Fact, tuple[float, ...]]
    """Sum and number of each dimension's complete cases, and each question's histogram, where shown."""
    units: int

    def is_of_the_answers_of(self, other: "_Whole") -> bool:
        """Whether nothing tells the two apart. Where both have one unit there is nothing to subtract."""
        common = self.facts.keys() & other.facts.keys()
        return (
            self.asked == other.asked
            and max(self.units, other.units) > 1
            and bool(common)
            and all(self.facts[one] == other.facts[one] for one in common)
        )


def refuse_published_before(
    con: duckdb.DuckDBPyConnection, wave_id: str, bank: Bank, publication: Publication
) -> None:
    """Raise `WaveError` where an imported wave has the same answers, as far as their sums can tell.

    Args:
        con: the warehouse, before anything of the wave is written.
        wave_id: the wave that would be published.
        bank: what it asked.
        publication: what would be shown and kept of it.
    """
    sums = [(one.dimension, one.total, one.n) for one in publication.sums]
    histograms = [
        (one.item, one.position, one.value)
        for one in publication.cells
        if one.scope_kind == "organisation" and one.statistic == "histogram" and one.value is not None
    ]
    this = _whole(bank, sums, histograms, len(publication.partition.units))
    for earlier in _imported(con):
        if this.is_of_the_answers_of(_kept(con, earlier)):
            raise WaveError(
                f"--wave {wave_id}: has the answers of {earlier}, which are published, and answers are "
                "published once. Import the file in which this survey's own answers are"
            )


def _imported(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute(
        "SELECT wave_id FROM survey.wave WHERE origin = 'elsewhere' AND state = 'published' ORDER BY wave_id"
    ).fetchall()
    return [wave for (wave,) in rows]


def _kept(con: duckdb.DuckDBPyConnection, wave_id: str) -> _Whole:
    """The same of a wave that is published, by what stays of it."""
    sums = con.execute("SELECT dimension, total, n FROM survey.unit_sum WHERE wave_id = ?", [wave_id])
    summed = sums.fetchall()
    histograms = con.execute(
        "SELECT item, position, value FROM survey.published_cell WHERE wave_id = ? "
        "AND scope_kind = 'organisation' AND statistic = 'histogram' AND value IS NOT NULL",
        [wave_id],
    ).fetchall()
    units = con.execute("SELECT count(*) FROM survey.published_unit WHERE wave_id = ?", [wave_id])
    ((count,),) = units.fetchall()
    return _whole(bank_of_wave(con, wave_id), summed, histograms, count)


def _whole(
    bank: Bank,
    sums: Iterable[tuple[str, int, int]],
    histograms: Iterable[tuple[str | None, int | None, float | None]],
    units: int,
) -> _Whole:
    """Dimensions are known by their questions: what a bank calls them means nothing."""
    asked = {
        dimension.id: frozenset(
            (item.id, item.version, item.is_reversed, item.least_level)
            for item in bank.items
            if item.dimension == dimension.id
        )
        for dimension in bank.dimensions
    }
    facts: dict[Fact, tuple[float, ...]] = {}
    for dimension, total, n in sums:
        before = facts.get((asked[dimension],), (0, 0))
        facts[asked[dimension],] = (before[0] + total, before[1] + n)
    facts |= {(item, position): (float(value or 0),) for item, position, value in histograms}
    return _Whole(frozenset(asked.values()), facts, units)
