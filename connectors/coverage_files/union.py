"""Adds up the reports of one commit, so that a file which several of them list counts once.

Reports name files as their tools like: in full, below a source folder, or below any folder above it. Two
jobs of one pipeline may even have their checkouts in different folders. Within a tree, names are the same
file where one is the end of the other. Where reports begin in different folders this has to be borne out:
one file has the same coverable lines in every report of a commit.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from connectors.coverage_files.reports import Lines, Report

Files = dict[str, Lines]
Frame = tuple[str, str]
"""What stands before the names of one report, or of the other one, to make them the same."""
SAME: Frame = ("", "")


class AmbiguousFilesError(ValueError):
    """The reports of a tree do not tell which of their files are the same."""


def sum_up(reports: Iterable[tuple[str, Report]]) -> tuple[int, int]:
    """Covered and coverable lines of all reports, each with the tree of files that it measured.

    A file of one tree that several reports list counts once, with every line that any of them saw
    covered. Reports without lines are added up as they are. Raises `AmbiguousFilesError`.
    """
    trees: dict[str, list[Report]] = defaultdict(list)
    covered = coverable = 0
    for tree, report in reports:
        covered += report.covered
        coverable += report.coverable
        trees[tree].append(report)
    for found in trees.values():
        for files in _distinct(found):
            covered += sum(sum(lines.values()) for lines in files.values())
            coverable += sum(len(lines) for lines in files.values())
    return covered, coverable


def _distinct(reports: Iterable[Report]) -> list[Files]:
    """The files of a tree, each once, in sets that have none in common."""
    by_root: dict[str, Files] = {}
    waiting: list[tuple[str, Files]] = []
    for report in reports:
        if report.root:
            _merge(by_root.setdefault(report.root, {}), report.lines)
        else:
            waiting.append(("", report.lines))
    waiting += _joined(by_root).items()
    found: list[tuple[str, Files]] = []
    for root, files in sorted(waiting, key=lambda one: -len(one[1])):
        for at, (other, whole) in enumerate(found):
            frame = _frame(whole, files)
            is_certain = frame == SAME and not (root and other)
            if is_certain or _is_borne_out(whole, files, frame):
                found[at] = (other or root, _merge(_below(frame[0], whole), _below(frame[1], files)))
                break
        else:
            found.append((root, _merge({}, files)))
    return [files for _, files in found]


def _joined(by_root: Mapping[str, Files]) -> dict[str, Files]:
    """Roots without those that lie below another one: they are folders of the same checkout."""
    joined = dict(by_root)
    for root in sorted(by_root, key=len, reverse=True):
        above = next((str(one) for one in PurePosixPath(root).parents if str(one) in joined), None)
        if above:
            _merge(joined[above], _below(f"{PurePosixPath(root).relative_to(above)}/", joined.pop(root)))
    return joined


def _frame(whole: Files, files: Files) -> Frame:
    """How names of both become the same ones, for as many as can be; else they stay as they are."""
    if files.keys() <= whole.keys():
        return SAME
    by_end: dict[str, list[str]] = defaultdict(list)
    for name in whole:
        by_end[PurePosixPath(name).name].append(name)
    votes: Counter[Frame] = Counter()
    for name in files:
        for other in by_end[PurePosixPath(name).name]:
            if other == name:
                votes[SAME] += 1
            elif other.endswith(f"/{name}"):
                votes["", other.removesuffix(name)] += 1
            elif name.endswith(f"/{other}"):
                votes[name.removesuffix(other), ""] += 1
    most = max(votes.values(), default=0)
    best = [frame for frame, count in votes.items() if count == most]
    if SAME in best or not best:
        return SAME
    if len(best) > 1:
        raise AmbiguousFilesError
    return best[0]


def _is_borne_out(whole: Files, files: Files, frame: Frame) -> bool:
    """Whether what is called the same has the same lines. Raises where some has and some has not."""
    one, other = _below(frame[0], whole), _below(frame[1], files)
    agree = {one[name].keys() == other[name].keys() for name in one.keys() & other.keys()}
    if len(agree) > 1:
        raise AmbiguousFilesError
    return False not in agree


def _below(folder: str, files: Mapping[str, Lines]) -> Files:
    return {f"{folder}{name}": lines for name, lines in files.items()}


def _merge(whole: Files, files: Mapping[str, Lines]) -> Files:
    """Add files to others; a line is covered where one of both says so."""
    for name, lines in files.items():
        known = whole.setdefault(name, {})
        for line, is_covered in lines.items():
            known[line] = known.get(line, False) or is_covered
    return whole
