"""A wave's opening and its closing: what `outcomes survey open`, `close` and `discard` do."""

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from connectors import comments
from connectors.ballots import form as ballot_form
from connectors.ballots.box import Box
from connectors.ballots.box import Wave as LaidWave
from connectors.ballots.seal import new_keys
from connectors.journal import open_survey
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.survey.bank import Bank, asked, shipped
from pipelines.survey.calendar import (
    DAYS_OPEN,
    PULSE,
    Kind,
    Opening,
    Wave,
    opening,
    planned_wave,
    quarter_of,
    year_from,
)
from pipelines.survey.held import BALLOTS, WaveError, WaveInputError, warehouse_of
from pipelines.survey.modules import Due, apart, cohort, due, told_of
from pipelines.survey.open_surveys import say_ended
from pipelines.survey.people import Known, known_people
from pipelines.survey.planning import Plan, PlanError
from pipelines.survey.private_files import require_apart, write_private
from pipelines.survey.roster import Person
from pipelines.survey.series import asked_before
from pipelines.survey.wave_items import save_items
from pipelines.survey.wave_roster import Asked, WaveRoster, wave_roster
from pipelines.survey.waves import NewWave, earlier_waves, freeze_wave, load_plan
from pipelines.survey.year import UNPLANNED, todays_roster
from pipelines.transaction import transaction

__all__ = ["Opened", "WaveError", "close_wave", "discard_wave", "open_wave", "open_wave_of"]

SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Opened:
    """A wave that was opened, for whom, and what it leaves out because it was asked lately."""

    wave_id: str
    closes_at: datetime
    roster: WaveRoster
    left_out: Mapping[str, str]
    """Item → the survey that asks it within 60 days."""
    not_this_year: Mapping[str, str]
    """Yearly module → the survey of the last year that asked it."""
    note: str = ""
    """Of a module: of whom it is told, and of whom it cannot be."""


def open_wave(
    configuration: Configuration,
    home: Home,
    key_file: Path,
    now: datetime,
    kind: Kind = "quarterly",
    days: int = DAYS_OPEN,
    module: str | None = None,
) -> Opened:
    """Open a wave now: freeze its people, lay its form into the box, write the key that opens its ballots.

    `module` is the name or file of what a wave of the kind "module" asks.

    The key is written first, and removed where the rest fails; the warehouse is last. What is killed between
    is begun anew with another file, and a box is emptied of a wave that the warehouse does not know. Notes
    are closed before anybody can answer.

    Raises:
        WaveInputError: the key file may not be there.
        WaveError: an earlier wave waits to be published.
        PlanError, RosterError, CalendarError, BankError: there is no plan, or it may not be opened.
    """
    require_apart("--key-file", key_file, home)
    today = now.astimezone(ZoneInfo(configuration.organisation.time_zone)).date()
    with warehouse_of(home) as con:
        plan = load_plan(con) if con is not None else None
        if con is None or plan is None:
            raise PlanError(UNPLANNED)
        earlier = earlier_waves(con, configuration.organisation.time_zone)
        asks = _asks(configuration, home, kind, module, today, earlier)
        may, bank = _may_open(configuration, plan, kind, today, days, asks, earlier)
        _refuse_beside_another(con)
        known = known_people(con, configuration.rules.bots)
        people = todays_roster(configuration, home, today, known).people
        before = asked_before(con, plan.id, kind, bank.id)
        roster = _asked_of(configuration, bank, plan, people, known, today, earlier, before)
        wave = _new_wave(configuration, bank, may, now)
        public = _write_key(key_file)
        said = open_survey.Said(wave.id, wave.title, today, may.wave.closes_on, "open")
        try:
            open_survey.say(home.path, said)
            _lay_into_box(Box(home.path / BALLOTS), bank, wave, roster, public)
            with transaction(con):
                freeze_wave(con, plan, wave, roster)
                save_items(con, wave.id, bank)
        except Exception:
            key_file.unlink()
            with suppress(OSError):  # what is told is what kept it from opening
                open_survey.say(home.path, replace(said, state="discarded"))
            raise
    note = told_of(bank) if kind == "module" else ""
    return Opened(wave.id, wave.closes_at, roster, may.left_out, asks.due.asked_by, note)


