"""What people of a scope said in the quarter's survey, and where that moved by its own test."""

from dataclasses import dataclass, replace

import polars as pl

from dashboard import snapshot_survey, survey_below, survey_results, survey_words
from dashboard.health import first_look, survey_test
from dashboard.health.document import Course
from dashboard.kept import kept
from dashboard.survey_results import Said, Score, Wave

NOT_ASKED = "No survey of this quarter has been published."
NO_UNIT = "No reporting unit of this survey has the team's name. Its people answered in another."


@dataclass(frozen=True)
class People:
    """What a scope said; `missing` says why there is nothing."""

    path: str
    scope: str = ""
    """The survey's own scope: a group, or a reporting unit."""
    waves: tuple[Wave, ...] = ()
    said: tuple[Said, ...] = ()
    together: str = ""
    """With whom a team answers, where it is not alone."""
    missing: str | None = None

    @property
    def is_unit(self) -> bool:
        """Bands of a reporting unit: compared in words, never tested."""
        return self.scope != "organisation" and not self.scope.startswith("department:")

    @property
    def answered(self) -> str | None:
        """`28 of 34 answered`; a range where topics differ."""
        known = [one.now for one in self.said if one.now and one.now.n is not None and one.now.of]
        counts = sorted({score.n for score in known if score.n is not None})
        if not counts:
            return None
        several = f"{counts[0]:,} to {counts[-1]:,}" if len(counts) > 1 else f"{counts[0]:,}"
        return f"{several} of {max(score.of or 0 for score in known):,} answered"

    def dimension(self, name: str) -> Said | None:
        """What was said of a dimension, if it was asked."""
        return next((one for one in self.said if one.dimension == name), None)

    def statement(self, item: str) -> Said | None:
        """What was said of a single statement, 0 to 100; None where single statements are not shown.

        A reversed statement has none: its mean would read the wrong way round.
        """
        if self.is_unit or not self.waves:
            return None
        asked = snapshot_survey.items(self.path, self.waves[-1].id).filter(
            (pl.col("item") == item) & ~pl.col("is_reversed")
        )
        if asked.is_empty():
            return None
        row = asked.row(0, named=True)
        dimension = self.dimension(row["dimension"])
        now, before = self._mean(self.waves[-1], item), None
        if now is None or dimension is None:
            return None
        if dimension.gap is None and self._version(self.waves[-2], item) == row["version"]:
            before = self._mean(self.waves[-2], item)
        gap = None if before else dimension.gap or "withheld_before"
        quoted = f"“{row['text'].rstrip('.')}”"
        return Said(row["dimension"], quoted, now, before, gap, (before, now), (False, bool(gap)))

    def course(self, said: Said, item: str | None = None) -> Course | None:
        """Where a score went by its test, a rise counting as 1; None where nothing may be compared."""
        if self.is_unit or said.before is None:
            return None
        shares = [self._favourable(wave, said.dimension, item) for wave in self.waves[-2:]]
        if len(shares) < 2 or shares[0] is None or shares[1] is None:
            return None
        rose = survey_test.moved(shares[1], shares[0])
        return 1 if rose > 0 else -1 if rose < 0 else 0

    def _cells(self, wave: Wave, statistic: str, item: str | None) -> pl.DataFrame:
        of_item = pl.col("item").is_null() if item is None else pl.col("item") == item
        found = snapshot_survey.details(self.path, wave.id, self.scope)
        return found.filter(of_item & (pl.col("statistic") == statistic) & pl.col("value").is_not_null())

    def _favourable(self, wave: Wave, dimension: str, item: str | None) -> tuple[float, int] | None:
        found = self._cells(wave, "favourable", item).filter(pl.col("dimension") == dimension)
        return None if found.is_empty() else found.select("value", "n").row(0)

    def _mean(self, wave: Wave, item: str) -> Score | None:
        """A statement's mean of 1 to 5 on the scale of the scores."""
        found = self._cells(wave, "mean", item)
        if found.is_empty():
            return None
        row = found.row(0, named=True)
        value = 25 * (row["value"] - 1)
        return Score(value, value, value, None, row["n"], row["of"], None, False)

    def _version(self, wave: Wave, item: str) -> int | None:
        rows = snapshot_survey.items(self.path, wave.id).filter(pl.col("item") == item)
        return int(rows["version"][0]) if rows.height else None


def load(path: str, scope: str, name: str, quarter: str, *, sees_survey: bool) -> People:
    """What a scope said in the survey of a quarter, beside the surveys before it."""
    waves = [wave for wave in survey_results.waves(path, "quarterly") if wave.id <= quarter]
    if not waves or waves[-1].id != quarter:
        return People(path, missing=NOT_ASKED)
    if not sees_survey:
        return People(path, missing=first_look.until(path, quarter))
    group = survey_scope(path, scope, quarter)
    if group is None:
        return People(path, missing=NO_UNIT)
    said = survey_results.load(path, waves, group)
    return People(path, group, tuple(waves), tuple(said), _together(path, waves[-1], group, scope, name))


def as_baseline(people: People) -> People:
    """The same of a first quarter, in which nothing is compared: of the systems nothing can be."""
    said = tuple(replace(one, before=None, gap="baseline" if one.before else one.gap) for one in people.said)
    return replace(people, said=said)


@dataclass(frozen=True)
class Unit:
    """A reporting unit of a survey, and the planned units that answer together as it."""

    id: str
    parts: tuple[str, ...]


@kept
def units(path: str, wave: str) -> dict[str, Unit]:
    """The reporting unit of each team and of whoever else was planned, by their own scope."""
    found: dict[str, Unit] = {}
    for unit, parts in snapshot_survey.units(path, wave).select("unit_id", "parts").iter_rows():
        for part in parts:
            found.setdefault(part, Unit(unit, tuple(parts)))
    return found


def survey_scope(path: str, scope: str, wave: str) -> str | None:
    """The survey's name of a scope: itself, or the reporting unit in which a team answers."""
    if not scope.startswith("team:"):
        return scope
    unit = units(path, wave).get(scope)
    return unit.id if unit else None


def _together(path: str, wave: Wave, group: str, scope: str, name: str) -> str:
    if not scope.startswith("team:"):
        return ""
    others = [part for part in survey_below.parts_of(path, wave.id, group) if part != scope]
    return survey_words.together(name, [survey_below.part_name(path, part) for part in others])


def sentence(people: People, said: Said) -> str:
    """A score in words, such as `Sustainable pace: 60, last time 70; 28 of 34 answered`."""
    now = said.now
    if now is None or now.value is None:
        return f"{said.name}: {lowered(survey_words.withheld(now.reason if now else None)[1])}"
    last = f"last time {survey_words.value(said.before)}" if said.before else _no_last(said)
    counted = survey_words.answered(now)
    bounds = survey_words.bounds(said) if not people.is_unit else ""
    parts = [f"{survey_words.value(now)}, {last}", f"{counted} answered" if counted else "", bounds]
    return f"{said.name}: {'; '.join(filter(None, parts))}."


def _no_last(said: Said) -> str:
    return lowered(survey_words.gap(said.gap or "first")[0])


def lowered(text: str) -> str:
    """A sentence as it goes on after a colon."""
    return text[:1].lower() + text[1:]
