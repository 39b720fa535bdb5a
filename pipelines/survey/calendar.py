"""When a survey may be open, and which of its questions may be asked then.

Quarterly surveys belong to fiscal quarters, a year has four of them. A pulse is asked in the months between,
and so is a module that is asked apart: what holds of the one holds of the other.
Two surveys are never open at once, and no question is asked twice within 60 days: people tire of it, and
whose answer changed between two surveys that lie close together could be guessed.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Kind = Literal["quarterly", "pulse", "module"]

DAYS_OPEN = 10
MOST_DAYS_OPEN = 28
REST_DAYS = 60
"""From the day on which a survey closes to the first on which one of its questions may be asked again."""
PULSE_LEAST_ANSWERS = 8
"""Of a unit in a pulse or a module asked apart; with fewer it is merged further."""
SURVEYS_A_YEAR = 4
PULSE = "pulse"


class CalendarError(Exception):
    """The survey may not be open then. `str()` is one line: what, and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A fiscal quarter. `year` is the calendar year in which its fiscal year starts."""

    year: int
    number: int

    @property
    def label(self) -> str:
        """`2026-Q3`."""
        return f"{self.year}-Q{self.number}"

    def later(self, quarters: int) -> "Quarter":
        """The quarter so many after this one."""
        year, number = divmod(self.year * 4 + self.number - 1 + quarters, 4)
        return Quarter(year, number + 1)

    def month(self, position: int, start_month: int) -> date:
        """The first day of its first (0), second (1) or third (2) month."""
        months = start_month - 1 + 3 * (self.number - 1) + position
        return date(self.year + months // 12, months % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Wave:
    """A survey that is, was or will be open. People can answer from `opens_on` until into `closes_on`."""

    id: str
    kind: Kind
    opens_on: date
    closes_on: date
    items: frozenset[str]
    """The ids of what it asks."""
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """A survey that may be opened: when, and what it asks."""

    wave: Wave
    left_out: Mapping[str, str] = field(default_factory=dict)
    """What a pulse does not ask this time: item → the survey that asks it within 60 days."""


def quarter_of(day: date, start_month: int) -> Quarter:
    """The fiscal quarter of a day, where the fiscal year starts in `start_month`."""
    return Quarter(day.year - (day.month < start_month), (day.month - start_month) % 12 // 3 + 1)


def read_quarter(text: str) -> Quarter:
    """The quarter of a label such as `2026-Q3`. Raises `CalendarError` where it is none."""
    found = re.fullmatch(r"(\d{4})-Q([1-4])", text.strip().upper())
    if not found:
        raise CalendarError(f"{text[:20]}: no quarter. Write it as 2026-Q3")
    return Quarter(int(found[1]), int(found[2]))


def year_from(first: Quarter) -> tuple[Quarter, ...]:
    """The four quarters that are planned together."""
    return tuple(first.later(number) for number in range(SURVEYS_A_YEAR))


def year_label(first: Quarter) -> str:
    """`2026-Q3 to 2027-Q2`."""
    return f"{first.label} to {year_from(first)[-1].label}"


def proposed_opening(quarter: Quarter, start_month: int) -> date:
    """The second Monday of a quarter's last month: published before the quarter is talked about."""
    return _second_monday(quarter.month(2, start_month))


def _second_monday(month: date) -> date:
    eighth = month.replace(day=8)
    return eighth + timedelta(days=-eighth.weekday() % 7)


def planned_wave(quarter: Quarter, start_month: int, items: Collection[str] = ()) -> Wave:
    """The quarterly survey of a quarter on the days that are proposed for it."""
    opens_on = proposed_opening(quarter, start_month)
    closes_on = opens_on + timedelta(days=DAYS_OPEN)
    return Wave(quarter.label, "quarterly", opens_on, closes_on, frozenset(items))


def opening(
    kind: Kind,
    opens_on: date,
    items: Collection[str],
    earlier: Sequence[Wave],
    start_month: int,
    planned: Sequence[Wave] = (),
    days: int = DAYS_OPEN,
    name: str = PULSE,
) -> Opening:
    """The survey that may be opened on a day.

    Args:
        kind: quarterly surveys ask everything or are refused; others leave out what is not due.
        opens_on: the first day.
        items: the ids of the bank's questions.
        earlier: every survey that was opened.
        start_month: in which the fiscal year starts.
        planned: quarterly surveys to come, as planned.
        days: for how long it is open.
        name: of what is asked between the quarterly surveys: the pulse's, or a module's id.

    Raises:
        CalendarError: it may not be open then.
    """
    if not 1 <= days <= MOST_DAYS_OPEN:
        raise CalendarError(f"a survey is open for 1 to {MOST_DAYS_OPEN} days. Choose another number of days")
    for wave in earlier:
        if wave.is_open:
            raise CalendarError(f"{wave.id} is open, and one survey is open at a time. Close it first")
    quarter, closes_on = quarter_of(opens_on, start_month), opens_on + timedelta(days=days)
    identity = quarter.label + ("" if kind == "quarterly" else f"-{name}-{opens_on.month:02}")
    if any(wave.id == identity for wave in earlier):
        often = "quarter" if kind == "quarterly" else "month"
        raise CalendarError(f"{identity} was asked already: one a {often}. Wait for the next {often}")
    wave = Wave(identity, kind, opens_on, closes_on, frozenset(items))
    return _quarterly(wave, earlier) if kind == "quarterly" else _between(wave, earlier, planned)