def _write_key(key_file: Path) -> bytes:
    """Write a new private key for its owner alone; returns the public one."""
    public, private = new_keys()
    write_private("--key-file", key_file, f"{private.hex()}\n")
    return public


@dataclass(frozen=True, slots=True)
class _Asks:
    """What the wave asks, and what every quarterly survey may ask."""

    due: Due
    whole: Bank


def _asks(
    configuration: Configuration,
    home: Home,
    kind: Kind,
    module: str | None,
    today: date,
    earlier: Sequence[Wave],
) -> _Asks:
    whole = asked(configuration.survey.bank, configuration.survey.modules, home.path)
    if kind == "quarterly":
        quarter = quarter_of(today, configuration.organisation.quarter_start_month)
        return _Asks(due(whole, quarter, earlier), whole)
    bank = shipped(PULSE) if module is None else apart(module, home.path)
    return _Asks(Due(bank), whole)


def _asked_of(
    configuration: Configuration,
    bank: Bank,
    plan: Plan,
    people: Sequence[Person],
    known: Known,
    today: date,
    earlier: Sequence[Wave],
    before: Sequence[Asked],
) -> WaveRoster:
    """Everybody, or newcomers alone."""
    k = configuration.privacy.k
    if bank.is_of_newcomers:
        return cohort(bank, plan, people, today, earlier, k)
    roster = wave_roster(configuration, plan, people, known, before)
    if len(roster.members) < k:
        raise PlanError(
            f"survey open: fewer than {k} people of the plan {plan.year} are there, and no number may rest "
            "on fewer answers. Look whether the roster still has their accounts, or plan anew with --new-year"
        )
    return roster


def _may_open(
    configuration: Configuration,
    plan: Plan,
    kind: Kind,
    today: date,
    days: int,
    asks: _Asks,
    earlier: Sequence[Wave],
) -> tuple[Opening, Bank]:
    """Whether the calendar lets it open today, and what it asks then."""
    start_month = configuration.organisation.quarter_start_month
    bank = asks.due.bank
    year = year_from(plan.first)
    if quarter_of(today, start_month) not in year:
        raise PlanError(
            f"survey open: {today} is not in the planned year {plan.year}. Plan the year it is in"
        )
    planned = [planned_wave(quarter, start_month, [item.id for item in asks.whole.items]) for quarter in year]
    items = [item.id for item in bank.items]
    may = opening(kind, today, items, earlier, start_month, planned, days, bank.id)
    return may, _of_items(bank, may.wave.items)


def _refuse_beside_another(con: duckdb.DuckDBPyConnection) -> None:
    """Waves are published in the order in which they were asked."""
    found = con.execute("SELECT wave_id FROM survey.wave WHERE state = 'closed'").fetchone()
    if found is not None:
        raise WaveError(
            f"survey open: {found[0]} is closed and not published. Run `outcomes survey publish` first, "
            "or `outcomes survey discard`"
        )


def _of_items(bank: Bank, items: frozenset[str]) -> Bank:
    """The bank with these items alone: a pulse leaves out what was asked lately."""
    dimensions = [
        replace(one, items=tuple(item for item in one.items if item in items)) for one in bank.dimensions
    ]
    sections = [
        replace(one, items=tuple(item for item in one.items if item in items)) for one in bank.sections
    ]
    return replace(
        bank,
        items=tuple(item for item in bank.items if item.id in items),
        dimensions=tuple(one for one in dimensions if one.items),
        sections=tuple(one for one in sections if one.items),
    )


def _new_wave(configuration: Configuration, bank: Bank, may: Opening, now: datetime) -> NewWave:
    """It opens now, and closes when its last day ends where the organisation is."""
    zone = ZoneInfo(configuration.organisation.time_zone)
    closes_at = datetime.combine(may.wave.closes_on + timedelta(days=1), time(0), zone).astimezone(UTC)
    return NewWave(
        id=may.wave.id,
        kind=may.wave.kind,
        title=f"{bank.title}, {may.wave.id}",
        bank=bank.id,
        item_versions={item.id: item.version for item in bank.items},
        opens_at=now,
        closes_at=closes_at,
        languages=tuple(configuration.survey.languages),
        least_answers=configuration.privacy.k,
        time_zone=configuration.organisation.time_zone,
    )


