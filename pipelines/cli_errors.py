"""Turns what goes wrong into one line and an exit code: 1 failed, 2 usage, 130 interrupted."""

from pipelines.home import HomeBusyError

FAILED, USAGE, INTERRUPTED = 1, 2, 130


class CommandError(Exception):
    """A command cannot do what was asked; carries its exit code."""

    def __init__(self, message: str, code: int = FAILED) -> None:
        self.code = code
        super().__init__(message)


def describe(failure: Exception) -> tuple[str, int]:
    """One line (several for a configuration with several mistakes) and the exit code."""
    kind = type(failure).__name__
    if isinstance(failure, CommandError):
        return f"error: {failure}", failure.code
    if kind == "ConfigurationError":
        return str(failure), USAGE
    if kind in {"UnknownNameError", "ExportError"}:
        return f"error: {failure}", USAGE
    if isinstance(failure, HomeBusyError) or kind in {
        "WarehouseError",
        "NothingPublishedError",
        "PublicationBlockedError",
    }:
        return f"error: {failure}", FAILED
    first = (str(failure).splitlines() or [""])[0][:200]
    if isinstance(failure, OSError):
        return (
            f"error: {failure.filename or 'the system'}: {failure.strerror or first}. Mend it and run again",
            FAILED,
        )
    return f"error: {kind}: {first}. Run again with --debug and report what it shows", FAILED
