"""OpenSLO files: service level objectives as they are defined, without readings.

Every `.yaml` and `.yml` file below a folder is looked at; documents of other kinds are passed over. The
objective's id, by which readings from the inbox refer to it, is the document's `metadata.name`; where
one document has several objectives that is the first one's, and the others' are `name/2`, `name/3`, …: what
is added at the end or gets another title changes no id.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import yaml

from connectors.base import Batch, Cursor, Finding, InputError, Source, SourceContext, SourceSettings
from connectors.faults import joined, unreadable
from connectors.files import files_below
from connectors.records import ServiceLevelObjective
from connectors.selection import is_chosen
from connectors.traffic import Traffic

KIND = "openslo"
SCOPES_FROM = "indicators"
STREAMS = {"objectives": ("service_level_objective",)}
"""No census: definitions always come whole."""
EVERYTHING = "*"
VERSION = "openslo/v1"
MOST_BYTES = 2**20
DAYS = {"d": 1, "w": 7, "M": 30, "Q": 90, "Y": 365}
"""The days of a window's unit; what is shorter than a day has none."""

Json = Mapping[str, Any]


class Settings(SourceSettings):
    """A `[[source]]` of kind openslo.

    `path` is a folder, in the home folder where it is not absolute; `include` and `exclude` are patterns
    on ids of objectives.
    """

    path: str = "openslo"


@dataclass(slots=True)
class Found:
    """The objectives of all files by id, and what is wrong with files."""

    objectives: dict[str, ServiceLevelObjective] = field(default_factory=dict)
    faults: list[InputError] = field(default_factory=list)


class OpenSloSource:
    """A folder of definitions."""

    def __init__(self, settings: Settings, context: SourceContext) -> None:
        self.name = settings.name
        self._settings = settings
        self._context = context
        self._folder = Path(context.home) / settings.path
        self.traffic = Traffic()  # nothing is asked over a network

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope: the folder."""
        return (EVERYTHING,)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield all objectives.

        Where a file cannot be read, nothing is said, since what is told must be all that there is: what
        held goes on holding. Raises `InputError`, which names every such file.
        """
        found = self._read()
        if found.faults:
            raise joined(found.faults)
        yield Batch.of_now(list(found.objectives.values()), Cursor(), is_final=True)

    def close(self) -> None:
        """There is no connection."""

    def check(self) -> list[Finding]:
        """How many objectives there are, which files are at fault, and which indicators are not defined."""
        try:
            found = self._read()
        except InputError as error:
            return [Finding.of(error)]
        count = len(found.objectives)
        message = f"{count} objective{'' if count == 1 else 's'}"
        message = (
            message if count else f"no file defines an objective. Write kind: SLO, apiVersion: {VERSION}"
        )
        missing = [scope for scope in self._context.scopes if scope not in found.objectives]
        fix = "no objective has this id. Correct indicators, or put the source it belongs to before it"
        return [
            Finding(self.name, is_fine=count > 0, message=message),
            *(Finding.of(fault) for fault in found.faults),
            *(Finding(f"{self.name}/{scope}", is_fine=False, message=fix) for scope in missing),
        ]

    def _read(self) -> Found:
        """Read every file. Raises `InputError` where there is no folder."""
        if not self._folder.is_dir():
            raise InputError(self.name, "there is no such folder", "Correct path, or make the folder")
        found = Found()
        try:
            paths = [path for path in files_below(self._folder) if path.suffix in (".yaml", ".yml")]
        except OSError as error:
            raise unreadable(self.name, error) from None
        for path in paths:
            place = f"{self.name}/{path.relative_to(self._folder)}"
            try:
                self._keep(place, _documents(place, path), found)
            except InputError as fault:
                found.faults.append(fault)
        return found

    def _keep(self, place: str, documents: Sequence[Json], found: Found) -> None:
        """All objectives of a file, or none of them."""
        objectives = [one for document in documents for one in _objectives(place, document)]
        seen = set(found.objectives)
        for one in objectives:
            if one.id in seen:
                what = f"defines {one.id[:80]!r} a second time"
                fix = "Give each document its own metadata.name"
                raise InputError(place, what, fix, reason="a name comes twice")
            seen.add(one.id)
        found.objectives |= {one.id: one for one in objectives if is_chosen([one.id], self._settings)}


