"""The publication of a wave: what `outcomes survey publish` does, and import after it.

A wave is published once. Its rows are written in one transaction with its state, in which the list of who
was asked goes; only then the key, and last its ballots and codes, are destroyed. What is killed in between
is mended by the next call, which publishes nothing anew.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from connectors.ballots.box import Box
from connectors.ballots.seal import Ballot, open_all
from connectors.comments import FILE
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.privacy.cells import Cell
from pipelines.privacy.proof import proven
from pipelines.privacy.publication import Publication, publish
from pipelines.privacy.scores import Response
from pipelines.privacy.units import Partition
from pipelines.survey.asking import waiting_wave
from pipelines.survey.bank import Bank
from pipelines.survey.calendar import PULSE_LEAST_ANSWERS
from pipelines.survey.comments import keep_comments, parents_of
from pipelines.survey.held import BALLOTS, WaveError, warehouse_of
from pipelines.survey.open_surveys import say_ended
from pipelines.survey.private_files import read_key
from pipelines.survey.reliability import Reliability, reliability
from pipelines.survey.series import broken_series
from pipelines.survey.wave_items import bank_of_wave, form_of
from pipelines.survey.waves import insert_rows, wave_partition
from pipelines.transaction import transaction

CELL_COLUMNS = tuple(Cell.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Done:
    """A wave that is published: `is_new` is False where it had been, and only its remains were destroyed."""

    wave_id: str
    is_new: bool
    shown: int = 0
    withheld: int = 0
    is_imported: bool = False


def publish_wave(configuration: Configuration, home: Home, key_file: Path, now: datetime) -> Done:
    """Open the ballots of the closed wave, publish what may be shown of them, destroy them.

    Raises:
        WaveError: no wave is closed, or the box was changed.
        WaveInputError: the key cannot be read, or is another wave's.
        SealError: a ballot cannot be opened.
        AuditError: what would be shown could tell of fewer people than it may; nothing is published.
    """
    box = Box(home.path / BALLOTS)
    with warehouse_of(home) as con:
        if con is None:
            raise WaveError("survey publish: there is no survey. Run `outcomes survey plan`")
        wave_id = _closed_wave(con)
        if wave_id is None:
            return _destroyed_again(con, home, box, key_file, now)
        ballots = open_all(read_key(key_file, wave_id, box.public_key(wave_id)), box.sealed(wave_id))
        _demand_complete(box, wave_id, ballots)
        partition, members = wave_partition(con, wave_id)
        bank = bank_of_wave(con, wave_id)
        answers = [Response(one.unit, one.answers) for one in ballots]
        least = max(configuration.privacy.k, _promised(con, wave_id))
        publication = published(bank, partition, members, answers, least)
        said = [(one.unit, one.comment) for one in ballots if one.comment]
        keep_comments(home.path / FILE, wave_id, parents_of(publication.partition), said, now.date())
        with transaction(con):
            broken = broken_series(con, wave_id, publication.partition)
            write_publication(con, wave_id, bank, publication, members, answers, now, broken)
            con.execute("DELETE FROM survey.wave_member WHERE wave_id = ?", [wave_id])
        con.execute("CHECKPOINT")
        say_ended(con, home.path, wave_id, "published", now)
        _destroy(box, wave_id, key_file)
    withheld = sum(cell.withheld_reason is not None for cell in publication.cells)
    return Done(wave_id, True, len(publication.cells) - withheld, withheld)


def _closed_wave(con: duckdb.DuckDBPyConnection) -> str | None:
    """The wave that waits to be published; None where all are."""
    wave_id = waiting_wave(con)
    if wave_id and con.execute("SELECT state FROM survey.wave WHERE wave_id = ?", [wave_id]).fetchone() == (
        "open",
    ):
        raise WaveError(f"survey publish: {wave_id} is open. Run `outcomes survey close` first")
    return wave_id


def _destroyed_again(
    con: duckdb.DuckDBPyConnection, home: Home, box: Box, key_file: Path, now: datetime
) -> Done:
    """What a publication that was killed left of the latest wave is destroyed; otherwise it is refused."""
    found = con.execute(
        "SELECT wave_id, state, published_at FROM survey.wave WHERE origin = 'here' ORDER BY opens_at DESC"
    ).fetchone()
    if found is None:
        raise WaveError("survey publish: no survey was opened. Run `outcomes survey open`")
    wave_id, state, published_at = found
    if state == "discarded":
        raise WaveError(f"survey publish: {wave_id} was discarded, and its answers are destroyed")
    if box.form(wave_id) is None:
        raise WaveError(
            f"survey publish: {wave_id} was published on {published_at:%Y-%m-%d}, and its answers are "
            "destroyed. A wave is published once: `outcomes build` puts it on the pages"
        )
    if key_file.exists():
        read_key(key_file, wave_id, box.public_key(wave_id))
    say_ended(con, home.path, wave_id, "published", now)
    _destroy(box, wave_id, key_file)
    return Done(wave_id, False)


def _promised(con: duckdb.DuckDBPyConnection, wave_id: str) -> int:
    """The floor that people were told of before they answered: a lower one may not come after."""
    ((least,),) = con.execute("SELECT least_answers FROM survey.wave WHERE wave_id = ?", [wave_id]).fetchall()
    return int(least)


def _demand_complete(box: Box, wave_id: str, ballots: Sequence[Ballot]) -> None:
    """As many ballots as codes were used: nothing was lost, nothing was put in beside.

    The message has neither number: how many have answered is told in tens until it is published.
    """
    _, cast = box.turnout(wave_id)
    if len(ballots) != cast:
        raise WaveError(
            f"survey publish: {wave_id} has not as many ballots as used codes: something else changed the "
            "box. Nothing is published; put the box back as it was, or run `outcomes survey discard`"
        )


def _destroy(box: Box, wave_id: str, key_file: Path) -> None:
    """The key first: only as long as the box holds the wave can it be told from another one's."""
    try:
        key_file.unlink(missing_ok=True)
    except OSError as trouble:
        box.destroy(wave_id)
        raise WaveError(
            f"{wave_id} is published and its answers are destroyed, but {key_file} cannot be removed "
            f"({trouble.strerror}). Remove it by hand"
        ) from None
    box.destroy(wave_id)


