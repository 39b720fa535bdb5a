"""An imported survey becomes a wave: the same coarsening, table and audits as one that was asked here."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import duckdb

from connectors.comments import FILE
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.privacy.publication import Publication
from pipelines.privacy.scores import Response
from pipelines.privacy.units import Partition
from pipelines.survey.bank import Bank, asked
from pipelines.survey.calendar import (
    PULSE,
    Quarter,
    held_elsewhere,
    planned_wave,
    read_quarter,
    refuse_import,
    year_from,
)
from pipelines.survey.comments import keep_comments, parents_of
from pipelines.survey.held import WaveError, WaveInputError, warehouse_of
from pipelines.survey.importing.published_before import refuse_published_before
from pipelines.survey.importing.reading import Imported
from pipelines.survey.modules import newcomers_unit
from pipelines.survey.planning import Plan, sizes_of, tree_of
from pipelines.survey.publishing import Done, published, write_publication
from pipelines.survey.wave_items import save_items
from pipelines.survey.waves import earlier_waves, load_plan
from pipelines.transaction import transaction

_WAVE = re.compile(r"([0-9]{4}-Q[1-4])(?:-([a-z][a-z0-9_]*)-([0-9]{2}))?")
"""Between the quarterly surveys: the pulse, or a module that is asked apart, by its id, and its month."""


def publish_imported(
    configuration: Configuration, home: Home, wave_id: str, imported: Imported, now: datetime
) -> Done:
    """Publish a survey that was held elsewhere as a wave of its quarter, once.

    Units are those of the plan that covers the quarter, where there is one; otherwise the teams as they are
    configured now, merged by counts alone. Where nobody said how many people a unit had, n is published
    without it.

    Raises:
        WaveError: there is such a wave already, or its answers are another one's.
        CalendarError: something of it was asked in another survey shortly before or after.
        WaveInputError: its name does not fit what was asked, or a unit does not fit the plan.
        AuditError: what would be shown could tell of fewer people than it may; nothing is written.
    """
    quarter, days = _period(wave_id, imported.bank, configuration.organisation.quarter_start_month)
    with warehouse_of(home, makes_it=True) as con:
        assert con is not None
        if con.execute("SELECT 1 FROM survey.wave WHERE wave_id = ?", [wave_id]).fetchone():
            raise WaveError(f"--wave {wave_id}: is there already, and a wave is published once. Name another")
        plan = load_plan(con)
        _refuse_near_others(configuration, home, con, plan, (wave_id, imported.bank, days), now)
        partition, members, answers = _placed(configuration, imported, _covering(plan, quarter))
        is_known = members is not None
        counts = members or dict(Counter(one.unit for one in answers))
        of = {unit.id: counts.get(unit.id, 0) for unit in partition.units}
        publication = published(imported.bank, partition, of, answers, configuration.privacy.k)
        refuse_published_before(con, wave_id, imported.bank, publication)
        if not is_known:
            publication = _without_members(publication)
        said = [(one.unit, one.text) for one in imported.comments]
        keep_comments(home.path / FILE, wave_id, parents_of(publication.partition), said, now.date())
        with transaction(con):
            _save_wave(con, wave_id, imported.bank, days, now)
            save_items(con, wave_id, imported.bank)
            everywhere = frozenset(unit.id for unit in publication.partition.units)
            told = of if is_known else None
            write_publication(con, wave_id, imported.bank, publication, told, answers, now, everywhere)
        con.execute("CHECKPOINT")
    withheld = sum(cell.withheld_reason is not None for cell in publication.cells)
    return Done(wave_id, True, len(publication.cells) - withheld, withheld, is_imported=True)


def _period(wave_id: str, bank: Bank, start_month: int) -> tuple[Quarter, tuple[date, date]]:
    """The quarter of a wave, and the days that it stands for: nobody's times are read."""
    found = _WAVE.fullmatch(wave_id)
    between = {"quarterly": None, "pulse": PULSE, "module": bank.id}[bank.kind]
    if not found or found[2] != between:
        example = f"2026-Q3-{between}-09" if between else "2026-Q3"
        raise WaveInputError(f"--wave {wave_id[:30]}: does not fit what was asked. Write it as {example}")
    quarter = read_quarter(found[1])
    months = [quarter.month(position, start_month) for position in range(3)]
    following = quarter.later(1).month(0, start_month)
    if between is None:
        return quarter, (months[0], following)
    ends = dict(zip(months, [*months[1:], following], strict=True))
    for month, end in ends.items():
        if f"{month.month:02}" == found[3]:
            return quarter, (month, end)
    raise WaveInputError(f"--wave {wave_id}: the month {found[3]} is not in {quarter.label}")