class _Loader(yaml.SafeLoader):
    """Builds plain values only, and does not merge mappings, which a small file could blow up without end."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Refuse `<<`."""
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(problem_mark=key.start_mark)
        super().flatten_mapping(node)


def _documents(place: str, path: Path) -> list[Json]:
    """The documents of a file that define objectives."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(place, "is larger than 1 MiB", "Split it")
        with path.open(encoding="utf-8-sig") as file:
            return list(_built(place, _Loader(file)))
    except OSError as error:
        raise unreadable(place, error) from None
    except yaml.MarkedYAMLError as odd:
        line = f" line {odd.problem_mark.line + 1}" if odd.problem_mark else ""
        raise InputError(
            f"{place}{line}", "is not plain YAML", "Mend it; merging by << is not supported"
        ) from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise InputError(place, "is not plain YAML", "Mend it") from None


def _built(place: str, loader: _Loader) -> Iterator[Json]:
    """The documents of kind SLO. Others are never built: they may hold what only their own tools know."""
    while loader.check_node():
        node = loader.get_node()
        if isinstance(node, yaml.MappingNode) and _is_objective(place, node):
            yield loader.construct_document(node)


def _is_objective(place: str, node: yaml.MappingNode) -> bool:
    said = {
        key.value: value.value
        for key, value in node.value
        if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode)
    }
    version = said.get("apiVersion", "")
    if said.get("kind") != "SLO" or not version.startswith("openslo"):
        return False
    if version != VERSION:
        raise InputError(place, "is written in another version of OpenSLO", f"Convert it to {VERSION}")
    return True


def _objectives(place: str, document: Json) -> Iterator[ServiceLevelObjective]:
    """The objectives of one document. Raises `InputError`."""
    try:
        metadata, spec = document["metadata"], document["spec"]
        name = _text(metadata["name"])
        objectives = list(spec["objectives"])
        for position, one in enumerate(objectives, start=1):
            part = _text(one.get("displayName") or str(position)) if len(objectives) > 1 else None
            title = _text(metadata.get("displayName") or name)
            yield ServiceLevelObjective(
                id=name if position == 1 else f"{name}/{position}",
                service=_text(spec["service"]),
                name=f"{title}: {part}" if part else title,
                target_ratio=_target(one),
                window_days=_window(spec.get("timeWindow")),
                indicator=_indicator(one) or _indicator(spec),
                url=None,
            )
    except KeyError as missing:
        raise InputError(place, f"a document of kind SLO lacks {missing}", "Write it") from None
    except (AttributeError, IndexError, TypeError, ValueError) as odd:
        what = f"a document of kind SLO has an unknown form ({type(odd).__name__})"
        raise InputError(place, what, f"See the specification of {VERSION}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _target(objective: Json) -> float:
    """`target` is a share, `targetPercent` a hundredth of it."""
    is_share = objective.get("target") is not None
    number = objective["target"] if is_share else objective["targetPercent"]
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TypeError
    share = float(number) if is_share else round(number / 100, 9)
    if not 0 <= share <= 1:
        raise ValueError
    return share


def _window(windows: Any) -> int | None:
    """The days of the one time window; None where there is none, or one that is not whole days."""
    if not windows:
        return None
    found = re.fullmatch(r"(\d{1,6})([mhdwMQY])", _text(windows[0]["duration"]))
    if found is None:
        raise ValueError
    number, unit = int(found[1]), found[2]
    if unit in DAYS:
        return number * DAYS[unit]
    days, rest = divmod(
        timedelta(hours=number) if unit == "h" else timedelta(minutes=number), timedelta(days=1)
    )
    return days if days and not rest else None


def _indicator(node: Json) -> str | None:
    """The name of the indicator that stands here, or that is referred to."""
    inline = node.get("indicator")
    name = inline["metadata"]["name"] if inline else node.get("indicatorRef")
    return None if name is None else _text(name)


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A source of OpenSLO files for one `[[source]]` table."""
    return OpenSloSource(cast("Settings", settings), context)