# ---- what every wave goes through, wherever it was asked -----------------------------------------


def published(
    bank: Bank,
    partition: Partition,
    members: Mapping[str, int],
    answers: Sequence[Response],
    k: int,
) -> Publication:
    """The publication of a wave's answers, audited. What is not quarterly asks for more of them."""
    least = k if bank.kind == "quarterly" else max(k, PULSE_LEAST_ANSWERS)
    form = form_of(bank)
    return proven(publish(form, partition, members, answers, least), form, k)


def write_publication(
    con: duckdb.DuckDBPyConnection,
    wave_id: str,
    bank: Bank,
    publication: Publication,
    members: Mapping[str, int] | None,
    answers: Sequence[Response],
    now: datetime,
    broken: frozenset[str],
) -> None:
    """Write all that stays of a wave, inside the caller's transaction: table, units, sums, and its state.

    `members` is None where nobody knows how many people were asked. `broken` are the scopes whose series is
    not drawn on from the wave before.
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
    stated = [asdict(one) for one in _reliability(bank, publication, answers)]
    con.execute(
        "UPDATE survey.wave SET state = 'published', published_at = ?, reliability = ? WHERE wave_id = ?",
        [now, json.dumps(stated), wave_id],
    )


def _reliability(bank: Bank, publication: Publication, answers: Sequence[Response]) -> list[Reliability]:
    """Of the very answers on which the organisation's numbers rest, and only where these are shown.

    Newcomers whose pool is too small are left out of everything; in here they would be the difference.
    """
    counted = {part for unit in publication.partition.units for part in unit.parts}
    withheld = {
        cell.dimension: cell.withheld_reason
        for cell in publication.cells
        if cell.scope_kind == "organisation" and cell.statistic == "score" and cell.withheld_reason
    }
    rows = reliability(bank, [one.answers for one in answers if counted.issuperset(one.unit.split("+"))])
    return [
        Reliability(one.dimension, None, None, dict.fromkeys(one.item_rest), withheld[one.dimension])
        if one.dimension in withheld
        else one
        for one in rows
    ]


def _people(parts: Sequence[str], members: Mapping[str, int] | None) -> int | None:
    """How many were asked in a unit that was merged of planned ones, whose ids are joined by `+`."""
    if members is None:
        return None
    within = set(parts)
    return sum(count for unit, count in members.items() if within.issuperset(unit.split("+")))
