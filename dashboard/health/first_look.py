"""A team sees what its survey says two full days before leaders do."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dashboard import snapshot, snapshot_survey, words

FULL_DAYS = 2


def opens(path: str, wave: str) -> datetime | None:
    """When a survey is everybody's; None where none of this name was published."""
    published = dict(snapshot_survey.waves(path).select("wave_id", "published_on").iter_rows()).get(wave)
    return opens_to_leaders(published, snapshot.run(path).zone) if published else None


def opens_to_leaders(published_on: date, zone: ZoneInfo) -> datetime:
    """When a survey's results may be shown to leaders: after two full days of the organisation's calendar.

    Surveys are published on a day, not at a time, so the day itself does not count: never less than 48
    hours, but for the hour that a clock is put forward.
    """
    return datetime.combine(published_on + timedelta(days=FULL_DAYS + 1), time(), zone)


def until(path: str, wave: str) -> str:
    """Who sees a survey now, and when everybody will, in a sentence."""
    opens_at = opens(path, wave)
    when = f" on {words.moment(opens_at)}" if opens_at else ""
    return f"The teams have the first look at this survey. It opens to everybody{when}."
