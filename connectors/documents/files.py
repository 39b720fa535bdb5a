"""Markdown documents in a folder: finds them, and reads what they say of themselves.

A document is read in UTF-8, up to a size. What it says of itself stands in a front matter (YAML
between two lines of `---`) or before its first section, in lines such as `Status: accepted`,
`* **Date:** 2026-10-01` or `| Status | accepted |`.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from connectors.base import InputError, NotFound, SourceSettings
from connectors.selection import is_chosen

LARGEST_DOCUMENT = 1_000_000
LARGEST_FRONT_MATTER = 20_000
"""Characters; people write a few hundred, and reading YAML takes long."""
MOST_DOCUMENTS = 20_000
ENDINGS = (".md", ".markdown")
SKIPPED_FOLDERS = frozenset({"node_modules"})

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_FIELD = re.compile(
    r"\s*(?:[-*+]\s+)?(?:\*\*|__)?([A-Za-z][\w -]{0,40}?)(?:\*\*|__)?\s*:(?:\*\*|__)?\s+(\S.*)$"
)
_CELLS = re.compile(r"\s*\|\s*(?:\*\*|__)?([A-Za-z][\w -]{0,40}?)(?:\*\*|__)?\s*\|\s*(\S[^|]*)\|\s*$")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class _PlainYaml(yaml.SafeLoader):
    """YAML without references to what stands elsewhere: few lines of those can stand for any amount."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Read one value. Raises `yaml.YAMLError`."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError
        return super().compose_node(parent, index)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, how deep it is (1 to 6), and the lines up to the next heading of any depth."""

    level: int
    heading: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it stands in its file."""

    path: str
    """Below the folder, with slashes."""
    fields: Mapping[str, str | Sequence[str]]
    """What it says of itself; names in lower case with `_` for what is no letter."""
    sections: Sequence[Section]
    """The first one has level 0 and no heading: what stands before all headings."""
    digest: str
    """Changes with the text."""

    @property
    def title(self) -> str | None:
        """The first heading of the first level, without a number before it."""
        heading = next((one.heading for one in self.sections if one.level == 1), self.text("title"))
        number = re.match(
            r"(?:ADR[- ]?)?\d+(?:[.:]|\s*[-–—])?\s+|ADR[- ]?\d+\s*[:.–—-]\s*", heading or "", re.IGNORECASE
        )
        return (heading[number.end() :] if heading and number else heading) or None

    def text(self, *names: str) -> str | None:
        """The first of these fields that is there, as one text."""
        for name in names:
            value = self.fields.get(name)
            if isinstance(value, str):
                return value
            if value:
                return ", ".join(value)
        return None

    def texts(self, *names: str) -> list[str]:
        """The first of these fields that is there, as a list: a text is cut at commas and semicolons."""
        for name in names:
            value = self.fields.get(name)
            if value:
                parts = re.split(r"[,;]", value) if isinstance(value, str) else value
                return [part.strip() for part in parts if part.strip()]
        return []

    def day(self, *names: str) -> date | None:
        """The first day that stands in one of these fields."""
        return first_day(self.text(*names) or "")

    def bodies(self) -> Iterator[tuple[Section, Iterator[str]]]:
        """Each section with its lines and those of the sections below it, without their headings."""
        for at, section in enumerate(self.sections):
            yield section, self._body(at)

    def _body(self, at: int) -> Iterator[str]:
        yield from self.sections[at].lines
        for number in range(at + 1, len(self.sections)):
            if self.sections[number].level <= self.sections[at].level:
                return
            yield from self.sections[number].lines


def first_day(text: str) -> date | None:
    """The first day that a text names as 2026-10-01; None where there is none."""
    for found in _DAY.finditer(text):
        try:
            return date.fromisoformat(found[0])
        except ValueError:
            continue
    return None


def parse(path: str, text: str) -> Document:
    """Read a document. Raises `InputError` where its front matter is not YAML."""
    matter = _FRONT_MATTER.match(text)
    fields = _front_matter(path, matter[1]) if matter else {}
    sections = _sections(text[matter.end() :] if matter else text)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Document(path, {**_lines_before_sections(sections), **fields}, sections, digest)


def _front_matter(path: str, text: str) -> dict[str, str | Sequence[str]]:
    if len(text) > LARGEST_FRONT_MATTER:
        raise InputError(path, "the front matter is too large", "Shorten it, or remove its --- lines")
    try:
        found = yaml.load(text, _PlainYaml)  # noqa: S506 - it makes plain values only
        said = found.items() if isinstance(found, dict) else ()
        return {_name(str(key)): _plain(value) for key, value in said if value is not None}
    except (yaml.YAMLError, RecursionError, ValueError):
        raise InputError(path, "the front matter is not YAML", "Mend it, or remove its --- lines") from None


