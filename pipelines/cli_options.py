"""What the command line takes: its choices, the options before the command, and days and moments."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.cli_errors import USAGE, CommandError
from pipelines.home import Home


class LogFormat(StrEnum):
    """How progress is written."""

    text = "text"
    json = "json"


class AnswerFormat(StrEnum):
    """How an answer is written."""

    table = "table"
    json = "json"
    csv = "csv"


class TableFormat(StrEnum):
    """How an answer that is no table of numbers is written."""

    table = "table"
    json = "json"


class RunFormat(StrEnum):
    """How a run reports."""

    text = "text"
    json = "json"


class ExportFormat(StrEnum):
    """The files of an export."""

    parquet = "parquet"
    csv = "csv"


class ReportFormat(StrEnum):
    """The file of a report."""

    pdf = "pdf"
    markdown = "markdown"
    html = "html"


class Grain(StrEnum):
    """The length of a period."""

    day = "day"
    week = "week"
    month = "month"
    quarter = "quarter"


@dataclass(slots=True)
class Options:
    """The options that stand before the command."""

    config: Path
    home: Home
    debug: bool
    log_format: str


def utc(text: str, option: str, zone: str) -> datetime:
    """A moment, which must say its offset, or a day, which begins in the organisation's `zone`, as UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(
            f"{option} {text}: not a date. Write 2026-10-01 or 2026-10-01T06:00:00Z", USAGE
        ) from None
    if moment.tzinfo is None:
        if len(text) > len("2026-10-01"):
            raise CommandError(f"{option} {text}: has no offset. End it with Z or +02:00", USAGE)
        moment = moment.replace(tzinfo=ZoneInfo(zone))
    return moment.astimezone(UTC)


def day(text: str | None, option: str) -> date | None:
    """A day, or None where the option was left out."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise CommandError(f"{option} {text}: not a date. Write it as 2026-10-01", USAGE) from None
