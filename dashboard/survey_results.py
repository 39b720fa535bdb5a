"""What a scope said in a survey: each score beside the one before, where the two may be compared."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import polars as pl

from dashboard import snapshot_survey
from dashboard.kept import kept

SHOWN_AT_ONCE = 8
"""Surveys in a small picture."""
LEAST_RESPONSE = 0.6
"""Below this share of answers a score is greyed: it says too little of those who did not answer."""
_WAVE_FACTS = ("kind", "title", "opens_on", "closes_on", "origin")
Direction = Literal["higher", "lower", "same", "about the same"]


@dataclass(frozen=True)
class Wave:
    """A published survey."""

    id: str
    kind: str
    title: str
    opens_on: date
    closes_on: date
    origin: str


@dataclass(frozen=True)
class Score:
    """A dimension's published score, 0 to 100, or why there is none.

    A score in a band has a `label`, and `low` and `high` where it ends; of an exact one both are the value.
    """

    value: float | None
    low: float | None
    high: float | None
    label: str | None
    n: int | None
    of: int | None
    reason: str | None
    is_series_broken: bool

    @property
    def is_of_few(self) -> bool:
        """Whether fewer answered than it takes to speak for all."""
        return bool(self.of and self.n is not None and self.n / self.of < LEAST_RESPONSE)

    @property
    def if_all_had_answered(self) -> tuple[float, float] | None:
        """Between which scores an exact one would lie (C. F. Manski's bounds); None of bands."""
        if self.value is None or self.label is not None or not self.of or self.n is None:
            return None
        told = self.value * self.n
        return told / self.of, (told + 100 * (self.of - self.n)) / self.of


@dataclass(frozen=True)
class Said:
    """One dimension of a scope: now, and last time where that may be compared; else why not."""

    dimension: str
    name: str
    now: Score | None
    before: Score | None
    gap: str | None
    """first, baseline, not_asked_before, gone_before, withheld_before, elsewhere, changed or broken."""
    history: tuple[Score | None, ...] = ()
    """Survey by survey up to this one."""
    gaps: tuple[bool, ...] = ()
    """Whether the line is broken before each."""

    @property
    def direction(self) -> Direction | None:
        """Where the score went; bands that overlap in part cannot tell."""
        now, before = self.now, self.before
        if now is None or before is None or now.low is None or now.high is None:
            return None
        if before.low is None or before.high is None:
            return None
        if (now.low, now.high) == (before.low, before.high):
            return "same"
        if now.low >= before.high:
            return "higher"
        return "lower" if now.high <= before.low else "about the same"


def waves(path: str, kind: str) -> list[Wave]:
    """The published surveys of a kind, oldest first."""
    rows = snapshot_survey.waves(path).filter(pl.col("kind") == kind).iter_rows(named=True)
    return [Wave(row["wave_id"], *(row[name] for name in _WAVE_FACTS)) for row in rows]


def apart(path: str) -> dict[str, list[Wave]]:
    """The published surveys that asked one module by itself, oldest first, by the module's id."""
    found: dict[str, list[Wave]] = {}
    for wave in waves(path, "module"):
        module = re.fullmatch(r"\d{4}-Q\d-(.+)-\d{2}", wave.id)
        found.setdefault(module[1] if module else wave.id, []).append(wave)
    return found


def load(path: str, shown: Sequence[Wave], scope: str) -> list[Said]:
    """What a scope said in the last of these surveys, in the form's order, beside those before it."""
    shown = shown[-SHOWN_AT_ONCE:]
    rows = snapshot_survey.scores(path, scope)
    return [_said(path, shown, dimension, name, rows) for dimension, name in dimensions(path, shown[-1].id)]


@kept
def of_units(path: str, shown: tuple[Wave, ...], dimension: str) -> dict[str, Said]:
    """What each reporting unit said of one dimension in the last of these surveys, beside the one before."""
    name = dict(dimensions(path, shown[-1].id)).get(dimension)
    if name is None:
        return {}
    by_unit: dict[str, dict[str, Score]] = {}
    before = shown[-2].id if len(shown) > 1 else None
    for row in snapshot_survey.scores_of_units(path, shown[-1].id, before, dimension).iter_rows(named=True):
        by_unit.setdefault(row["scope"], {})[row["wave_id"]] = _score(row)
    return {unit: _compared(path, shown, dimension, name, scores) for unit, scores in by_unit.items()}


def load_below(path: str, shown: Sequence[Wave], parent: str) -> dict[str, tuple[str, str, list[Said]]]:
    """The same of everything directly below a group: scope → kind, name and what was said; by name."""
    shown = shown[-2:]
    before = shown[-2].id if len(shown) > 1 else None
    rows = snapshot_survey.scores_below(path, shown[-1].id, before, parent)
    names = dimensions(path, shown[-1].id)
    found = {}
    for (scope,), group in rows.group_by("scope", maintain_order=True):
        here = group.filter(pl.col("wave_id") == shown[-1].id)
        kind, name = here.select("scope_kind", "scope_name").row(0)
        found[str(scope)] = kind, name, [_said(path, shown, *one, group) for one in names]
    return found


def dimensions(path: str, wave: str) -> list[tuple[str, str]]:
    """A survey's dimensions with their names, in the form's order."""
    asked = snapshot_survey.items(path, wave).select("dimension", "dimension_name")
    return asked.unique(maintain_order=True).rows()


def _said(path: str, shown: Sequence[Wave], dimension: str, name: str, rows: pl.DataFrame) -> Said:
    of_dimension = rows.filter(pl.col("dimension") == dimension).iter_rows(named=True)
    return _compared(path, shown, dimension, name, {row["wave_id"]: _score(row) for row in of_dimension})


def _compared(
    path: str, shown: Sequence[Wave], dimension: str, name: str, by_wave: Mapping[str, Score]
) -> Said:
    """The scores survey by survey, and where one may be held against the one before."""
    history = tuple(by_wave.get(wave.id) for wave in shown)
    reasons = [_gap(path, dimension, shown, at, history) for at in range(len(shown))]
    before = history[-2] if len(history) > 1 and reasons[-1] is None else None
    gaps = tuple(reason in {"elsewhere", "changed", "broken"} for reason in reasons)
    return Said(dimension, name, history[-1], before, reasons[-1], history, gaps)


def _score(row: Mapping[str, Any]) -> Score:
    is_exact = row["value"] is not None and row["label"] is None
    low, high = (row["value"], row["value"]) if is_exact else (row["low"], row["high"])
    return Score(
        row["value"],
        low,
        high,
        row["label"],
        row["n"],
        row["of"],
        row["withheld_reason"],
        bool(row["is_series_broken"]),
    )


def _gap(
    path: str, dimension: str, shown: Sequence[Wave], at: int, history: Sequence[Score | None]
) -> str | None:
    """Why a survey's score is not compared with the one before; None where it is."""
    if at == 0:
        return "first"
    now, before = history[at], history[at - 1]
    forms = snapshot_survey.forms(path)
    if shown[at].origin != shown[at - 1].origin:
        return "elsewhere"
    asked_before = forms.get((shown[at - 1].id, dimension))
    if asked_before != forms.get((shown[at].id, dimension)):
        return "changed" if asked_before is not None else "not_asked_before"
    if now is not None and now.is_series_broken:
        return "broken"
    if before is None:
        return "gone_before"
    return "withheld_before" if before.value is None else None
