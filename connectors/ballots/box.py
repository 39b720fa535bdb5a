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
import os
import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from connectors.ballots.codes import hash_of
from connectors.ballots.form import Form, FormError, read_form
from connectors.ballots.seal import (
    COMMENT_CHARACTERS,
    KEY_BYTES,
    PLAIN_BYTES,
    POINTS,
    Ballot,
    is_answer,
    longest,
    seal,
)

BUSY_SECONDS = 10.0
"""How long a vote waits for others that are being written."""
LEAST_SALT_BYTES = 16
FORMAT = 1
"""Of the file; kept in its `user_version`."""
REFUSED = "This code cannot be used, or not any more. Please compare it with your slip, or ask whoever gave it to you."
_NO_CODE = "0" * 16

_TABLES = (
    """CREATE TABLE IF NOT EXISTS wave (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, public_key BLOB NOT NULL, salt BLOB NOT NULL,
        opens_at TEXT NOT NULL, closes_at TEXT NOT NULL, closed_at TEXT, form BLOB NOT NULL,
        item_ids TEXT NOT NULL, asks_comment INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS unit (
        wave TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (wave, id)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS code (
        wave TEXT NOT NULL, hash BLOB NOT NULL, unit TEXT NOT NULL, is_cast INTEGER NOT NULL,
        PRIMARY KEY (wave, hash)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS ballot (
        wave TEXT NOT NULL, key BLOB NOT NULL, is_cast INTEGER NOT NULL, sealed BLOB NOT NULL,
        PRIMARY KEY (wave, key)
    ) WITHOUT ROWID""",
)


class BoxError(Exception):
    """The box cannot do what it is asked. `str()` is one line: what happened and what to do."""


class Refused(Exception):
    """A code that opens nothing: used, made up, of another survey, too early or too late. It never says which."""

    def __init__(self) -> None:
        super().__init__(REFUSED)


class BadAnswer(Exception):
    """An answer that no page of ours sends. `str()` is one line; the code is not used up."""


