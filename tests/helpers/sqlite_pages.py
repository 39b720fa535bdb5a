"""What lies where in a SQLite file, read from its bytes as https://www.sqlite.org/fileformat2.html says.

For tables WITHOUT ROWID: it sees what SQL does not show, the places of rows within pages.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cell:
    """A row: where its cell begins, the pages into which it flows over, its columns, and its bytes' places."""

    page: int
    offset: int
    overflow: tuple[int, ...]
    values: tuple[object, ...]
    places: tuple[tuple[int, int], ...]
    """Of its content: from (inclusive) to (exclusive), from the beginning of the file."""


def cells(path: Path, table: str) -> list[Cell]:
    """The rows of a table, in the order of their keys."""
    with closing(sqlite3.connect(path)) as con:
        (root,) = con.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchone()
    content = path.read_bytes()
    return list(_walk(content, int.from_bytes(content[16:18], "big"), root))


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(9):
        byte = content[at + n]
        if n == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + n + 1
    raise AssertionError


def _walk(content: bytes, size: int, page: int) -> Iterator[Cell]:
    start = (page - 1) * size
    is_interior = {0x02: True, 0x0A: False}[content[start]]
    count = int.from_bytes(content[start + 3 : start + 5], "big")
    pointers = start + (12 if is_interior else 8)
    for i in range(count):
        offset = int.from_bytes(content[pointers + 2 * i : pointers + 2 * i + 2], "big")
        at = start + offset
        if is_interior:
            yield from _walk(content, size, int.from_bytes(content[at : at + 4], "big"))
            at += 4
        yield _cell(content, size, page, offset, at)
    if is_interior:
        yield from _walk(content, size, int.from_bytes(content[start + 8 : start + 12], "big"))


def _cell(content: bytes, size: int, page: int, offset: int, at: int) -> Cell:
    length, at = _varint(content, at)
    most, least = (size - 12) * 64 // 255 - 23, (size - 12) * 32 // 255 - 23
    local = least + (length - least) % (size - 4)
    local = length if length <= most else local if local <= most else least
    places, overflow = [(at, at + local)], []
    following = int.from_bytes(content[at + local : at + local + 4], "big") if local < length else 0
    left = length - local
    while following:
        overflow.append(following)
        begin = (following - 1) * size
        taken = min(left, size - 4)
        places.append((begin + 4, begin + 4 + taken))
        left -= taken
        following = int.from_bytes(content[begin : begin + 4], "big")
    payload = b"".join(content[a:b] for a, b in places)
    return Cell(page, offset, tuple(overflow), _record(payload), tuple(places))


def _record(payload: bytes) -> tuple[object, ...]:
    header, at = _varint(payload, 0)
    body, values = header, []
    while at < header:
        kind, at = _varint(payload, at)
        width = (kind - 12) // 2 if kind >= 12 else (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)[kind]
        piece = payload[body : body + width]
        if kind in {8, 9}:
            values.append(kind - 8)
        elif kind >= 12:
            values.append(piece if kind % 2 == 0 else piece.decode())
        else:
            values.append(int.from_bytes(piece, "big"))
        body += width
    return tuple(values)
