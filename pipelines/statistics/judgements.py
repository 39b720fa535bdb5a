"""The words of verdicts, and which statistics are judged at all."""

from pipelines.statistics.flows import FROM_MERGE

RATES = ["count", "per_week"]
MEDIANS = ["p50", f"p50{FROM_MERGE}"]
RATIOS = ["ratio", "share_over_400"]

TOO_LITTLE = "too_little_data"
NO_CHANGE = "no_clear_change"
FIRST_QUARTER = "first_quarter"


def signals(direction: str) -> tuple[str, str]:
    """The words for a number that went up and for one that went down."""
    return {
        "higher_is_better": ("signal_better", "signal_worse"),
        "lower_is_better": ("signal_worse", "signal_better"),
        "neutral": ("signal_more", "signal_fewer"),
    }[direction]
