"""The box itself: a SQLite file with the open waves, the hashes of their codes, and sealed ballots.

**Why the order of votes cannot be read from the file.** SQLite lays rows into a page in the order in
which they are written, so a row per vote would tell who came when, and match codes to ballots. Here
nothing is inserted or deleted while a wave is open. When the codes are made, the box lays a blank
ballot for each, codes and ballots in the order of their random keys. A vote picks one of the blanks by
chance and *overwrites* it with a ballot of the same length, and marks its code by a value of the same
length, in one transaction. What the file shows is which codes were used and which ballots are filled:
two sets, and nothing that leads from one to the other.

A vote's rollback journal names both until it is deleted a moment later, as a copy of the file taken
before and another one taken after it do: an operator who watches the files while people answer can
match them, and cannot read them without the private key. People are told so before they answer.
"""

import json
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from connectors.ballots.answers import BadAnswer, require_answers, require_comment
from connectors.ballots.ballot_file import BallotFile
from connectors.ballots.codes import hash_of
from connectors.ballots.seal import Ballot, seal
from connectors.ballots.wave import BoxError, Wave, as_text, form_of

__all__ = ["REFUSED", "BadAnswer", "Box", "BoxError", "Place", "Refused", "Wave"]

REFUSED = (
    "This code cannot be used, or not any more. Please compare it with your slip, "
    "or ask whoever gave it to you."
)
_NO_CODE = "0" * 16


