"""The publication of a wave: what `outcomes survey publish` does, and import after it.

A wave is published once. Its rows are written in one transaction with its state; only then its ballots,
codes and people, and last the key, are destroyed. What is killed in between is mended by the next call,
which publishes nothing anew.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from connectors.ballots.box import Box
from connectors.ballots.seal import KEY_BYTES, Ballot, open_all
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.privacy.cells import Cell
from pipelines.privacy.proof import proven
from pipelines.privacy.publication import Publication, publish
from pipelines.privacy.scores import Response
from pipelines.privacy.units import Partition
from pipelines.survey.asking import WaveError
from pipelines.survey.bank import Bank
from pipelines.survey.calendar import PULSE_LEAST_ANSWERS
from pipelines.survey.held import BALLOTS, transaction, warehouse_of
from pipelines.survey.reliability import reliability
from pipelines.survey.wave_items import bank_of_wave, form_of
from pipelines.survey.waves import broken_series, insert_rows, wave_partition

CELL_COLUMNS = tuple(Cell.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Done:
    """A wave that is published: `is_new` is False where it had been, and only its remains were destroyed."""

    wave_id: str
    is_new: bool
    shown: int = 0
    withheld: int = 0


def publish_wave(configuration: Configuration, home: Home, key_file: Path, now: datetime) -> Done:
    """Open the ballots of the closed wave, publish what may be shown of them, destroy them.

    Raises:
        WaveError: no wave is closed, or the key cannot be read.
        SealError: it is another wave's key.
        AuditError: what would be shown could tell of fewer people than it may; nothing is published.
    """
    box = Box(home.path / BALLOTS)
    with warehouse_of(home) as con:
        if con is None:
            raise WaveError("survey publish: there is no survey. Run `outcomes survey plan`")
        wave_id = _closed_wave(con)
        if wave_id is None:
            return _destroyed_again(con, box, key_file)
        ballots = open_all(_read_key(key_file), box.sealed(wave_id))
        _demand_complete(box, wave_id, ballots)
        partition, members = wave_partition(con, wave_id)
        bank = bank_of_wave(con, wave_id)
        answers = [Response(one.unit, one.answers) for one in ballots]
        publication = published(bank, partition, members, answers, configuration.privacy.k)
        with transaction(con):
            broken = broken_series(con, wave_id, publication.partition.units)
            write_publication(con, wave_id, bank, publication, members, answers, now, broken)
            con.execute("DELETE FROM survey.wave_member WHERE wave_id = ?", [wave_id])
        con.execute("CHECKPOINT")
        _destroy(box, wave_id, key_file)
    withheld = sum(cell.withheld_reason is not None for cell in publication.cells)
    return Done(wave_id, True, len(publication.cells) - withheld, withheld)


def _closed_wave(con: duckdb.DuckDBPyConnection) -> str | None:
    """The wave that waits to be published; None where all are."""
    rows = con.execute("SELECT wave_id, state FROM survey.wave WHERE state <> 'published'").fetchall()
    for wave_id, state in rows:
        if state == "open":
            raise WaveError(f"survey publish: {wave_id} is open. Run `outcomes survey close` first")
        return str(wave_id)
    return None


def _destroyed_again(con: duckdb.DuckDBPyConnection, box: Box, key_file: Path) -> Done:
    """What a publication that was killed left of the latest wave is destroyed; otherwise it is refused."""
    found = con.execute(
        "SELECT wave_id, published_at FROM survey.wave WHERE origin = 'here' ORDER BY opens_at DESC"
    ).fetchone()
    if found is None:
        raise WaveError("survey publish: no survey was opened. Run `outcomes survey open`")
    wave_id, published_at = found
    if box.form(wave_id) is None and not _is_key(key_file):
        raise WaveError(
            f"survey publish: {wave_id} was published on {published_at:%Y-%m-%d}, and its answers are "
            "destroyed. A wave is published once"
        )
    _destroy(box, wave_id, key_file if _is_key(key_file) else None)
    return Done(wave_id, False)


def _is_key(key_file: Path) -> bool:
    """Whether a file may be removed as the key of a wave whose ballots are gone."""
    try:
        return len(_read_key(key_file)) == KEY_BYTES
    except WaveError:
        return False


def _read_key(key_file: Path) -> bytes:
    try:
        return bytes.fromhex(key_file.read_text(encoding="ascii"))
    except OSError as trouble:
        raise WaveError(
            f"--key-file {key_file}: cannot be read ({trouble.strerror}). Without the key that "
            "`outcomes survey open` wrote nobody can open the ballots"
        ) from None
    except ValueError:
        raise WaveError(f"--key-file {key_file}: holds no key. Name the file that was written") from None


def _demand_complete(box: Box, wave_id: str, ballots: Sequence[Ballot]) -> None:
    """As many ballots as codes were used: nothing was lost, nothing was put in beside."""
    _, cast = box.turnout(wave_id)
    if len(ballots) != cast:
        raise WaveError(
            f"survey publish: {wave_id} has {len(ballots)} ballots for {cast} used codes. The box was "
            "changed by something else; nothing is published"
        )


def _destroy(box: Box, wave_id: str, key_file: Path | None) -> None:
    if box.form(wave_id) is not None:
        box.destroy(wave_id)
    if key_file is not None:
        key_file.unlink(missing_ok=True)


# ---- what every wave goes through, wherever it was asked -----------------------------------------


def published(
    bank: Bank,
    partition: Partition,
    members: Mapping[str, int],
    answers: Sequence[Response],
    k: int,
) -> Publication:
    """The publication of a wave's answers, audited. A pulse asks for more answers than a whole survey."""
    least = max(k, PULSE_LEAST_ANSWERS) if bank.kind == "pulse" else k
    form = form_of(bank)
    return proven(publish(form, partition, members, answers, least), form, k)


def write_publication(
    con: duckdb.DuckDBPyConnection,
    wave_id: str,
    bank: Bank,
    publication: Publication,
    members: Mapping[str, int],
    answers: Sequence[Response],
    now: datetime,
    broken: frozenset[str],
) -> None:
    """Write all that stays of a wave, inside the caller's transaction: table, units, sums, and its state.

    `broken` are the units whose series is not drawn on from the wave before.
    """
    units = publication.partition.units
    insert_rows(
        con,
        "published_cell",
        [
            (wave_id, *(getattr(cell, name) for name in CELL_COLUMNS), cell.scope in broken)
            for cell in publication.cells
        ],
    )
    insert_rows(
        con,
        "published_unit",
        [(wave_id, unit.id, unit.name, unit.parent, _people(unit.parts, members)) for unit in units],
    )
    sums = [(wave_id, one.unit, one.dimension, one.item, one.total, one.n) for one in publication.sums]
    insert_rows(con, "unit_sum", sums)
    stated = [asdict(one) for one in reliability(bank, [one.answers for one in answers])]
    con.execute(
        "UPDATE survey.wave SET state = 'published', published_at = ?, reliability = ? WHERE wave_id = ?",
        [now, json.dumps(stated), wave_id],
    )


def _people(parts: Sequence[str], members: Mapping[str, int]) -> int:
    """How many were asked in a unit that was merged of planned ones, whose ids are joined by `+`."""
    within = set(parts)
    return sum(count for unit, count in members.items() if within.issuperset(unit.split("+")))