@dataclass(frozen=True, slots=True)
class Wave:
    """A survey that people can answer.

    Args:
        id: such as `2026-Q3`; letters, digits, dots, dashes and underscores.
        title: what people call it.
        public_key: ballots are sealed to it; see `seal.new_keys`.
        salt: of its codes' hashes; 16 random bytes or more.
        opens_at: answers are taken from here on (UTC).
        closes_at: and before this.
        form: see `form.Form.to_bytes`.
        item_ids: what every answer has exactly.
    """

    id: str
    title: str
    public_key: bytes
    salt: bytes
    opens_at: datetime
    closes_at: datetime
    form: bytes
    item_ids: tuple[str, ...]


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
        self._path = path

    # --- before a wave

    def open_wave(self, wave: Wave) -> None:
        """Take up a wave; codes are added next."""
        form = _require_sound(wave)
        asks_comment = any(words.comment_question is not None for words in form.languages.values())
        with self._writing() as con:
            if con.execute("SELECT 1 FROM wave WHERE id = ?", [wave.id]).fetchone():
                raise BoxError(f"wave {wave.id} is in the box already. Close it, or open another")
            con.execute(
                "INSERT INTO wave VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)",
                [
                    wave.id,
                    wave.title,
                    wave.public_key,
                    wave.salt,
                    _text(wave.opens_at),
                    _text(wave.closes_at),
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
        with self._writing() as con:
            wave = _opening(con, wave_id)
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

    # --- while people answer

    def form(self, wave_id: str) -> bytes | None:
        """The form as everybody may read it, as JSON; None for a wave that is not in the box."""
        with self._opened() as con:
            row = con.execute("SELECT form FROM wave WHERE id = ?", [wave_id]).fetchone()
        return row[0] if row else None

    def place_of(self, code: str, now: datetime) -> Place:
        """Where a code that can still be used belongs. Every other takes the same steps to find out.

        Raises:
            Refused: the code opens nothing now.
        """
        with self._opened() as con:
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
        with self._writing() as con:
            if not con.execute("SELECT 1 FROM wave WHERE id = ?", [wave_id]).fetchone():
                raise Refused
            wave = _opening(con, wave_id, now)
            unit = _unit_of(con, wave, code)
            if unit is None:
                raise Refused
            sealed = seal(wave.public_key, _ballot(wave, unit, answers, comment))
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
        with self._opened() as con:
            _opening(con, wave_id)
            row = con.execute(
                "SELECT count(*), coalesce(sum(is_cast), 0) FROM code WHERE wave = ?", [wave_id]
            ).fetchone()
        return row[0], row[1]

    # --- after a wave

    def close(self, wave_id: str, now: datetime) -> None:
        """Take no more answers, before `closes_at` too. A second time nothing changes."""
        with self._writing() as con:
            _opening(con, wave_id)
            con.execute(
                "UPDATE wave SET closed_at = ? WHERE id = ? AND closed_at IS NULL", [_text(now), wave_id]
            )

    def sealed(self, wave_id: str) -> list[bytes]:
        """Every ballot of a closed wave, the blank ones too, in the order of their random keys."""
        with self._opened() as con:
            _opening(con, wave_id)
            if con.execute("SELECT closed_at FROM wave WHERE id = ?", [wave_id]).fetchone() == (None,):
                raise BoxError(f"wave {wave_id} is open. Close it first")
            rows = con.execute("SELECT sealed FROM ballot WHERE wave = ? ORDER BY key", [wave_id]).fetchall()
        return [sealed for (sealed,) in rows]

    def destroy(self, wave_id: str) -> None:
        """Overwrite everything about a closed wave with zeros. A wave that is not in the box is destroyed."""
        with self._writing() as con:
            if con.execute("SELECT closed_at FROM wave WHERE id = ?", [wave_id]).fetchone() == (None,):
                raise BoxError(f"wave {wave_id} is open. Close it first")
            for table in ("ballot", "code", "unit"):
                con.execute(f"DELETE FROM {table} WHERE wave = ?", [wave_id])
            con.execute("DELETE FROM wave WHERE id = ?", [wave_id])

    # --- the file

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """A connection that leaves no copies behind: no write-ahead log, no temporary file, no remains."""
        try:
            self._make()
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as con:
                con.execute("PRAGMA journal_mode = DELETE")
                con.execute("PRAGMA synchronous = EXTRA")  # a vote that was taken outlives a power cut
                con.execute("PRAGMA secure_delete = ON")
                con.execute("PRAGMA temp_store = MEMORY")
                _require_format(con)
                yield con
        except (sqlite3.Error, OSError) as trouble:
            raise BoxError(
                f"{self._path.name}: cannot be used ({type(trouble).__name__}). Look at the home folder"
            ) from None

    def _make(self) -> None:
        """Make the file where it is missing, for its owner alone; SQLite gives its journal the same mode."""
        if not self._path.exists():
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is alone from its beginning."""
        with self._opened() as con:
            con.execute("BEGIN IMMEDIATE")
            try:
                yield con
            except BaseException:
                con.execute("ROLLBACK")
                raise
            con.execute("COMMIT")


def _require_format(con: sqlite3.Connection) -> None:
    """Lay out an empty file; refuse one of another kind."""
    (version,) = con.execute("PRAGMA user_version").fetchone()
    if version == FORMAT:
        return
    con.execute("BEGIN IMMEDIATE")
    (version,) = con.execute("PRAGMA user_version").fetchone()  # another process may have been faster
    is_empty = not con.execute("SELECT 1 FROM sqlite_schema").fetchone()
    if version != FORMAT and not (version == 0 and is_empty):
        con.execute("ROLLBACK")
        raise BoxError("the ballot box is of another version. Publish its waves with that one")
    for table in _TABLES:
        con.execute(table)
    con.execute(f"PRAGMA user_version = {FORMAT}")
    con.execute("COMMIT")


def _opening(con: sqlite3.Connection, wave_id: str, now: datetime | None = None) -> _Opening:
    row = con.execute(
        "SELECT public_key, salt, closed_at IS NULL AND opens_at <= ? AND ? < closes_at, item_ids, asks_comment"
        " FROM wave WHERE id = ?",
        [_text(now) if now else "", _text(now) if now else "", wave_id],
    ).fetchone()
    if row is None:
        raise BoxError(f"wave {wave_id} is not in the box. Open it first")
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


def _ballot(wave: _Opening, unit: str, answers: Mapping[str, object], comment: object) -> Ballot:
    """The ballot, as far as it is one."""
    if answers.keys() != set(wave.item_ids):
        raise BadAnswer("the answers are not exactly those to the questions of this survey")
    if not all(is_answer(one) for one in answers.values()):
        raise BadAnswer(f"an answer is not a whole number from 1 to {POINTS}, or null")
    if comment is not None and not wave.asks_comment:
        raise BadAnswer("this survey asks for no comment")
    given = {item: one for item, one in answers.items() if one is None or isinstance(one, int)}
    return Ballot(unit, given, _comment(comment))


def _comment(comment: object) -> str | None:
    """The comment as it is kept; None where nothing is written."""
    if comment is None:
        return None
    if not isinstance(comment, str) or len(comment) > COMMENT_CHARACTERS:
        raise BadAnswer(f"the comment is not a text of up to {COMMENT_CHARACTERS} characters")
    if any(unicodedata.category(one) in {"Cc", "Cs"} and one not in "\n\r\t" for one in comment):
        raise BadAnswer("the comment holds characters that are no text")
    return comment.strip() or None


def _require_sound(wave: Wave) -> Form:
    """The wave's form, once everything of it fits."""
    try:
        form = read_form(wave.form)
    except FormError as fault:
        raise BoxError(f"wave {wave.id}: {fault}") from None
    asked = next(iter(form.languages.values())).item_ids()
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", wave.id) or form.wave != wave.id:
        raise BoxError(
            f"wave {wave.id!r}: the id cannot be used, or the form has another. Use letters and digits"
        )
    if len(wave.public_key) != KEY_BYTES or len(wave.salt) < LEAST_SALT_BYTES:
        raise BoxError(f"wave {wave.id}: the public key or the salt is too short. Make them anew")
    if not _utc(wave.opens_at) < _utc(wave.closes_at) == _utc(form.closes_at):
        raise BoxError(f"wave {wave.id}: it must close after it opens, and when its form says so")
    if sorted(asked) != sorted(wave.item_ids):
        raise BoxError(f"wave {wave.id}: its form asks other items. Make both of one bank")
    too_long = [unit for unit in form.units if longest(unit, wave.item_ids) > PLAIN_BYTES]
    if too_long or not form.units:
        raise BoxError(f"wave {wave.id}: a unit's id is too long, there are too many questions, or no unit")
    return form


def _utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise BoxError("a time has no zone. Give it in UTC")
    return time.astimezone(UTC)


def _text(time: datetime) -> str:
    """A time as text that sorts as it should."""
    return _utc(time).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