class Refused(Exception):
    """A code that opens nothing: used, made up, another survey's, too early or too late: never said which."""

    def __init__(self) -> None:
        super().__init__(REFUSED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a code belongs: its wave, and its unit as the person is shown it."""

    wave: str
    unit_name: str


@dataclass(frozen=True, slots=True)
class _Opening:
    """What deciding about a code needs of a wave."""

    id: str
    public_key: bytes
    salt: bytes
    is_open: bool
    item_ids: tuple[str, ...]
    asks_comment: bool


class Box:
    """The ballot box in a file, made where it is missing. Several processes may use it at once.

    Args:
        path: `ballots.sqlite` in the home folder.

    Raises:
        BoxError: from each method, where the file cannot be used or what is asked does not fit.
    """

    def __init__(self, path: Path) -> None:
        self._file = BallotFile(path)

    # --- before a wave

    def open_wave(self, wave: Wave) -> None:
        """Take up a wave; codes are added next."""
        form = form_of(wave)
        asks_comment = any(words.comment_question is not None for words in form.languages.values())
        with self._file.writing() as con:
            if con.execute("SELECT 1 FROM wave WHERE id = ?", [wave.id]).fetchone():
                raise BoxError(f"wave {wave.id} is in the box already. Close it, or open another")
            con.execute(
                "INSERT INTO wave VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
                [
                    wave.id,
                    wave.title,
                    wave.public_key,
                    wave.salt,
                    as_text(wave.opens_at),
                    as_text(wave.closes_at),
                    form.public_bytes(),
                    json.dumps(wave.item_ids),
                    asks_comment,
                ],
            )
            units = sorted((wave.id, unit, name) for unit, name in form.units.items())
            con.executemany("INSERT INTO unit VALUES (?, ?, ?)", units)

    def add_codes(self, wave_id: str, codes: Sequence[tuple[bytes, str]]) -> None:
        """Take the (hash, unit) of every code, and lay a sealed blank for each. Once for a wave.

        Both are laid in the order of their keys, which are random: nothing is left of the given order.
        """
        with self._file.writing() as con:
            wave = _opening(con, wave_id)
            if con.execute("SELECT 1 FROM wave WHERE id = ? AND closed_at NOTNULL", [wave_id]).fetchone():
                raise BoxError(f"wave {wave_id} is closed, and no code of it could be used. Open another")
            if con.execute("SELECT 1 FROM code WHERE wave = ? LIMIT 1", [wave_id]).fetchone():
                raise BoxError(f"wave {wave_id} has its codes already. They are made once")
            known = {unit for (unit,) in con.execute("SELECT id FROM unit WHERE wave = ?", [wave_id])}
            if len({code for code, _ in codes}) < len(codes) or not {unit for _, unit in codes} <= known:
                raise BoxError("a code comes twice or its unit is not in the form. Make them of the plan")
            con.executemany(
                "INSERT INTO code VALUES (?, ?, ?, 0)", sorted((wave_id, code, unit) for code, unit in codes)
            )
            keys = sorted(secrets.token_bytes(16) for _ in codes)
            con.executemany(
                "INSERT INTO ballot VALUES (?, ?, 0, ?)",
                ((wave_id, key, seal(wave.public_key, None)) for key in keys),
            )

    def salt(self, wave_id: str) -> bytes:
        """What the wave's codes are hashed with."""
        with self._file.opened() as con:
            return _opening(con, wave_id).salt

    def public_key(self, wave_id: str) -> bytes:
        """What the wave's ballots are sealed to."""
        with self._file.opened() as con:
            return _opening(con, wave_id).public_key

    # --- while people answer

    def form(self, wave_id: str) -> bytes | None:
        """The form as everybody may read it, as JSON; None for a wave that is not in the box."""
        with self._file.opened() as con:
            row = con.execute("SELECT form FROM wave WHERE id = ?", [wave_id]).fetchone()
        return row[0] if row else None

    def place_of(self, code: str, now: datetime) -> Place:
        """Where a code that can still be used belongs. Every other takes the same steps to find out.

        Raises:
            Refused: the code opens nothing now.
        """
        with self._file.opened() as con:
            con.execute("BEGIN")
            waves = [wave for (wave,) in con.execute("SELECT id FROM wave ORDER BY id").fetchall()]
            found = [(wave, _unit_of(con, _opening(con, wave, now), code)) for wave in waves]
            units = con.execute("SELECT wave, id, name FROM unit").fetchall()
        names = {(wave, unit): name for wave, unit, name in units}
        for wave, unit in found:
            if unit is not None:
                return Place(wave, names[wave, unit])
        raise Refused

    def cast(
        self, wave_id: str, code: str, answers: Mapping[str, object], comment: object, now: datetime
    ) -> None:
        """Put one ballot in: it is on disk when this returns. All or nothing.

        Args:
            wave_id: from `place_of`.
            code: as it was typed.
            answers: exactly the wave's items, each 1 to 5, or None for "prefer not to say".
            comment: up to 500 characters, or None.
            now: the time, in UTC.

        Raises:
            Refused: the code opens nothing now.
            BadAnswer: something is wrong with the answer; the code can still be used.
        """
        with self._file.writing() as con:
            if not con.execute("SELECT 1 FROM wave WHERE id = ?", [wave_id]).fetchone():
                raise Refused
            wave = _opening(con, wave_id, now)
            unit = _unit_of(con, wave, code)
            if unit is None:
                raise Refused
            given = require_answers(answers, wave.item_ids)
            said = require_comment(comment, is_asked=wave.asks_comment)
            sealed = seal(wave.public_key, Ballot(unit, given, said))
            free = con.execute("SELECT key FROM ballot WHERE wave = ? AND is_cast = 0", [wave_id]).fetchall()
            key = secrets.choice(free)[0]
            con.execute(
                "UPDATE ballot SET is_cast = 1, sealed = ? WHERE wave = ? AND key = ?", [sealed, wave_id, key]
            )
            con.execute(
                "UPDATE code SET is_cast = 1 WHERE wave = ? AND hash = ?", [wave_id, hash_of(wave.salt, code)]
            )

    def turnout(self, wave_id: str) -> tuple[int, int]:
        """How many codes there are, and how many were used. To be shown in tens while the wave is open."""
        with self._file.opened() as con:
            _opening(con, wave_id)
            row = con.execute(
                "SELECT count(*), coalesce(sum(is_cast), 0) FROM code WHERE wave = ?", [wave_id]
            ).fetchone()
        return row[0], row[1]

    # --- after a wave

    def close(self, wave_id: str, now: datetime) -> None:
        """Take no more answers, before `closes_at` too. A second time nothing changes."""
        with self._file.writing() as con:
            _opening(con, wave_id)
            con.execute(
                "UPDATE wave SET closed_at = ? WHERE id = ? AND closed_at IS NULL", [as_text(now), wave_id]
            )

    def sealed(self, wave_id: str) -> list[bytes]:
        """Every ballot of a closed wave, the blank ones too, in the order of their random keys."""
        with self._file.opened() as con:
            _opening(con, wave_id)
            if con.execute("SELECT closed_at FROM wave WHERE id = ?", [wave_id]).fetchone() == (None,):
                raise BoxError(f"wave {wave_id} is open. Close it first")
            rows = con.execute("SELECT sealed FROM ballot WHERE wave = ? ORDER BY key", [wave_id]).fetchall()
        return [sealed for (sealed,) in rows]

    def destroy(self, wave_id: str) -> None:
        """Overwrite everything about a closed wave with zeros. A wave that is not in the box is destroyed."""
        with self._file.writing() as con:
            if con.execute("SELECT closed_at FROM wave WHERE id = ?", [wave_id]).fetchone() == (None,):
                raise BoxError(f"wave {wave_id} is open. Close it first")
            for table in ("ballot", "code", "unit"):
                con.execute(f"DELETE FROM {table} WHERE wave = ?", [wave_id])
            con.execute("DELETE FROM wave WHERE id = ?", [wave_id])


def _opening(con: sqlite3.Connection, wave_id: str, now: datetime | None = None) -> _Opening:
    row = con.execute(
        "SELECT public_key, salt, closed_at IS NULL AND opens_at <= ? AND ? < closes_at,"
        " item_ids, asks_comment FROM wave WHERE id = ?",
        [as_text(now) if now else "", as_text(now) if now else "", wave_id],
    ).fetchone()
    if row is None:
        raise BoxError(f"wave {wave_id} is not in the box. Put its ballots.sqlite back, or give it up")
    public_key, salt, is_open, item_ids, asks_comment = row
    return _Opening(wave_id, public_key, salt, bool(is_open), tuple(json.loads(item_ids)), bool(asks_comment))


def _unit_of(con: sqlite3.Connection, wave: _Opening, code: str) -> str | None:
    """The unit of a code that can be used now. What is no code at all takes as long as any other."""
    try:
        wanted = hash_of(wave.salt, code)
    except ValueError:
        wanted = hash_of(wave.salt[::-1], _NO_CODE)
    row = con.execute("SELECT unit, is_cast FROM code WHERE wave = ? AND hash = ?", [wave.id, wanted])
    unit, is_cast = row.fetchone() or (None, 1)
    return unit if wave.is_open and not is_cast else None
