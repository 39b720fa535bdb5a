"""Planted answers about what is measured and written down, worked from the rows of the inbox's files."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from connectors.sandbox import analyses, guides, measured, written
from connectors.sandbox.planted_calendar import DAY, GRAINS, Calendar, Span, scopes
from connectors.sandbox.world import World

LEAST = 5
"""Of fewer actions the product tells no share."""
LEAST_ANSWERS = 6
"""Days or weeks with fewer answers are left out."""

Row = dict[str, Any]
Told = list[tuple[date, Fraction, Fraction]]
"""What was told on which day, in order: part and whole."""


@dataclass(frozen=True, slots=True)
class Action:
    """One row per agreed action whose day is over."""

    team: str
    due_on: date
    is_done: bool


def record_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """The answers about what is measured and written down, and about people counted by the organisation."""
    yield from _level_rows(world, calendar, "coverage", GRAINS, _coverage(world))
    sonar = {service: analyses.of(world, service) for service in analyses.ANALYSED}
    every = {service: [_told(one.at, one.covered()) for one in found] for service, found in sonar.items()}
    yield from _level_rows(world, calendar, "sonar_coverage", GRAINS, every)
    latest = {service: [_told(found[-1].at, found[-1].new_covered())] for service, found in sonar.items()}
    yield from _level_rows(world, calendar, "sonar_new_code_coverage", GRAINS, latest)
    yield from _runbook_rows(world, calendar)
    yield from _level_rows(world, calendar, "error_budget_left", ("day", *GRAINS), _budgets(world))
    yield from _satisfaction_rows(world, calendar)
    yield from _overdue_rows(world, calendar)
    yield from _action_rows(world, calendar)
    yield from _offer_rows(world, calendar)
    yield from _checklist_rows(world, calendar)


def _coverage(world: World) -> dict[str, Told]:
    """Service → its reports."""
    found: dict[str, Told] = defaultdict(list)
    for row in measured.coverage(world):
        day = date.fromisoformat(str(row["measured_at"])[:10])
        counts = Fraction(row["covered_lines"]), Fraction(row["coverable_lines"])
        found[str(row["component"])].append((day, *counts))
    return found


def _told(at: datetime, counts: tuple[int, int]) -> tuple[date, Fraction, Fraction]:
    return at.date(), Fraction(counts[0]), Fraction(counts[1])


def _budgets(world: World) -> dict[str, Told]:
    """Service → for each day what may still go wrong of its window, and what might in all."""
    readings: dict[str, dict[date, tuple[int, int]]] = defaultdict(dict)
    for row in measured.service_levels(world):
        day = date.fromisoformat(str(row["period_start"])[:10])
        readings[str(row["objective_id"])][day] = int(row["good"]), int(row["total"])
    return {
        one.service: [(day, *_budget(one, readings[one.id], day)) for day in sorted(readings[one.id])]
        for one in measured.OBJECTIVES
    }


def _budget(
    objective: measured.Objective, readings: dict[date, tuple[int, int]], day: date
) -> tuple[Fraction, Fraction]:
    window = [readings.get(day - timedelta(days=number), (0, 0)) for number in range(objective.window_days)]
    good, total = (sum(counts) for counts in zip(*window, strict=True))
    allowed = (1 - Fraction(str(objective.target))) * total
    return allowed - (total - good), allowed


def _level_rows(
    world: World, calendar: Calendar, metric: str, grains: Sequence[str], told: dict[str, Told]
) -> Iterator[Row]:
    """The latest of each service at the end of each period, summed over the services of the scope then."""
    for grain in grains:
        for span in calendar.spans(grain, min(days[0][0] for days in told.values())):
            last = min(span.end - DAY, calendar.today)
            sums: dict[str, list[tuple[Fraction, Fraction]]] = defaultdict(list)
            for service, days in told.items():
                place = bisect_right(days, last, key=lambda one: one[0])
                for scope in scopes(world, service, last) if place else ():
                    sums[scope].append(days[place - 1][1:])
            for scope, parts in sorted(sums.items()):
                share = sum(part for part, _ in parts) / sum(whole for _, whole in parts)
                yield _row(metric, scope, span, float(share), len(parts))


def _satisfaction_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Satisfied customers of all who answered, in the periods in which Thursdays of their weeks lie."""
    groups: dict[tuple[str, Span], list[tuple[int, int]]] = defaultdict(list)
    for row in measured.satisfaction(world):
        counts = int(row["satisfied"]), int(row["answers"])
        thursday = date.fromisoformat(str(row["from"])) + timedelta(days=3)
        for scope in scopes(world, str(row["service"]), thursday) if counts[1] >= LEAST_ANSWERS else ():
            for grain in GRAINS:
                groups[scope, calendar.span(grain, thursday)].append(counts)
    for (scope, span), told in sorted(groups.items()):
        satisfied, answers = (sum(counts) for counts in zip(*told, strict=True))
        yield _row("customer_satisfaction", scope, span, satisfied / answers, answers)


