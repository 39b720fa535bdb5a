"""What `outcomes survey plan`, `announce` and `status` do: between configuration, warehouse and box."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.ballots.box import Box
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.survey.announcement import AnnouncementError, Facts
from pipelines.survey.bank import Bank, asked, shipped
from pipelines.survey.calendar import (
    DAYS_OPEN,
    CalendarError,
    Quarter,
    Wave,
    months_between,
    opening,
    planned_pulses,
    planned_wave,
    quarter_of,
    read_quarter,
    year_from,
)
from pipelines.survey.held import BALLOTS, warehouse_of
from pipelines.survey.modules import due, newcomers_unit
from pipelines.survey.people import Known, known_people
from pipelines.survey.plan_text import Coming, Shown
from pipelines.survey.planning import Draft, Plan, PlanError, make_draft
from pipelines.survey.roster import Roster, RosterError, configured_roster
from pipelines.survey.roster_file import read_roster
from pipelines.survey.wave_roster import wave_roster
from pipelines.survey.waves import (
    earlier_waves,
    first_quarter,
    in_tens,
    load_plan,
    opened_waves,
    refuse_replanning,
    save_plan,
    wave_partition,
)
from pipelines.transaction import transaction

UNPLANNED = "survey: no year is planned. Run `outcomes survey plan`"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of `outcomes survey plan`."""

    first: Quarter | None = None
    """None is the next one that is free."""
    is_new_year: bool = False
    is_frozen: bool = False


def todays_roster(configuration: Configuration, home: Home, day: date, known: Known) -> Roster:
    """Who is there on a day, from the file or the teams' members. Raises `RosterError`."""
    if configuration.survey.roster:
        return read_roster(home.path / Path(configuration.survey.roster), configuration, known)
    return configured_roster(configuration, day, known)


def today_of(configuration: Configuration, now: datetime) -> date:
    """The day by the organisation's calendar."""
    return now.astimezone(ZoneInfo(configuration.organisation.time_zone)).date()


def plan_year(configuration: Configuration, home: Home, wish: Wish, now: datetime) -> Shown:
    """Plan a year from the roster of the day; with `is_frozen` it is kept.

    Raises:
        PlanError: there may or can be no such plan.
        RosterError: the roster has faults.
    """
    today = today_of(configuration, now)
    this_quarter = quarter_of(today, configuration.organisation.quarter_start_month)
    bank = asked(configuration.survey.bank, configuration.survey.modules, home.path)
    with warehouse_of(home, makes_it=wish.is_frozen) as con:
        known = known_people(con, configuration.rules.bots)
        roster = todays_roster(configuration, home, today, known)
        if con is not None:
            refuse_replanning(con, this_quarter, new_year=wish.is_new_year)
        first = first_quarter(con, this_quarter, wish.first)
        draft = make_draft(configuration, roster, first)
        earlier = earlier_waves(con, configuration.organisation.time_zone) if con is not None else []
        if con is not None and wish.is_frozen:
            with transaction(con):
                save_plan(con, draft.plan, bank.id, now)
    shown = _shown(configuration, draft, bank, known, today, is_frozen=wish.is_frozen)
    return replace(shown, coming=_with_modules(shown.coming, bank, earlier))


def _with_modules(coming: Sequence[Coming], whole: Bank, earlier: Sequence[Wave]) -> list[Coming]:
    """The surveys of the year, each with the modules that it asks: yearly ones in the first that may."""
    held, found = list(earlier), []
    for one in coming:
        asks = due(whole, read_quarter(one.wave.id), held).bank
        held.append(replace(one.wave, items=frozenset(item.id for item in asks.items)))
        found.append(replace(one, modules=tuple(part.id for part in asks.parts[1:])))
    return found


def _shown(
    configuration: Configuration, draft: Draft, bank: Bank, known: Known, today: date, *, is_frozen: bool
) -> Shown:
    start_month = configuration.organisation.quarter_start_month
    items = [item.id for item in bank.items]
    pulse = [item.id for item in shipped("pulse").items]
    pulses = planned_pulses(draft.plan.first, start_month, items, pulse)
    coming = [
        _coming(configuration, draft, _proposed(quarter, start_month, today), known)
        for quarter in year_from(draft.plan.first)
    ]
    return Shown(
        draft,
        configuration.privacy.k,
        coming,
        [one for one in pulses if one.wave.opens_on >= today],
        [month for month in months_between(draft.plan.first, start_month) if month >= today.replace(day=1)],
        is_frozen,
    )


def _proposed(quarter: Quarter, start_month: int, today: date) -> Wave:
    """The days that are proposed for a quarter's survey; from today on, where those are past."""
    wave = planned_wave(quarter, start_month)
    late = max(wave.opens_on, today) - wave.opens_on
    return replace(wave, opens_on=wave.opens_on + late, closes_on=wave.closes_on + late)


