"""What a source has sent and received: counted by its client, read by whoever shows or records it."""

from dataclasses import dataclass, replace


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

    def copy(self) -> "Traffic":
        """The totals as they are now."""
        return replace(self)

    def since(self, earlier: "Traffic") -> "Traffic":
        """What came after `earlier`; the allowance is the present one."""
        return Traffic(
            self.calls - earlier.calls,
            self.bytes_received - earlier.bytes_received,
            self.retries - earlier.retries,
            self.wait_seconds - earlier.wait_seconds,
            self.allowance_left,
        )

    def plus(self, other: "Traffic") -> "Traffic":
        """Both together; the allowance is the later one."""
        return Traffic(
            self.calls + other.calls,
            self.bytes_received + other.bytes_received,
            self.retries + other.retries,
            self.wait_seconds + other.wait_seconds,
            other.allowance_left if other.allowance_left is not None else self.allowance_left,
        )
