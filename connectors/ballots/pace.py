"""How fast codes may be tried, without looking at who tries them."""

import time
from collections.abc import Callable

PER_SECOND = 50.0
AT_ONCE = 500.0


class Pace:
    """Lets so many refused codes a second through, all callers together: no address is looked at or kept.

    80 random bits cannot be guessed at any pace; this bounds what trying costs the server. Codes that
    are accepted use nothing up, so that a whole office behind one address can answer in one minute.

    Args:
        per_second: what is regained.
        at_once: the most that can be saved up.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        per_second: float = PER_SECOND,
        at_once: float = AT_ONCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._per_second = per_second
        self._most = at_once
        self._clock = clock
        self._left, self._at = at_once, clock()

    def is_through(self) -> bool:
        """Whether a code may be tried now."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        return self._left >= 1

    def refused(self) -> None:
        """A code was refused."""
        self._left -= 1
