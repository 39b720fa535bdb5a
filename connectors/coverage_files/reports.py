"""Reads one coverage report: Cobertura XML, LCOV, or the JSON of coverage.py.

What kind of report a file is stands in its first characters, not in its name. XML is read as a stream,
with entities refused. Errors name the file and never show what it holds.
"""

import json
import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from connectors.base import InputError
from connectors.faults import unreadable

MOST_BYTES = 64 * 2**20
KNOWN = "Drop Cobertura XML, LCOV or coverage.py's JSON"
AGAIN = "Let its pipeline write the report again"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Lines = dict[int, bool]
"""Coverable line → whether a test ran it."""


class _OtherKindError(ValueError):
    """A file is something else than a coverage report; `str()` says what."""


class _ImpossibleError(ValueError):
    """A report counts what cannot be."""


@dataclass(slots=True)
class Report:
    """What a report says: lines by file where it lists them, else only how many there are.

    Names of files begin in the folder `root`, where the report tells one.
    """

    root: str = ""
    lines: dict[str, Lines] = field(default_factory=lambda: defaultdict(dict))
    covered: int = 0
    coverable: int = 0
    produced_at: datetime | None = None

    def add(self, file: str, line: int, *, is_covered: bool) -> None:
        """A line that is listed twice is covered where one of both says so."""
        lines = self.lines[file]
        lines[line] = lines.get(line, False) or is_covered


def read_report(place: str, path: Path) -> Report:
    """Read one file.

    Args:
        place: the file as errors call it.
        path: where it is.

    Raises:
        InputError: it cannot be read, is too large, of an unknown kind, or malformed.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(1024).removeprefix(BYTE_ORDER_MARK).lstrip()
        if size > MOST_BYTES:
            what = f"is larger than {MOST_BYTES // 2**20} MiB"
            raise InputError(place, what, "Split the report by package")
        return _reader(start)(path)
    except OSError as error:
        raise unreadable(place, error) from None
    except _OtherKindError as other:
        raise InputError(place, str(other), KNOWN) from None
    except _ImpossibleError:
        what = "counts more covered lines than there are, or fewer than none"
        raise InputError(place, what, AGAIN) from None
    except DefusedXmlException:
        raise InputError(place, "declares XML entities, which no report needs", AGAIN) from None
    except (ParseError, RecursionError):
        raise InputError(place, "is not complete", AGAIN) from None
    except (AttributeError, KeyError, LookupError, OverflowError, TypeError, ValueError) as odd:
        raise InputError(place, f"has an unknown form ({type(odd).__name__})", AGAIN) from None


def _require_parts(covered: int, coverable: int) -> None:
    if not 0 <= covered <= coverable:
        raise _ImpossibleError


def _rooted(report: Report) -> Report:
    """Where all names are whole paths, their common folder is the root, and they begin there."""
    names = [PurePosixPath(name) for name in report.lines]
    if names and all(name.is_absolute() for name in names):
        report.root = posixpath.commonpath([name.parent for name in names])
        report.lines = _below(report.root, report.lines)
    return report


def _below(root: str, files: dict[str, Lines]) -> dict[str, Lines]:
    """The files with names that begin in the root; what lies elsewhere keeps its name."""
    found: dict[str, Lines] = {}
    for name, lines in files.items():
        path = PurePosixPath(name)
        found[str(path.relative_to(root)) if path.is_relative_to(root) else name] = lines
    return found


def _reader(start: bytes) -> Callable[[Path], Report]:
    if start.startswith(b"<"):
        return _cobertura
    if start.startswith(b"{"):
        return _coverage_py
    if start.startswith((b"TN:", b"SF:")):
        return _lcov
    raise _OtherKindError("is no coverage report" if start else "is empty")


# --- Cobertura


def _cobertura(path: Path) -> Report:
    """Lines of classes; those of methods are the same ones again. Files are named below their source."""
    root: Mapping[str, str] | None = None
    report, sources, file = Report(), list[str](), ""
    for event, element, is_of_method in _elements(path):
        if event == "start" and root is None:
            if element.tag != "coverage" or "line-rate" not in element.attrib:
                raise _OtherKindError("is XML, but not Cobertura's")
            root = dict(element.attrib)
        elif event == "start" and element.tag == "class":
            file = element.attrib["filename"]
        elif event == "end" and element.tag == "source" and element.text:
            sources.append(element.text.strip())
        elif event == "end" and element.tag == "line" and not is_of_method:
            report.add(file, int(element.attrib["number"]), is_covered=float(element.attrib["hits"]) > 0)
    if root is None:
        raise ParseError
    if len(sources) == 1:
        source = PurePosixPath(sources[0])
        report.root = str(source) if source.is_absolute() else ""
        lines = _below(str(source), report.lines)
        report.lines = lines if report.root else {str(source / name): lines[name] for name in lines}
    if not report.lines:
        report.covered, report.coverable = int(root["lines-covered"]), int(root["lines-valid"])
        _require_parts(report.covered, report.coverable)
    report.produced_at = _moment(root.get("timestamp"))
    return report


def _elements(path: Path) -> Iterator[tuple[str, Element, bool]]:
    """Each element's start and end, and whether it stands in a method; what has ended is let go of."""
    above: list[Element] = []
    methods = 0
    with path.open("rb") as file:
        for event, element in iterparse(file, events=("start", "end"), forbid_entities=True):
            methods += {"start": 1, "end": -1}[event] if element.tag == "method" else 0
            if event == "end":
                above.pop()
            yield event, element, methods > 0
            if event == "start":
                above.append(element)
            elif above:
                above[-1].remove(element)


