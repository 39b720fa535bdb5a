"""When the nightly run is due."""

from datetime import UTC, datetime, time, timedelta

DUE = time(3, 10, tzinfo=UTC)
CRON = f"{DUE.minute} {DUE.hour} * * *"
"""The same, as Dagster's schedule is told; in UTC."""


def next_night(after: datetime) -> datetime:
    """The first moment after an aware one at which the schedule starts a run."""
    due = datetime.combine(after.astimezone(UTC).date(), DUE)
    return due if due > after else due + timedelta(days=1)
