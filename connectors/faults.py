"""Many malformed files, told as one error."""

from collections.abc import Sequence

from connectors.base import InputError

MOST_NAMES = 10


def joined(faults: Sequence[InputError]) -> InputError:
    """The first fault, and the places of the others; of very many, of the first ones."""
    first, *others = faults
    if not others:
        return first
    named = ", ".join(other.where for other in others[:MOST_NAMES])
    further = len(others) - MOST_NAMES
    named += f" and {further} more" if further > 0 else ""
    return InputError(
        first.where,
        first.what,
        f"{first.fix}; also at fault: {named}",
        reason=first.unread[0].reason,
        others=[one for other in others for one in other.unread],
    )


def unreadable(where: str, error: OSError) -> InputError:
    """A file or folder that the system does not let us read."""
    return InputError(where, f"cannot be read ({error.strerror})", "Check that it is there and readable")