def _lay_into_box(box: Box, bank: Bank, wave: NewWave, roster: WaveRoster, public: bytes) -> None:
    shown = {language: _words(bank, language, wave.id) for language in wave.languages}
    units = {unit.id: unit.name for unit in roster.partition.units}
    form = ballot_form.Form(wave.id, wave.closes_at, shown, units)
    laid = LaidWave(
        wave.id,
        wave.title,
        public,
        secrets.token_bytes(SALT_BYTES),
        wave.opens_at,
        wave.closes_at,
        form.to_bytes(),
        tuple(item.id for item in bank.items),
    )
    if box.form(wave.id) is not None:  # left by an opening that was killed: nobody has a code of it
        box.close(wave.id, wave.opens_at)
        box.destroy(wave.id)
    box.open_wave(laid)


def _words(bank: Bank, language: str, wave_id: str) -> ballot_form.Words:
    """The bank's words as the ballot's page shows them."""
    told = _of_items(bank.translated(language), frozenset(item.id for item in bank.items))
    texts = {item.id: item.text for item in told.items}
    sections = tuple(
        ballot_form.Section(
            section.title, tuple(ballot_form.Question(item, texts[item]) for item in section.items)
        )
        for section in told.sections
    )
    question = told.comment_question if told.asks_comment else None
    note = " ".join(filter(None, [told.attribution, told.wording]))
    return ballot_form.Words(f"{told.title}, {wave_id}", told.scale, sections, question, note)


def open_wave_of(con: duckdb.DuckDBPyConnection | None) -> tuple[str, datetime]:
    """The wave that is open, and when it closes. Raises `WaveError` where none is."""
    found = (
        con.execute("SELECT wave_id, closes_at FROM survey.wave WHERE state = 'open'").fetchone()
        if con is not None
        else None
    )
    if found is None:
        closed = waiting_wave(con)
        if closed:
            raise WaveError(f"survey: none is open, and {closed} is closed. Run `outcomes survey publish`")
        raise WaveError("survey: none is open. Run `outcomes survey open`")
    return found[0], found[1]


def close_wave(home: Home, now: datetime) -> str:
    """Take no more answers. The box first: what is killed in between is closed by the next call.

    Returns:
        The wave's id.

    Raises:
        WaveError: none is open.
    """
    with warehouse_of(home) as con:
        wave_id, _ = open_wave_of(con)
        assert con is not None
        Box(home.path / BALLOTS).close(wave_id, now)
        say_ended(con, home.path, wave_id, "closed", now)
        con.execute(
            "UPDATE survey.wave SET state = 'closed', closed_at = ? WHERE wave_id = ?", [now, wave_id]
        )
    return wave_id


def waiting_wave(con: duckdb.DuckDBPyConnection | None) -> str | None:
    """The wave that is open, or closed and not published: there is one at most."""
    rows = (
        con.execute("SELECT wave_id FROM survey.wave WHERE state IN ('open', 'closed')").fetchall()
        if con is not None
        else []
    )
    return str(rows[0][0]) if rows else None


def discard_wave(home: Home, now: datetime, *, is_sure: bool) -> str:
    """Destroy the answers of a wave unread: its key was lost, say, or its box. Nothing of it is published.

    The box first: what is killed in between is brought to its end by the next call.

    Returns:
        The wave's id.

    Raises:
        WaveError: none waits to be published.
        WaveInputError: nobody said that they are sure.
    """
    with warehouse_of(home) as con:
        wave_id = waiting_wave(con)
        if con is None or wave_id is None:
            raise WaveError("survey discard: no survey is open or waits to be published. Leave it")
        if not is_sure:
            raise WaveInputError(
                f"survey discard: all answers of {wave_id} would be destroyed unread, for ever. "
                "Say --yes if that is meant"
            )
        box = Box(home.path / BALLOTS)
        if box.form(wave_id) is not None:
            box.close(wave_id, now)
            box.destroy(wave_id)
        say_ended(con, home.path, wave_id, "discarded", now)
        comments.add(home.path / comments.FILE, wave_id, {}, now.date())
        with transaction(con):
            con.execute(
                "UPDATE survey.wave SET state = 'discarded', closed_at = coalesce(closed_at, ?) "
                "WHERE wave_id = ?",
                [now, wave_id],
            )
            con.execute("DELETE FROM survey.wave_member WHERE wave_id = ?", [wave_id])
        con.execute("CHECKPOINT")
    return wave_id
