"""A team sees what its survey says two full days before leaders do."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FULL_DAYS = 2


def opens_to_leaders(published_on: date, zone: ZoneInfo) -> datetime:
    """When a survey's results may be shown to leaders: after two full days of the organisation's calendar.

    Surveys are published on a day, not at a time, so the day itself does not count: never less than 48
    hours, but for the hour that a clock is put forward.
    """
    return datetime.combine(published_on + timedelta(days=FULL_DAYS + 1), time(), zone)