def _overdue_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Entries whose day is past, of all; of the last day alone, on which the registers were read."""
    overdue: dict[str, list[bool]] = defaultdict(list)
    for row in written.registers(world):
        is_past = date.fromisoformat(str(row["due_on"])) < calendar.today
        service, team = row.get("service"), row.get("team")
        for scope in scopes(world, str(service), calendar.today) if service else _above(world, str(team)):
            overdue[scope].append(is_past)
    for scope, entries in sorted(overdue.items()):
        for grain in GRAINS:
            share = sum(entries) / len(entries)
            yield _row("overdue_reviews", scope, calendar.span(grain, calendar.today), share, len(entries))


def _runbook_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Services with a whole, young runbook without a broken link; of the last day alone, when it is read."""
    living: dict[str, list[bool]] = defaultdict(list)
    for service in world.services:
        guide = guides.GUIDES.get(service.id)
        is_living = (
            guide is not None
            and len(guide.sections) == 3
            and (calendar.today - guide.reviewed).days <= 180
            and guide.link.startswith("#")
        )
        for scope in scopes(world, service.id, calendar.today):
            living[scope].append(is_living)
    for scope, services in sorted(living.items()):
        for grain in GRAINS:
            share = sum(services) / len(services)
            yield _row(
                "living_runbook_share", scope, calendar.span(grain, calendar.today), share, len(services)
            )


def _action_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Actions that are done, of those whose day is over, in the month and quarter of that day."""
    groups: dict[tuple[str, Span], list[bool]] = defaultdict(list)
    for one in _actions(world, calendar.today):
        for scope in _above(world, one.team):
            for grain in ("month", "quarter"):
                groups[scope, calendar.span(grain, one.due_on)].append(one.is_done)
    for (scope, span), done in sorted(groups.items()):
        row = _row("action_follow_through", scope, span, sum(done) / len(done), len(done))
        yield {**row, "is_too_few": len(done) < LEAST}


def _offer_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Of quarters that are over, where neither one or two were offered a place nor one or two were not."""
    for row in written.mentorship_offers(world):
        span = calendar.span("quarter", _first_day(str(row["quarter"])))
        eligible, offered = int(row["eligible"]), int(row["offered"])
        if span.end <= calendar.today and not {offered, eligible - offered} & {1, 2} and eligible >= LEAST:
            yield _row("mentorship_offered_share", "organisation", span, offered / eligible, eligible)


def _checklist_rows(world: World, calendar: Calendar) -> Iterator[Row]:
    """Of quarters that are over in which five joined; here they are many or none."""
    sums: dict[Span, list[tuple[int, int, int]]] = defaultdict(list)
    for row in written.onboarding_checklists(world):
        counts = int(row["joiners"]), int(row["steps"]), int(row["done"])
        sums[calendar.span("quarter", _first_day(str(row["quarter"])))].append(counts)
    for span, parts in sorted(sums.items()):
        joined, steps, done = (sum(counts) for counts in zip(*parts, strict=True))
        if span.end <= calendar.today and joined >= LEAST:
            yield _row("onboarding_checklist_done_share", "organisation", span, done / steps, joined)


def _first_day(quarter: str) -> date:
    return date(int(quarter[:4]), 3 * int(quarter[-1]) - 2, 1)


def _actions(world: World, today: date) -> Iterable[Action]:
    for row in written.actions(world):
        due_on = date.fromisoformat(str(row["due_on"]))
        if due_on < today:
            yield Action(str(row["team"]), due_on, row["state"] == "done")


def _above(world: World, team: str) -> list[str]:
    """What a team's own records count in."""
    department = next(one.department for one in world.teams if one.id == team)
    return ["organisation", f"team:{team}", f"department:{department}"]


def _row(metric: str, scope: str, span: Span, value: float, n: int) -> Row:
    where = {"metric": metric, "scope": scope, "grain": span.grain, "period": span.name}
    return {**where, "statistic": "ratio", "value": value, "n": n, "open_count": 0, "is_too_few": False}
