"""Plans and waves in the warehouse: what is frozen, and what was asked.

Functions that write do so inside the caller's transaction, since opening a wave is more than its rows.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from pipelines.config_model import K_FLOOR
from pipelines.privacy.units import Group, Partition, Unit
from pipelines.survey.calendar import Kind, Quarter, Wave, read_quarter, year_from
from pipelines.survey.planning import Plan, PlanError
from pipelines.survey.wave_roster import WaveRoster

State = Literal["open", "closed", "published", "discarded"]


@dataclass(frozen=True, slots=True)
class NewWave:
    """What is known of a wave when it opens; times are aware."""

    id: str
    kind: Kind
    title: str
    bank: str
    item_versions: Mapping[str, int]
    """What it asks: item → version."""
    opens_at: datetime
    closes_at: datetime
    languages: tuple[str, ...]
    least_answers: int = K_FLOOR
    """What people are told before they answer: no number rests on fewer."""
    time_zone: str = "UTC"
    """Of the organisation, whose days it opens and closes on."""


# ---- plans -------------------------------------------------------------------------------------


def refuse_replanning(con: duckdb.DuckDBPyConnection, today: Quarter, *, new_year: bool) -> None:
    """Raise `PlanError` where the year that is planned has begun and has not ended.

    With `new_year` only an unpublished wave stands in the way.
    """
    unpublished = con.execute("SELECT wave_id FROM survey.wave WHERE state IN ('open', 'closed')").fetchone()
    if unpublished:
        raise PlanError(f"survey plan: {unpublished[0]} is not published yet. Publish it first, then plan")
    plan = load_plan(con)
    if plan is None or new_year:
        return
    opened = opened_waves(con, plan)
    last = year_from(plan.first)[-1]
    if opened and today <= last and last.label not in opened:
        raise PlanError(
            f"survey plan: the units of {plan.year} are frozen since {min(opened)} was asked, until "
            f"{last.label} was asked or is over. --new-year plans anew now; every unit's series starts again"
        )


def opened_waves(con: duckdb.DuckDBPyConnection, plan: Plan) -> set[str]:
    """The waves that were opened under a plan."""
    rows = con.execute("SELECT wave_id FROM survey.wave WHERE plan_id = ?", [plan.id]).fetchall()
    return {wave for (wave,) in rows}


def first_quarter(
    con: duckdb.DuckDBPyConnection | None, today: Quarter, wanted: Quarter | None = None
) -> Quarter:
    """The quarter with which a plan that is made now begins: this one, or the first that is still free.

    Raises:
        PlanError: the wanted one is over, or was asked already.
    """
    used = "SELECT wave_id FROM survey.wave UNION SELECT plan_id FROM survey.wave"
    taken = {name for (name,) in con.execute(used).fetchall()} if con is not None else set()
    if wanted is None:
        return next(
            quarter for number in range(len(taken) + 1) if (quarter := today.later(number)).label not in taken
        )
    if wanted < today or wanted.label in taken:
        why = "is over" if wanted < today else "was planned and asked already"
        raise PlanError(f"survey plan: {wanted.label} {why}. Begin with a later quarter")
    return wanted


def save_plan(con: duckdb.DuckDBPyConnection, plan: Plan, bank: str, made_at: datetime) -> None:
    """Freeze a plan. An earlier one of which no wave was opened goes, as do the persons of every other."""
    # An imported wave has no plan, and nothing is NOT IN a list with a NULL.
    asked = "SELECT plan_id FROM survey.wave WHERE plan_id IS NOT NULL"
    for table in ("plan", "plan_group", "plan_unit"):
        con.execute(f"DELETE FROM survey.{table} WHERE plan_id NOT IN ({asked})")
    con.execute("DELETE FROM survey.plan_member")
    con.execute("DELETE FROM survey.asked")
    con.execute(
        "INSERT INTO survey.plan VALUES (?, ?, ?, ?, ?)",
        [plan.id, plan.year, made_at, bank, plan.least_members],
    )
    insert_rows(con, "plan_group", _group_rows(plan.id, plan.partition.groups))
    insert_rows(con, "plan_unit", _unit_rows(plan.id, plan.partition.units))
    insert_rows(con, "plan_member", [(plan.id, *one, plan.id) for one in sorted(plan.members.items())])


def load_plan(con: duckdb.DuckDBPyConnection) -> Plan | None:
    """The plan that was frozen last, or None: the one whose people are kept, whatever the clock says."""
    rows = con.execute("SELECT plan_id, account, unit_id FROM survey.plan_member").fetchall()
    if not rows:
        return None
    plan_id = rows[0][0]
    ((least,),) = con.execute("SELECT least_members FROM survey.plan WHERE plan_id = ?", [plan_id]).fetchall()
    members = {account: unit for _, account, unit in rows}
    return Plan(read_quarter(plan_id), least, _partition(con, "plan", plan_id), members)


# ---- waves -------------------------------------------------------------------------------------


def earlier_waves(con: duckdb.DuckDBPyConnection, time_zone: str) -> list[Wave]:
    """Every wave that was opened here, as the calendar looks at it: days are the organisation's.

    One that was closed late took answers until its time was over, and no longer; one that was closed while
    the clock was wrong was open on its first day at least.
    """
    rows = con.execute(
        "SELECT wave_id, kind, opens_at, greatest(opens_at, least(closed_at, closes_at)), bank_version, "
        "state = 'open' FROM survey.wave WHERE origin = 'here' ORDER BY opens_at"
    ).fetchall()
    zone, moment = ZoneInfo(time_zone), timedelta(microseconds=1)
    return [
        Wave(
            wave,
            kind,
            opens_at.astimezone(zone).date(),
            (closes_at.astimezone(zone) - moment).date(),  # at midnight, the day before was the last
            frozenset(json.loads(items)),
            is_open=is_open,
        )
        for wave, kind, opens_at, closes_at, items, is_open in rows
    ]


def freeze_wave(con: duckdb.DuckDBPyConnection, plan: Plan, wave: NewWave, roster: WaveRoster) -> None:
    """Write an open wave with its units and people, inside the caller's transaction."""
    con.execute(
        "INSERT INTO survey.wave VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', NULL, NULL, 'here', ?, NULL, ?, ?)",
        [
            wave.id,
            plan.id,
            wave.kind,
            wave.title,
            wave.bank,
            json.dumps(dict(wave.item_versions), sort_keys=True),
            wave.opens_at,
            wave.closes_at,
            list(wave.languages),
            wave.least_answers,
            wave.time_zone,
        ],
    )
    counts = dict.fromkeys((unit.id for unit in roster.partition.units), 0)
    for unit in roster.members.values():
        counts[unit] += 1
    units = [(*row, counts[row[1]]) for row in _unit_rows(wave.id, roster.partition.units)]
    insert_rows(con, "wave_group", _group_rows(wave.id, roster.partition.groups))
    insert_rows(con, "wave_unit", units)
    members = sorted(roster.members.items())
    insert_rows(con, "wave_member", [(wave.id, *one) for one in members])
    insert_rows(con, "asked", [(plan.id, wave.id, wave.kind, *one) for one in members])


