"""A wave as the box takes it up: what it must be, and how its times are kept."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.ballots.form import Form, FormError, read_form
from connectors.ballots.seal import KEY_BYTES, PLAIN_BYTES, longest

LEAST_SALT_BYTES = 16


class BoxError(Exception):
    """The box cannot do what it is asked. `str()` is one line: what happened and what to do."""


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


def form_of(wave: Wave) -> Form:
    """The wave's form, once everything of it fits.

    Raises:
        BoxError: something does not.
    """
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


def as_text(time: datetime) -> str:
    """A time as text that sorts as it should."""
    return _utc(time).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