def _moment(timestamp: str | None) -> datetime | None:
    """Producers write seconds or milliseconds since 1970; what is neither is unknown."""
    try:
        number = float(timestamp or 0)
        at = datetime.fromtimestamp(number / 1000 if number > 1e11 else number, UTC)
    except (OSError, OverflowError, ValueError):
        return None
    return at if at.year >= 2000 else None


# --- LCOV


def _lcov(path: Path) -> Report:
    """Records of files, from SF to end_of_record; DA lists the lines, LF and LH only count them."""
    report = Report()
    file: str | None = None
    counts: dict[str, int] = {}
    with path.open(encoding="utf-8-sig", errors="replace") as text:
        for line in text:
            key, _, value = line.strip().partition(":")
            if key == "SF" and file is not None:
                raise ParseError
            if key == "SF":
                file, counts = value, {}
            elif key == "DA" and file is not None:
                number, hits, *_ = value.split(",")
                report.add(file, int(number), is_covered=float(hits) > 0)
                counts["DA"] = 1
            elif key in ("LF", "LH"):
                counts[key] = int(value)
            elif key == "end_of_record":
                _require_parts(counts.get("LH", 0), counts.get("LF", 0))
                if "DA" not in counts:
                    report.covered += counts.get("LH", 0)
                    report.coverable += counts.get("LF", 0)
                file = None
    if file is not None:
        raise ParseError
    return _rooted(report)


# --- coverage.py


def _coverage_py(path: Path) -> Report:
    """Lines by file, as `coverage json` writes them. Its time has no zone, so it is not taken."""
    answer = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_refused)
    if not isinstance(answer.get("meta"), dict) or not isinstance(answer.get("files"), dict):
        raise _OtherKindError("is JSON, but not coverage.py's")
    report = Report()
    for name, measured in answer["files"].items():
        for line in measured["executed_lines"]:
            report.add(name, _whole(line), is_covered=True)
        for line in measured["missing_lines"]:
            report.add(name, _whole(line), is_covered=False)
    return _rooted(report)


def _whole(line: Any) -> int:
    if type(line) is not int:
        raise TypeError
    return line


def _refused(constant: str) -> NoReturn:
    raise ValueError(constant)
