"""What is wrong with a survey's file, told by row and column and never by what stands there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

MOST_LINES = 20
"""A file with more mistakes is wrong as a whole: reading on would tell nothing new."""


class SurveyImportError(Exception):
    """A survey's file cannot be taken. `str()` has one line per mistake, each with its file."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))

    @classmethod
    def of(cls, path: Path, what: str, fix: str) -> "SurveyImportError":
        """The error with one mistake of a file."""
        return cls([f"{path}: {what}. {fix}"])


@dataclass(slots=True)
class Faults:
    """The mistakes of a file, gathered. The same mistake in several rows is told once.

    Neither an answer nor a respondent's key is ever part of a line: only where it stands.
    """

    path: Path
    _found: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)

    def add(self, row: int, where: str, what: str, fix: str, same: str = "") -> None:
        """Note a mistake.

        Args:
            row: where it is, counted as a spreadsheet program counts.
            where: the column, or nothing.
            what: what is wrong.
            fix: what to do.
            same: what equal mistakes have in common, such as the text that is not known. It is not told.
        """
        self._found.setdefault((where, f"{what}. {fix}", same), []).append(row)

    def refuse_if_any(self) -> None:
        """Raise `SurveyImportError` where there were mistakes: then no row is taken."""
        if not self._found:
            return
        found = sorted((rows, where, text) for (where, text, _), rows in self._found.items())
        lines = [f"{self.path}: {_rows(rows)}{where}: {text}" for rows, where, text in found[:MOST_LINES]]
        if len(found) > MOST_LINES:
            fix = "Mend these first"
            lines.append(f"{self.path}: {len(found) - MOST_LINES} more mistakes like these. {fix}")
        raise SurveyImportError(lines)


def _rows(rows: list[int]) -> str:
    more = len(rows) - 1
    also = f" and {more} more {'row' if more == 1 else 'rows'}" if more else ""
    return f"row {rows[0]}{also}"
