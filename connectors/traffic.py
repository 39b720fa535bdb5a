"""What a source has sent and received: counted by its client, read by whoever shows or records it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class Traffic:
    """The totals of one source since it was created.

    Only the thread that fetches writes it; others may read a total that is a moment old.
    """

    calls: int = 0
    """Requests sent, retries included."""
    bytes_received: int = 0
    """Bodies of answers, after decompression."""
    retries: int = 0
    wait_seconds: float = 0.0
    """Spent waiting between tries and for limits."""
    allowance_left: int | None = None
    """Requests or points left until the limit renews; None where the server tells none."""
    waiting_until: datetime | None = None
    """The end of the wait that is going on; None while there is none."""

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Count a wait, and let others see until when it lasts while it does."""
        self.wait_seconds += seconds
        self.waiting_until = datetime.now(UTC) + timedelta(seconds=seconds)
        try:
            yield
        finally:
            self.waiting_until = None

    def copy(self) -> "Traffic":
        """The totals as they are now."""
        return replace(self)

    def since(self, earlier: "Traffic") -> "Traffic":
        """What came after `earlier`; allowance and wait are the present ones."""
        return Traffic(
            self.calls - earlier.calls,
            self.bytes_received - earlier.bytes_received,
            self.retries - earlier.retries,
            self.wait_seconds - earlier.wait_seconds,
            self.allowance_left,
            self.waiting_until,
        )

    def plus(self, other: "Traffic") -> "Traffic":
        """Both together; allowance and wait are the later ones."""
        return Traffic(
            self.calls + other.calls,
            self.bytes_received + other.bytes_received,
            self.retries + other.retries,
            self.wait_seconds + other.wait_seconds,
            other.allowance_left if other.allowance_left is not None else self.allowance_left,
            other.waiting_until,
        )
