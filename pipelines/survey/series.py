"""What a survey may be compared with: who was asked in earlier ones, and whose series is broken."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

import duckdb

from pipelines.config_model import K_FLOOR
from pipelines.privacy.units import Partition, Unit
from pipelines.survey.calendar import Kind
from pipelines.survey.wave_roster import Asked


def asked_before(con: duckdb.DuckDBPyConnection, plan_id: str, kind: Kind, bank: str) -> list[Asked]:
    """Who was asked in each published survey that one of this kind is compared with, the latest first.

    Those of a plan, quarterly or pulse, whatever they ask; a module with itself as well. Who answered in a
    pool that was too small in the end counts as not asked: the published numbers are without them.
    """
    rows = con.execute(
        "SELECT wave_id, account, unit_id FROM survey.asked JOIN survey.wave w USING (wave_id) "
        "WHERE w.plan_id = ? AND w.state = 'published' "
        "AND (w.kind <> 'module' OR (? = 'module' AND w.bank = ?)) "
        "AND EXISTS (FROM survey.published_unit p WHERE p.wave_id = w.wave_id "
        "AND (p.unit_id = asked.unit_id "
        "OR list_contains(string_split(p.unit_id, '+'), split_part(asked.unit_id, '+', 1)))) "
        "ORDER BY w.opens_at DESC",
        [plan_id, kind, bank],
    ).fetchall()
    found: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for wave, account, unit in rows:
        found[wave][account] = unit
    return list(found.values())


def broken_series(con: duckdb.DuckDBPyConnection, wave_id: str, partition: Partition) -> frozenset[str]:
    """The published scopes whose line is not drawn on from the wave before.

    A series is that of one kind of survey, or of one module that is asked apart. A unit's series is
    broken where its people differ by one to five from those of a wave since its series began, or where
    it was published before under another plan. Departments and the organisation keep theirs. Call it
    before the wave's own cells are written.

    Args:
        con: the warehouse.
        wave_id: the wave that is published.
        units: its units after closing, merged further perhaps: their `parts` are looked at.
    """
    this = con.execute("SELECT plan_id, kind, opens_at, bank FROM survey.wave WHERE wave_id = ?", [wave_id])
    ((plan_id, kind, opens_at, bank),) = this.fetchall()
    before = con.execute(
        "SELECT w.wave_id, w.plan_id = ? FROM survey.wave w WHERE w.kind = ? AND w.opens_at < ? "
        "AND (w.kind <> 'module' OR w.bank = ?) AND w.state = 'published' AND w.origin = 'here' "
        "ORDER BY w.opens_at DESC",
        [plan_id, kind, opens_at, bank],
    ).fetchall()
    people = _people_by_part(con, plan_id)
    cells = con.execute(
        "SELECT DISTINCT scope, wave_id, is_series_broken FROM survey.published_cell "
        "WHERE scope_kind = 'unit'"
    ).fetchall()
    published = {(scope, wave): broken for scope, wave, broken in cells}
    broken = {
        unit.id for unit in partition.units if is_series_broken(unit, wave_id, before, published, people)
    }
    return frozenset(broken | {group for group, unit in of_one_unit(partition).items() if unit in broken})


def of_one_unit(partition: Partition) -> dict[str, str]:
    """Groups of a single unit → that unit."""
    parents = {group.id: group.parent for group in partition.groups}
    units: defaultdict[str, list[str]] = defaultdict(list)
    for unit in partition.units:
        above: str | None = unit.parent
        while above is not None:
            units[above].append(unit.id)
            above = parents[above]
    return {group: those[0] for group, those in units.items() if len(those) == 1}


def is_series_broken(
    unit: Unit,
    wave_id: str,
    before: Sequence[tuple[str, bool]],
    published: Mapping[tuple[str, str], bool],
    people: Mapping[str, Mapping[str, frozenset[str]]],
) -> bool:
    """Whether the line of a published unit is not drawn on to a wave.

    Args:
        unit: as it is published, merged further perhaps.
        wave_id: the wave.
        before: earlier published waves, the latest first, and whether they were asked under the same plan.
        published: (unit, wave) of what was published before → whether its series was broken there.
        people: wave → single unit → accounts that were asked; a planned unit's stand under its first part.
    """
    now = _people_of(unit, people.get(wave_id, {}))
    for wave, is_same_plan in before:
        if (unit.id, wave) not in published:
            continue
        if not is_same_plan:
            return True
        if 0 < len(now ^ _people_of(unit, people.get(wave, {}))) < K_FLOOR:
            return True
        if published[unit.id, wave]:
            return False  # its series began there
    return False


def _people_of(unit: Unit, by_part: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*(by_part.get(part, frozenset()) for part in unit.parts))


def _people_by_part(con: duckdb.DuckDBPyConnection, plan_id: str) -> dict[str, dict[str, frozenset[str]]]:
    """Wave → single unit → accounts: those of a planned unit stand under the first of its parts.

    A unit is only ever merged, so all parts of a planned unit are in the same published one.
    """
    first = dict(
        con.execute(
            "SELECT DISTINCT unit_id, parts->>'$[0]' FROM survey.wave_unit u "
            "JOIN survey.wave w USING (wave_id) WHERE w.plan_id = ?",
            [plan_id],
        ).fetchall()
    )
    found: defaultdict[str, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    rows = con.execute("SELECT wave_id, unit_id, account FROM survey.asked WHERE plan_id = ?", [plan_id])
    for wave, unit, account in rows.fetchall():
        found[wave][first[unit]].add(account)
    return {wave: {part: frozenset(all_) for part, all_ in parts.items()} for wave, parts in found.items()}