def _plain(value: Any) -> str | list[str]:
    if isinstance(value, list):
        return [str(one) for one in value if isinstance(one, str | int | float | date)]
    return str(value) if isinstance(value, str | int | float | date) else ""


def _name(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.strip().lower()).strip("_")


def _lines_before_sections(sections: Sequence[Section]) -> dict[str, str]:
    """What lines before the first real section say; the title is no section."""
    found: dict[str, str] = {}
    for section in sections:
        if section.level > 1:
            break
        for line in section.lines:
            said = _FIELD.match(line) or _CELLS.match(line)
            if said:
                found.setdefault(_name(said[1]), said[2].strip())
    return found


def _sections(text: str) -> list[Section]:
    """The document cut at its headings; code is left out, since it is none of the document's words."""
    found: list[tuple[int, str, list[str]]] = [(0, "", [])]
    fence = ""
    for line in text.splitlines():
        mark = _FENCE.match(line)
        if fence:
            fence = "" if mark and mark[1].startswith(fence) and not line.strip(" `~") else fence
        elif mark:
            fence = mark[1]
        elif heading := _HEADING.match(line):
            found.append((len(heading[1]), _without_closing_marks(heading[2]), []))
        elif re.fullmatch(r" {0,3}(=+|-{2,})[ \t]*", line) and found[-1][2] and found[-1][2][-1].strip():
            found.append((1 if "=" in line else 2, found[-1][2].pop().strip(), []))
        else:
            found[-1][2].append(line)
    return [Section(*one) for one in found]


def _without_closing_marks(heading: str) -> str:
    """`Status ##` is the heading `Status`, and `About C#` is none without its mark."""
    words = heading.strip()
    left = words.rstrip("#")
    return left.strip() if left != left.rstrip() or not left else words


# --- the folder


def find(folder: Path, settings: SourceSettings) -> list[tuple[str, Path]]:
    """The folder's documents that are wanted: path below it, and the file. In alphabetical order.

    Hidden folders are left out, and so is what a link leads to outside of the folder.

    Raises:
        NotFound: there is no such folder.
        InputError: there are more documents than anybody writes.
    """
    if not folder.is_dir():
        raise NotFound(settings.name, f"there is no folder {folder}", "Correct path of this [[source]]")
    root = folder.resolve()
    found: list[tuple[str, Path]] = []
    for place, below, names in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in SKIPPED_FOLDERS)
        for name in names:
            path = Path(place, name)
            shown = path.relative_to(root).as_posix()
            if name.lower().endswith(ENDINGS) and is_chosen([shown], settings) and _is_inside(path, root):
                found.append((shown, path))
    if len(found) > MOST_DOCUMENTS:
        raise InputError(
            settings.name, f"the folder has more than {MOST_DOCUMENTS} documents", "Choose some with include"
        )
    return sorted(found)


def _is_inside(path: Path, root: Path) -> bool:
    target = path.resolve()
    return target.is_file() and target.is_relative_to(root)


def read(path: Path, shown: str) -> str:
    """What a document holds. Raises `InputError`."""
    if printable(shown) != shown:
        raise InputError(printable(shown), "its name is not UTF-8 text", "Rename it")
    try:
        if path.stat().st_size > LARGEST_DOCUMENT:
            raise InputError(shown, "is too large for a document", "Name it in exclude")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(shown, f"cannot be read ({error.strerror})", "Let this account read it") from None
    except UnicodeDecodeError:
        raise InputError(shown, "is not UTF-8 text", "Save it as UTF-8, or name it in exclude") from None


def printable(name: str) -> str:
    """A file's name as it can be shown and stored, also where its bytes are no text."""
    return name.encode("utf-8", "backslashreplace").decode()


def owner(document: Document, field: str, folders: Mapping[str, str]) -> str | None:
    """The service or team of a document: its own word, else what the configuration says of its folder.

    Args:
        document: the document.
        field: service or team.
        folders: folder → service or team; `.` is all of them, and the deepest folder counts.
    """
    own = document.text(field)
    if own:
        return own
    for above in PurePosixPath(document.path).parents:  # from the deepest on, `.` last
        if str(above) in folders:
            return folders[str(above)]
    return None
