"""Takes a person's names out of what was written, out of its history and out of frozen quarters.

This is the only way in which history and frozen quarters are ever changed. A frozen quarter keeps its
numbers: of its content only texts of the journal are replaced, where they stand whole, and its hash is new.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, select, update

from connectors.journal.database import CHANGE, ENTRY, FROZEN
from connectors.journal.entries import FREE_TEXT

Redact = Callable[[str], str]
ERASURE = "erasure"
"""The kind of the row that each leaves in the history, so that whoever keeps entries reads them again."""


def erase_names(con: Connection, redact: Redact) -> int:
    """Replace every text by what `redact` makes of it; how many entries and frozen ones are others now."""
    known: dict[str, str] = {}
    changed = _erase_in(con, ENTRY, "id", redact, known) | _erase_in(con, CHANGE, "entry_id", redact, known)
    others = {text: left for text, left in known.items() if left != text}
    frozen = con.execute(select(FROZEN)).all()
    return len(changed) + sum(_erase_frozen(con, row, redact, others) for row in frozen)


def _erase_in(con: Connection, table: Table, name: str, redact: Redact, known: dict[str, str]) -> set[str]:
    """Treat the bodies of a table. Returns the entries concerned; `known` gets what became of texts."""
    keys = list(table.primary_key.columns)
    changed = set()
    chosen = select(table.c[name], table.c.body, *keys).where(table.c.body.is_not(None))
    for entry_id, body, *key in con.execute(chosen).all():
        fields: dict[str, Any] = json.loads(body)
        texts = {field: text for field, text in fields.items() if field in FREE_TEXT and text}
        known |= {
            one: _left(one, redact) for text in texts.values() for one in _each(text) if one not in known
        }
        left = fields | {
            field: known[text] if isinstance(text, str) else [known[one] for one in text]
            for field, text in texts.items()
        }
        if left != fields:
            here = [column == value for column, value in zip(keys, key, strict=True)]
            con.execute(update(table).where(*here).values(body=json.dumps(left, ensure_ascii=False)))
            changed.add(entry_id)
    return changed


def _each(text: str | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else text


def _left(text: str, redact: Redact) -> str:
    """What is left of a text, which fits where the text did."""
    return redact(text)[: len(text)].strip() or "-"


def _erase_frozen(con: Connection, row: Any, redact: Redact, others: Mapping[str, str]) -> int:
    content = row.content
    for text, left in others.items():
        for is_ascii in (True, False):
            content = content.replace(
                json.dumps(text, ensure_ascii=is_ascii), json.dumps(left, ensure_ascii=is_ascii)
            )
    reason = redact(row.reason)
    if (content, reason) == (row.content, row.reason):
        return 0
    here = [FROZEN.c[name] == getattr(row, name) for name in ("scope", "quarter", "revision")]
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    con.execute(update(FROZEN).where(*here).values(content=content, sha256=sha256, reason=reason))
    return 1
