"""Turns what goes wrong into one line and an exit code: 1 failed, 2 usage, 130 interrupted."""

import errno
import logging
import sys

import typer

from pipelines.home import HomeBusyError

FAILED, USAGE, INTERRUPTED = 1, 2, 130

ONE_LINE_USAGE = frozenset(
    {"UnknownNameError", "ExportError", "AnnouncementError", "WaveInputError", "NoSuchRevisionError"}
)
ONE_LINE_FAILURES = frozenset(
    {
        "WarehouseError",
        "NothingPublishedError",
        "PublicationBlockedError",
        "ExportFailedError",
        "PlanError",
        "CalendarError",
        "WaveError",
        "BoxError",
        "FormError",
        "SealError",
        "PartitionError",
        "AnswerError",
        "AuditError",
        "CommentsError",
        "JournalError",
        "ReportError",
    }
)
"""Errors whose text is the line to show, by name: importing their modules would take seconds."""

LINES_OF_USAGE = frozenset({"BankError", "RosterError", "SurveyImportError"})
"""Errors whose text has a line to show for each mistake."""

_FIXES = {
    errno.ENOSPC: "Free some space and run again",
    errno.EDQUOT: "Free some space and run again",
    errno.EACCES: "Let this account write there, or name another folder with --home",
    errno.EPERM: "Let this account write there, or name another folder with --home",
    errno.EROFS: "Name a folder that can be written with --home",
    errno.ENOTDIR: "Name another folder with --home",
    errno.EEXIST: "Name another folder with --home",
}


class CommandError(Exception):
    """A command cannot do what was asked; carries its exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        self.code = code
        super().__init__(message)


def describe(failure: Exception) -> tuple[str, int]:
    """One line (several for a file with several mistakes) and the exit code."""
    kind = type(failure).__name__
    if isinstance(failure, CommandError):
        return f"error: {failure}", failure.code
    if kind == "ConfigurationError":
        return str(failure), USAGE
    if kind in ONE_LINE_USAGE | LINES_OF_USAGE:
        lines = str(failure).splitlines() if kind in LINES_OF_USAGE else [str(failure)]
        return "\n".join(f"error: {line}" for line in lines), USAGE
    if isinstance(failure, HomeBusyError) or kind in ONE_LINE_FAILURES:
        return f"error: {failure}", FAILED
    first = (str(failure).splitlines() or [""])[0][:200]
    if isinstance(failure, OSError):
        where = failure.filename or failure.filename2 or "the system"
        fix = _FIXES.get(failure.errno or 0, "Mend it and run again")
        return f"error: {where}: {failure.strerror or first}. {fix}", FAILED
    return f"error: {kind}: {first}. Run again with --debug and report what it shows", FAILED


def describe_usage(wrong: typer.TyperException) -> str:
    """One line for an option, argument or command that does not exist, is missing or misspelt."""
    text = " ".join(wrong.format_message().split()).removesuffix(".").replace("Value error, ", "")
    what = text[:1].lower() + text[1:]
    context = getattr(wrong, "ctx", None)  # every usage error has one
    if context is None:
        return f"error: outcomes: {what}. See `outcomes --help`"
    option = getattr(wrong, "option_name", None)
    root = context.find_root()
    before_the_command = [name for parameter in root.command.params for name in parameter.opts]
    if context is not root and option in before_the_command:
        what = f"no such option: {option}"
        fix = f"It stands before the command: outcomes {option} … {context.info_name}"
    else:
        fix = f"See `{context.command_path} --help`"
    return f"error: {context.command_path}: {what}{'' if what.endswith('?') else '.'} {fix}"


def quiet_libraries(*, debug: bool) -> None:
    """Keep what libraries log off the terminal; with `--debug` it is shown.

    What matters of it this project says itself, in one line. Without any handler Python would write
    warnings and errors of every library to stderr.
    """
    if debug:
        logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    else:
        logging.basicConfig(handlers=[logging.NullHandler()])