def _refuse_near_others(
    configuration: Configuration,
    home: Home,
    con: duckdb.DuckDBPyConnection,
    plan: Plan | None,
    imported: tuple[str, Bank, tuple[date, date]],
    now: datetime,
) -> None:
    """The calendar's rules hold for whatever is published here, wherever it was asked."""
    zone, start_month = configuration.organisation.time_zone, configuration.organisation.quarter_start_month
    wave_id, bank, (begins, after) = imported
    items = frozenset(item.id for item in bank.items)
    wave = held_elsewhere(wave_id, bank.kind, begins, after - timedelta(days=1), items)
    others = earlier_waves(con, zone)
    if plan is not None and bank.kind != "quarterly":
        whole = asked(configuration.survey.bank, configuration.survey.modules, home.path)
        quarterly = [item.id for item in whole.items]
        known, today = {other.id for other in others}, now.astimezone(ZoneInfo(zone)).date()
        year = [planned_wave(quarter, start_month, quarterly) for quarter in year_from(plan.first)]
        others += [one for one in year if one.id not in known and one.closes_on >= today]
    refuse_import(wave, others)


def _covering(plan: Plan | None, quarter: Quarter) -> Plan | None:
    return plan if plan is not None and quarter in year_from(plan.first) else None


def _placed(
    configuration: Configuration, imported: Imported, plan: Plan | None
) -> tuple[Partition, Mapping[str, int] | None, list[Response]]:
    """The units, how many people each had, and each answer in one of them; newcomers are all in one."""
    said = imported.members
    occupied = {one.unit for one in imported.responses} | set(said or {})
    if imported.bank.is_of_newcomers:
        whole, _ = tree_of(configuration, ())
        unit = newcomers_unit(Partition(tuple(whole), ()))
        answers = [replace(one, unit=unit.id) for one in imported.responses]
        return Partition(tuple(whole), (unit,)), said and {unit.id: sum(said.values())}, answers
    if plan is None:
        groups, units = tree_of(configuration, occupied)
        return Partition(tuple(groups), tuple(units)), said, list(imported.responses)
    unit_of = {part: unit.id for unit in plan.partition.units for part in unit.parts}
    unplanned = sorted(occupied - unit_of.keys())
    if unplanned:
        raise WaveInputError(
            f"survey import: {unplanned[0]} is in no unit of the plan {plan.year}. Map it to a unit that is"
        )
    sizes = sizes_of(plan.partition, plan.members)
    members = {unit.id: sizes[unit.id] for unit in plan.partition.units}
    if said is not None:
        members |= _summed(said, unit_of)
    answers = [replace(one, unit=unit_of[one.unit]) for one in imported.responses]
    for crowded, count in sorted(Counter(one.unit for one in answers).items()):
        if count > members[crowded]:
            raise WaveInputError(
                f"survey import: {crowded} has more answers than people by the plan {plan.year}. Write "
                "under [members] of the mapping how many people each unit had"
            )
    return plan.partition, members, answers


def _summed(said: Mapping[str, int], unit_of: Mapping[str, str]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for part, count in said.items():
        sums[unit_of[part]] += count
    return dict(sums)


def _without_members(publication: Publication) -> Publication:
    """Nobody said how many people there were: as many as answered is not what they were."""
    return replace(publication, cells=tuple(replace(cell, of=None) for cell in publication.cells))


def _save_wave(
    con: duckdb.DuckDBPyConnection, wave_id: str, bank: Bank, days: tuple[date, date], now: datetime
) -> None:
    begins, ends = (datetime.combine(day, time(0), UTC) for day in days)
    con.execute(
        "INSERT INTO survey.wave VALUES "
        "(?, NULL, ?, ?, ?, ?, ?, ?, 'closed', ?, NULL, 'elsewhere', ?, NULL, NULL, NULL)",
        [
            wave_id,
            bank.kind,
            f"{bank.title}, {wave_id}",
            bank.id,
            json.dumps({item.id: item.version for item in bank.items}, sort_keys=True),
            begins,
            ends,
            now,
            [bank.language],
        ],
    )