def _coming(configuration: Configuration, draft: Draft, wave: Wave, known: Known) -> Coming:
    """The newcomers whom the members' dates promise for a survey."""
    if draft.roster.is_from_file:
        return Coming(wave)
    try:
        people = configured_roster(configuration, wave.opens_on, known).people
    except RosterError:  # everybody's membership has ended by then
        people = ()
    roster = wave_roster(configuration, draft.plan, people, known)
    pools = {unit.id: unit.name for unit in roster.partition.units if unit.is_newcomers}
    joined = Counter(pools[unit] for unit in roster.members.values() if unit in pools)
    return Coming(wave, dict(joined), len(roster.not_asked))


# ---- the announcement --------------------------------------------------------------------------


def announced(
    configuration: Configuration, home: Home, opens_on: date | None, days: int, asker: str | None
) -> Facts:
    """What is to be said of the open survey, or else of the next one.

    Raises:
        PlanError: no year is planned, or all of its surveys were asked.
        CalendarError: it may not be open then.
        AnnouncementError: it is not configured where people answer.
    """
    if configuration.survey.address is None:
        fix = "Write there where people answer"
        raise AnnouncementError(f"survey announce: [survey] address is missing. {fix}")
    bank = asked(configuration.survey.bank, configuration.survey.modules, home.path)
    with warehouse_of(home) as con:
        plan = load_plan(con) if con is not None else None
        if con is None or plan is None:
            raise PlanError(UNPLANNED)
        earlier = earlier_waves(con, configuration.organisation.time_zone)
        opened = opened_waves(con, plan) | {wave.id for wave in earlier}
        wave = next((wave for wave in earlier if wave.is_open), None)
        partition = wave_partition(con, wave.id)[0] if wave is not None else plan.partition
    if wave is None:
        wave = _next_wave(configuration, plan, bank, earlier, opened, opens_on, days)
    name = configuration.organisation.name
    return Facts(
        organisation=name,
        asker=asker or name,
        wave=wave.id,
        opens_on=wave.opens_on,
        closes_on=wave.closes_on,
        address=configuration.survey.address,
        partition=partition,
        is_of_newcomers=partition.units == (newcomers_unit(partition),),
        least_members=plan.least_members,
        k=configuration.privacy.k,
    )


def _next_wave(
    configuration: Configuration,
    plan: Plan,
    bank: Bank,
    earlier: list[Wave],
    opened: set[str],
    opens_on: date | None,
    days: int = DAYS_OPEN,
) -> Wave:
    start_month = configuration.organisation.quarter_start_month
    today = today_of(configuration, datetime.now(UTC))
    this_quarter = quarter_of(today, start_month)
    left = [one for one in year_from(plan.first) if one >= this_quarter and one.label not in opened]
    if not left:
        raise PlanError(f"survey: the year {plan.year} is over. Run `outcomes survey plan` for the next")
    day = opens_on or _proposed(left[0], start_month, today).opens_on
    if quarter_of(day, start_month) not in left:
        raise CalendarError(f"{day}: in no quarter of {plan.year} that is still to be asked. Choose another")
    items = [item.id for item in bank.items]
    return opening("quarterly", day, items, earlier, start_month, days=days).wave


# ---- how it stands -----------------------------------------------------------------------------


def told_status(home: Home, now: datetime) -> str:
    """The latest survey's state, and of an open one the turnout of all together, in tens."""
    with warehouse_of(home) as con:
        plan = load_plan(con) if con is not None else None
        if con is None or plan is None:
            raise PlanError(UNPLANNED)
        waves = con.execute(
            "SELECT wave_id, state, closes_at FROM survey.wave WHERE origin = 'here' ORDER BY opens_at DESC"
        ).fetchall()
    if not waves:
        return f"Planned for {plan.year}. No survey was opened yet."
    wave, state, closes_at = waves[0]
    if state == "open" and now >= closes_at:
        over = f"its time was over on {closes_at:%Y-%m-%d %H:%M} UTC. Run `outcomes survey close`"
        return f"{wave}: {over}. {_turnout(home, wave)}"
    if state == "open":
        return f"{wave}: open until {closes_at:%Y-%m-%d %H:%M} UTC. {_turnout(home, wave)}"
    if state == "closed":
        return f"{wave}: closed, not published yet. {_turnout(home, wave)}"
    return f"{wave}: {state}."


def _turnout(home: Home, wave: str) -> str:
    codes, cast = Box(home.path / BALLOTS).turnout(wave)
    if codes == 0:
        return "No codes were made yet."
    return f"Answers: {in_tens(cast)} of {in_tens(codes).removeprefix('about ')}, in the whole organisation."
