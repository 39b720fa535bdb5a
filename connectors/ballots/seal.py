"""The form of a ballot, and its seal: anybody can close one, only the private key opens it.

Every sealed ballot of every wave has the same length, so that neither a comment nor a skipped question
shows. A blank one lies where nobody has voted yet.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

KEY_BYTES = 32
PLAIN_BYTES = 4096
"""What a ballot is filled up to before it is sealed."""
SEALED_BYTES = PLAIN_BYTES + 48
"""The seal adds an ephemeral key (32 bytes) and an authenticator (16)."""
COMMENT_CHARACTERS = 500
POINTS = 5
"""An answer is 1 to this."""


class SealError(Exception):
    """A ballot cannot be sealed or opened. `str()` is one line and holds nothing of the ballot."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """What one person said: no name, no time, no order.

    `answers` maps each item of the wave to 1 to `POINTS`, or to None for "prefer not to say".
    """

    unit: str
    answers: Mapping[str, int | None]
    comment: str | None


def new_keys() -> tuple[bytes, bytes]:
    """A wave's public and private key, 32 bytes each."""
    private = PrivateKey.generate()
    return bytes(private.public_key), bytes(private)


def public_of(private: bytes) -> bytes:
    """The public half of a private key of `KEY_BYTES`."""
    return bytes(PrivateKey(private).public_key)


def seal(public: bytes, ballot: Ballot | None) -> bytes:
    """Close a ballot, or a blank one. Always `SEALED_BYTES` long.

    Raises:
        SealError: the ballot is too long to be hidden among the others.
    """
    plain = _written(ballot)
    if len(plain) > PLAIN_BYTES:
        raise SealError(f"a ballot of {len(plain)} bytes is longer than {PLAIN_BYTES}")
    return bytes(SealedBox(PublicKey(public)).encrypt(plain.ljust(PLAIN_BYTES)))


def longest(unit: str, item_ids: Sequence[str]) -> int:
    """How many bytes the longest ballot of a unit takes before it is sealed."""
    comment = "\N{SMILING FACE WITH OPEN MOUTH}" * COMMENT_CHARACTERS  # 4 bytes each: none takes more
    return len(_written(Ballot(unit, dict.fromkeys(item_ids), comment)))


def open_all(private: bytes, sealed: Iterable[bytes]) -> list[Ballot]:
    """Open the ballots of a wave; blank ones are left out.

    They come sorted by what they hold, so that nothing is left of the order in which they lay.

    Raises:
        SealError: one cannot be opened, or was not sealed by a ballot box.
    """
    box = SealedBox(PrivateKey(private))
    texts: list[bytes] = []
    for one in sealed:
        try:
            texts.append(box.decrypt(one))
        except (CryptoError, ValueError):
            raise SealError(
                "a ballot cannot be opened: the key is another wave's, or the box is damaged. Look for the "
                "right key, or for a sound copy of the box"
            ) from None
    return [ballot for ballot in map(_read, sorted(texts)) if ballot]


def _written(ballot: Ballot | None) -> bytes:
    """The ballot as JSON. Answers are sorted: their order is the page's, and was by chance."""
    content = ballot and {
        "answers": dict(sorted(ballot.answers.items())),
        "comment": ballot.comment,
        "unit": ballot.unit,
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _read(plain: bytes) -> Ballot | None:
    """The ballot in an opened seal. Whoever has the public key can close anything into one."""
    try:
        content = json.loads(plain)
        return None if content is None else _ballot(**content)
    except (ValueError, TypeError, RecursionError):
        raise SealError("a ballot was not made by the ballot box: its content has another form") from None


def _ballot(unit: Any, answers: Any, comment: Any) -> Ballot:
    is_ballot = (
        isinstance(unit, str)
        and isinstance(answers, dict)
        and all(is_answer(one) for one in answers.values())
        and (comment is None or isinstance(comment, str))
    )
    if not is_ballot:
        raise ValueError
    return Ballot(unit, answers, comment)


def is_answer(value: object) -> bool:
    """Whether this is 1 to `POINTS`, or None. True is no 1."""
    return value is None or (type(value) is int and 1 <= value <= POINTS)
