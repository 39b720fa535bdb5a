"""One-time codes: what a person types or scans to answer once. Only their hashes are kept."""

import hmac
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base32: no I, L and O, which are read as 1, 1 and 0, and no U."""
CHARACTERS = 16
"""Of 5 bits each: 80 bits, so that a million guesses a second for a year find none of 10,000 codes."""
_FORGIVEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None})


def new_code() -> str:
    """A code by chance, in groups of four: `7K3M-Q2ZD-0V8R-XW5T`."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(CHARACTERS))
    return "-".join(letters[i : i + 4] for i in range(0, CHARACTERS, 4))


def read_code(text: str) -> str:
    """The 16 characters of a code as somebody typed it: case, spaces, dashes, O and I and L do not matter.

    Raises:
        ValueError: this cannot be a code. The message does not repeat it.
    """
    letters = "".join(text.split()).upper().translate(_FORGIVEN)
    if len(letters) != CHARACTERS or not set(letters) <= set(ALPHABET):
        raise ValueError(f"a code has {CHARACTERS} letters and digits")
    return letters


def hash_of(wave_salt: bytes, code: str) -> bytes:
    """The 32 bytes that are kept of a code: HMAC-SHA-256 under the wave's salt.

    Raises:
        ValueError: this cannot be a code.
    """
    return hmac.digest(wave_salt, read_code(code).encode("ascii"), "sha256")
