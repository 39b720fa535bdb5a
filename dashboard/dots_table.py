"""The dots of a number as a table: how many there are in each step of the axis."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

from dashboard import rows_behind, sheet, words
from dashboard.components import Column
from dashboard.markup import text
from dashboard.rows_behind import Behind
from dashboard.sheet import Sheet, Value

HOURS = (1, 4, 12, 24, 48, 96, 168, 336, 720)
DAYS = (1, 3, 7, 14, 30, 60, 90, 180, 365)
Row = tuple[str, list[int]]
"""What a step is called, and its counts."""


def draw(behind: Behind) -> None:
    """The table behind the dots, folded, and as a file."""
    head, rows = rows_of(behind)
    columns = [Column(head), Column(words.sentence(words.things(behind.definition)), is_number=True)]
    if behind.definition.kind == "ratio":
        columns.append(Column(words.sentence(rows_behind.counted(behind.definition)), is_number=True))
    lines = [[text(name), *(f"{count:,}" for count in counts)] for name, counts in rows]
    heads = tuple(column.name.lower() for column in columns)
    data: tuple[tuple[Value, ...], ...] = tuple((name, *counts) for name, counts in rows)
    sheet.below(Sheet(f"{behind.definition.title}, {behind.label}, counted", heads, data), columns, lines)


def rows_of(behind: Behind) -> tuple[str, list[Row]]:
    """What the axis is called, and each of its steps."""
    kind = behind.definition.kind
    if behind.definition.has_ages:
        return "Days since started", steps(rows_behind.ages(behind), DAYS, days_said)
    if kind == "duration":
        bounds, said = (DAYS, days_said) if behind.definition.unit == "days" else (HOURS, words.tick)
        return "Time", steps(behind.used["value"].drop_nulls().to_list(), bounds, said)
    rows = behind.used.select("on_date", "is_event").rows()
    return "Week from", weeks([(day, bool(event)) for day, event in rows], is_ratio=kind == "ratio")


def days_said(days: float) -> str:
    """How a bound of `DAYS` is called."""
    return f"{days:.0f} d"


def steps(values: Sequence[float], bounds: Sequence[float], said: Callable[[float], str]) -> list[Row]:
    """How many values lie up to each bound and above the one before; empty steps at the end are left out."""
    rows: list[Row] = []
    lower = float("-inf")
    for bound in bounds:
        first = not rows
        name = f"up to {said(bound)}" if first else f"{said(lower)} to {said(bound)}"
        rows.append((name, [sum(lower < value <= bound for value in values)]))
        lower = bound
        if all(value <= bound for value in values):
            return rows
    return [*rows, (f"more than {said(lower)}", [sum(value > lower for value in values)])]


def weeks(rows: Sequence[tuple[date, bool]], *, is_ratio: bool) -> list[Row]:
    """How many rows there are in each week that has one, and of a ratio how many it is the share of."""
    counts: dict[date, list[int]] = {}
    for day, event in sorted(rows):
        found = counts.setdefault(day - timedelta(days=day.weekday()), [0, 0])
        found[0] += 1
        found[1] += event
    return [(words.day(week), found if is_ratio else found[:1]) for week, found in counts.items()]