def wave_partition(con: duckdb.DuckDBPyConnection, wave_id: str) -> tuple[Partition, dict[str, int]]:
    """A wave's units and groups as they were frozen, and how many people each unit has."""
    members = con.execute(
        "SELECT unit_id, members FROM survey.wave_unit WHERE wave_id = ?", [wave_id]
    ).fetchall()
    return _partition(con, "wave", wave_id), dict(members)


def in_tens(count: int) -> str:
    """A turnout as it may be told while people answer: two looks a minute apart tell nobody's answer."""
    return "fewer than ten" if count < 10 else f"about {(count + 5) // 10 * 10}"


# ---- rows --------------------------------------------------------------------------------------

Row = tuple[Any, ...]


def _group_rows(owner: str, groups: Iterable[Group]) -> list[Row]:
    return [(owner, group.id, group.name, group.kind, group.parent) for group in groups]


def _unit_rows(owner: str, units: Iterable[Unit]) -> list[Row]:
    return [
        (owner, unit.id, unit.name, unit.parent, json.dumps(list(unit.parts)), unit.is_newcomers)
        for unit in units
    ]


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Row]) -> None:
    """Write rows in the order of a survey table's columns: by column, since one at a time takes seconds."""
    if rows:
        names = [name for (name, *_) in con.execute(f"DESCRIBE survey.{table}").fetchall()]
        arriving = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
        con.register("arriving_survey", arriving)
        con.execute(f"INSERT INTO survey.{table} BY NAME SELECT * FROM arriving_survey")
        con.unregister("arriving_survey")


def _partition(con: duckdb.DuckDBPyConnection, kind: Literal["plan", "wave"], owner: str) -> Partition:
    groups = con.execute(
        f"SELECT group_id, name, kind, parent FROM survey.{kind}_group WHERE {kind}_id = ? ORDER BY rowid",
        [owner],
    ).fetchall()
    units = con.execute(
        f"SELECT unit_id, name, parent, parts, is_newcomers FROM survey.{kind}_unit WHERE {kind}_id = ? "
        "ORDER BY rowid",
        [owner],
    ).fetchall()
    return Partition(
        tuple(Group(*group) for group in groups),
        tuple(
            Unit(one, name, parent, tuple(json.loads(parts)), new) for one, name, parent, parts, new in units
        ),
    )