def _quarterly(wave: Wave, earlier: Sequence[Wave]) -> Opening:
    near = [other for other in earlier if other.items & wave.items and _are_near(other, wave)]
    if near:
        last = max(near, key=lambda other: other.closes_on)
        item = min(last.items & wave.items)
        free = max(other.closes_on for other in near) + timedelta(days=REST_DAYS)
        raise CalendarError(
            f"{wave.id}: {item} was asked in {last.id}, less than {REST_DAYS} days before. "
            f"Open it on {free} or later"
        )
    _refuse_in_one_month(wave, [other for other in earlier if other.kind != "quarterly"])
    return Opening(wave)


def _between(wave: Wave, earlier: Sequence[Wave], planned: Sequence[Wave]) -> Opening:
    opened = {other.id for other in earlier}
    coming = [other for other in planned if other.id not in opened and other.closes_on >= wave.opens_on]
    others = [*earlier, *coming]
    _refuse_in_one_month(wave, [other for other in others if other.kind == "quarterly"])
    left_out = {
        item: other.id
        for other in others
        if _are_near(other, wave)
        for item in sorted(other.items & wave.items)
    }
    asked = frozenset(wave.items - left_out.keys())
    if not asked:
        raise CalendarError(
            f"{wave.id}: each of its questions is asked in another survey within {REST_DAYS} days. "
            "Choose a later month"
        )
    return Opening(Wave(wave.id, wave.kind, wave.opens_on, wave.closes_on, asked), left_out)


def _refuse_in_one_month(wave: Wave, others: Sequence[Wave], fix: str = "Choose another month") -> None:
    months = _months(wave)
    for other in others:
        if months & _months(other):
            raise CalendarError(
                f"{wave.id}: {other.id} is asked in the same month, and nothing else is asked in a quarterly "
                f"month. {fix}"
            )


# ---- surveys that were held elsewhere ----------------------------------------------------------


def held_elsewhere(wave_id: str, kind: Kind, begins: date, ends: date, items: frozenset[str]) -> Wave:
    """A survey that was held elsewhere on days that nobody told, as the calendar looks at it.

    A quarterly one counts as asked when it would have been proposed; another one in all of its month.

    Args:
        wave_id: its name.
        kind: what was asked.
        begins: the first day of its quarter or month.
        ends: the last one.
        items: the ids of what it asked.
    """
    if kind == "quarterly":
        opens_on = _second_monday(ends.replace(day=1))
        return Wave(wave_id, kind, opens_on, opens_on + timedelta(days=DAYS_OPEN), items)
    return Wave(wave_id, kind, begins, ends, items)


def refuse_import(wave: Wave, others: Sequence[Wave]) -> None:
    """Raise `CalendarError` where a survey that was held elsewhere is nearer to another than it may be.

    Nobody can be asked anew: what is left out of a survey that is asked here is refused of one that was
    held elsewhere, whichever of the two was first.

    Args:
        wave: what would be imported.
        others: every survey that was opened or imported, and the quarterly ones to come.
    """
    is_between = wave.kind != "quarterly"
    unlike = [other for other in others if (other.kind == "quarterly") is is_between]
    _refuse_in_one_month(wave, unlike, "It cannot be imported")
    for other in others:
        both = other.items & wave.items
        if both and _are_near(other, wave):
            raise CalendarError(
                f"{wave.id}: {min(both)} is asked in {other.id} too, and nothing is asked twice within "
                f"{REST_DAYS} days. Import it without what both ask, or not at all"
            )


def _are_near(one: Wave, other: Wave) -> bool:
    """Whether somebody could be asked in both within 60 days: from one's end to the other's start."""
    rest = timedelta(days=REST_DAYS)
    return one.closes_on + rest > other.opens_on and other.closes_on + rest > one.opens_on


def _months(wave: Wave) -> set[tuple[int, int]]:
    """The calendar months in which it is open."""
    span = range((wave.closes_on - wave.opens_on).days + 1)
    days = (wave.opens_on + timedelta(days=number) for number in span)
    return {(day.year, day.month) for day in days}


def months_between(first: Quarter, start_month: int) -> list[date]:
    """The first days of a planned year's months in which no quarterly survey is proposed."""
    quarters = year_from(first)
    taken = {month for quarter in quarters for month in _months(planned_wave(quarter, start_month))}
    months = [quarter.month(position, start_month) for quarter in quarters for position in range(3)]
    return [month for month in months if (month.year, month.month) not in taken]


def planned_pulses(
    first: Quarter, start_month: int, quarterly: Collection[str], pulse: Collection[str]
) -> list[Opening]:
    """The pulses that a planned year has room for: in each month's first week, with what is due then."""
    planned = [planned_wave(quarter, start_month, quarterly) for quarter in year_from(first)]
    found: list[Opening] = []
    for quarter in year_from(first):
        for position in range(3):
            month = quarter.month(position, start_month)
            opens_on = month + timedelta(days=-month.weekday() % 7)
            try:
                held = [wave for wave in planned if wave.closes_on < opens_on]
                asked = [*held, *(one.wave for one in found)]
                found.append(opening("pulse", opens_on, pulse, asked, start_month, planned))
            except CalendarError:
                continue
    return found
