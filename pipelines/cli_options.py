"""The choices that the command line offers."""

from enum import StrEnum


class LogFormat(StrEnum):
    """How progress is written."""

    text = "text"
    json = "json"


class AnswerFormat(StrEnum):
    """How an answer is written."""

    table = "table"
    json = "json"
    csv = "csv"


class RunFormat(StrEnum):
    """How a run reports."""

    text = "text"
    json = "json"


class ExportFormat(StrEnum):
    """The files of an export."""

    parquet = "parquet"
    csv = "csv"


class Grain(StrEnum):
    """The length of a period."""

    day = "day"
    week = "week"
    month = "month"
    quarter = "quarter"
