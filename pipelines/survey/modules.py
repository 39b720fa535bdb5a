"""Modules: what is asked beside the quarterly survey once a year, and what is asked apart, by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from pipelines.privacy.cells import LEAST_ANSWERS_EXACT
from pipelines.privacy.units import Partition, Unit
from pipelines.survey.bank import Bank, BankError, combined, named
from pipelines.survey.calendar import PULSE_LEAST_ANSWERS, SURVEYS_A_YEAR, Quarter, Wave, read_quarter
from pipelines.survey.planning import SPARE, Plan, PlanError
from pipelines.survey.roster import ORGANISATION, Person
from pipelines.survey.wave_roster import WaveRoster

DAYS_THERE = 45
"""How long somebody has been there when they are asked about their first weeks."""
MOST_DAYS_THERE = 180
"""Later the first weeks are too long ago to be asked about."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a quarterly survey asks, and which modules it does not, having been asked within the year."""

    bank: Bank
    asked_by: Mapping[str, str] = field(default_factory=dict)
    """Id of a module that is left out → the survey that asked it."""


def due(whole: Bank, quarter: Quarter, earlier: Sequence[Wave]) -> Due:
    """What is asked in a quarter: a yearly module only where none of the three surveys before asked it.

    Args:
        whole: what is configured, with every module.
        quarter: of the survey.
        earlier: every survey that was opened, or is planned before this one.
    """
    within = [
        wave
        for wave in earlier
        if wave.kind == "quarterly" and quarter.later(1 - SURVEYS_A_YEAR) <= read_quarter(wave.id) < quarter
    ]
    asked_by = {
        part.id: wave.id
        for part in whole.parts
        if part.is_yearly
        for wave in within
        if wave.items & {item.id for item in part.items}
    }
    if not asked_by:
        return Due(whole)
    return Due(combined([part for part in whole.parts if part.id not in asked_by]), asked_by)


def apart(name: str, folder: Path) -> Bank:
    """A module that is asked by itself: a shipped one or a file. Raises `BankError` where it is not."""
    bank = named(name, folder)
    if bank.kind == "module" and bank.is_apart:
        return bank
    what = "is no module that is asked apart"
    fix = "List a module that stands beside the quarterly survey under [survey] modules"
    raise BankError([f"{name}: {what}. {fix}; for the pulse there is --pulse"])


def cohort(
    bank: Bank, plan: Plan, people: Sequence[Person], today: date, earlier: Sequence[Wave], k: int
) -> WaveRoster:
    """Those who joined since the people whom the last such survey asked, as one unit of the organisation.

    That unit is told of in a band, as every one, for the organisation as a whole. Nobody is asked twice, and
    no two of these surveys have people in common whose answers could be told from the difference.

    Raises:
        PlanError: there are too few for anything to be shown, or nobody's first day is known.
    """
    joined = {one.account: one.joined for one in people if one.joined is not None}
    if not joined:
        raise PlanError(
            f"survey open: {bank.id} is asked of newcomers, and nobody's first day is known. Write "
            "`from` beside members of teams, or the column `joined` in the roster"
        )
    until = today - timedelta(days=DAYS_THERE)
    before = [one.opens_on for one in earlier if one.items & {item.id for item in bank.items}]
    asked_until = max(before, default=date.min + timedelta(days=DAYS_THERE)) - timedelta(days=DAYS_THERE)
    since = max(asked_until, today - timedelta(days=MOST_DAYS_THERE))
    members = sorted(account for account, day in joined.items() if since < day <= until)
    least = max(k, PULSE_LEAST_ANSWERS) + SPARE
    if len(members) < least:
        raise PlanError(
            f"survey open: {bank.id} is asked of whoever joined after {since} and until {until}, and these "
            f"are fewer than the {least} it takes for anything to be shown. Ask when there are more"
        )
    unit = newcomers_unit(plan.partition)
    organisation = next(group for group in plan.partition.groups if group.parent is None)
    return WaveRoster(Partition((organisation,), (unit,)), dict.fromkeys(members, unit.id), (), 0, 0)


def newcomers_unit(partition: Partition) -> Unit:
    """The one unit of a survey that newcomers alone answer: no pool beside teams, but all there is."""
    organisation = next(group for group in partition.groups if group.parent is None)
    identity = f"newcomers:{ORGANISATION}"
    return Unit(identity, f"{organisation.name}, joined lately", organisation.id, (identity,))


def told_of(bank: Bank) -> str:
    """What the one who opens a module is told: at which level it is shown, and what it cannot be asked of."""
    levels = {bank.least_level_of(dimension.id) for dimension in bank.dimensions}
    if bank.is_of_newcomers:
        return (
            f"It is asked of whoever joined {DAYS_THERE} days ago or more and was not asked before, once. "
            f"Their answers are shown together, in a band, from {PULSE_LEAST_ANSWERS} on."
        )
    if "unit" in levels:
        return (
            f"A unit is told of by itself from {PULSE_LEAST_ANSWERS} answers on; of fewer, units are merged. "
            "It cannot be asked of one team or one meeting alone: there, show hands and note no names."
        )
    above = "a department" if "department" in levels else "the whole organisation"
    return f"Nothing of it is shown below {above}, and there from {LEAST_ANSWERS_EXACT} answers on."
