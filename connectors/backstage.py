"""Backstage: which services there are, and which teams own them now, from catalogue files on disk.

A checkout of the repository with the catalogue is enough. Every file `catalog-info.yaml` (or `.yml`) of
the folder is read, and each document in it: a Component or System is a service, a Group is a team. An
owner is taken as Backstage takes it: `payments` is `group:default/payments`. Owners that are no groups are
people, and who they are is not kept. Since when a team owns a service is not said: the warehouse dates it.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import Field

from connectors.base import (
    Batch,
    Cursor,
    Finding,
    InputError,
    NotFound,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
)
from connectors.records import CatalogService, Record, ServiceTeam, Team
from connectors.selection import matches
from connectors.traffic import Traffic

KIND = "backstage"
SCOPES_FROM = None
STREAMS = {"catalogue": ("catalog_service", "source_service_team", "source_team")}
CENSUS = {"catalogue": timedelta()}
SCOPE = "*"
NAMES = ("catalog-info.yaml", "catalog-info.yml")
SLUG = "github.com/project-slug"
LARGEST_BYTES = 5_000_000
"""A file of entities is some kilobytes: what is larger is something else."""
PASSED_OVER = frozenset({"node_modules", "vendor"})
"""Folders of other people's code, which bring catalogue files of their own along."""

Entity = Mapping[str, Any]


class Settings(SourceSettings):
    """A `[[source]]` of kind backstage.

    `path` is a file, or a folder that is searched through; a relative one begins in the home folder.
    `include` are patterns on the paths of files to read instead of `catalog-info.yaml`, `exclude` on
    those that are never read.
    """

    path: str = Field(min_length=1)


class BackstageSource:
    """The catalogue files of one folder."""

    def __init__(self, settings: Settings, context: SourceContext) -> None:
        self.name = settings.name
        self._settings = settings
        self._path = Path(context.home) / Path(settings.path).expanduser()
        self.traffic = Traffic()  # nothing is asked over a network

    def scopes(self, stream: str) -> Sequence[str]:
        """One: the catalogue is read as a whole."""
        return (SCOPE,)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield the whole catalogue.

        Where a file cannot be read, nothing is said of owners and teams: what is told of them must be all
        that there is. Raises `InputError`, which names every such file.
        """
        records, faults = self._read()
        now = datetime.now(UTC)
        if not faults:
            yield Batch(records, Cursor(), is_final=True, fetched_at=now, server_date=now)
            return
        services = [record for record in records if not record.is_state]
        yield Batch(services, Cursor(), is_final=False, fetched_at=now, server_date=now)
        first, *others = faults
        unread = [one for other in others for one in other.unread]
        raise InputError(first.where, first.what, first.fix, others=unread)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The services that the files describe now."""
        records, faults = self._read()
        if faults:
            raise faults[0]
        yield from (record.id for record in records if isinstance(record, CatalogService))

    def close(self) -> None:
        """There is no connection."""

    def check(self) -> list[Finding]:
        """What the files describe, and each file that cannot be read."""
        try:
            records, faults = self._read()
        except SourceError as error:
            return [Finding.of(error, self.name)]
        services = sum(isinstance(record, CatalogService) for record in records)
        owned = len({record.service_id for record in records if isinstance(record, ServiceTeam)})
        teams = sum(isinstance(record, Team) for record in records)
        said = (
            f"{services} services can be read, {owned} of them with a team that owns them, and {teams} teams"
        )
        return [Finding(self.name, services > 0, said), *(Finding.of(fault) for fault in faults)]

    # --- files

    def _read(self) -> tuple[list[Record], list[InputError]]:
        """Every record, and what is wrong with each file that could not be read."""
        records: dict[tuple[str, str], Record] = {}
        faults: list[InputError] = []
        for path in self._files():
            place = f"{self.name}/{path.relative_to(self._root())}"
            try:
                found = [one for entity in _entities(place, path) for one in _records(place, entity)]
                _demand_new(place, found, records)
            except InputError as fault:
                faults.append(fault)
                continue
            records |= {(record.table, record.id): record for record in found}
        return list(records.values()), faults

    def _root(self) -> Path:
        return self._path if self._path.is_dir() else self._path.parent

    def _files(self) -> list[Path]:
        if self._path.is_file():
            return [self._path]
        if not self._path.is_dir():
            raise NotFound(
                self.name,
                "`path` names neither a folder nor a file",
                "Check it: a relative path begins in the home folder",
            )
        found = []
        for folder, folders, names in os.walk(self._path):
            folders[:] = sorted(one for one in folders if one not in PASSED_OVER and not one.startswith("."))
            found += [Path(folder) / name for name in sorted(names) if self._is_wanted(Path(folder) / name)]
        return found

    def _is_wanted(self, path: Path) -> bool:
        place = path.relative_to(self._path).as_posix()
        included = matches(place, self._settings.include) if self._settings.include else path.name in NAMES
        return included and not matches(place, self._settings.exclude)


# --- entities


def _entities(place: str, path: Path) -> list[Entity]:
    """The documents of a file. Raises `InputError` where it is not what it should be."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InputError(place, "is too large for a catalogue file", "Check what it is, or exclude it")
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InputError(place, f"cannot be read ({error.strerror})", "Let this account read it") from None
    except UnicodeDecodeError:
        raise InputError(place, "is not UTF-8 text", "Save it as UTF-8") from None
    except yaml.MarkedYAMLError as odd:
        line = f" in line {odd.problem_mark.line + 1}" if odd.problem_mark else ""
        raise InputError(place, f"is no YAML{line}", "Mend it there") from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise InputError(place, "is no YAML", "Mend it") from None
    entities = [document for document in documents if document is not None]
    if not all(isinstance(entity, dict) for entity in entities):
        raise InputError(place, "holds a document that is no entity", "Begin each with apiVersion and kind")
    return entities


def _records(place: str, entity: Entity) -> Iterator[Record]:
    """What an entity tells: of a service and its team, or of a team; nothing of other kinds."""
    kind = str(entity.get("kind", "")).lower()
    if kind not in ("component", "system", "group"):
        return
    metadata, spec = _part(place, entity, "metadata"), _part(place, entity, "spec")
    namespace = (_text(place, metadata, "namespace") or "default").lower()
    name = _text(place, metadata, "name")
    if name is None:
        raise InputError(place, f"a {kind} has no metadata.name", "Give it one")
    reference = f"{kind}:{namespace}/{name.lower()}"
    title = _text(place, metadata, "title")
    if kind == "group":
        parent = _text(place, spec, "parent")
        shown = _text(place, _part(place, spec, "profile"), "displayName")
        yield Team(
            id=reference,
            key=reference,
            name=shown or title or name,
            parent_id=_reference(parent, "group", namespace) if parent else None,
        )
        return
    slug = _text(place, _part(place, metadata, "annotations"), SLUG)
    yield CatalogService(
        id=reference,
        name=title or name,
        lifecycle=_text(place, spec, "lifecycle"),
        active_from=None,
        retired_at=None,
        repositories=[slug] if slug else [],
        url=None,
    )
    owner = _reference(_text(place, spec, "owner") or "", "group", namespace)
    if owner and owner.startswith("group:"):
        yield ServiceTeam(id=f"{reference}|{owner}", service_id=reference, team=owner)


def _reference(text: str, kind: str, namespace: str) -> str | None:
    """`[kind:][namespace/]name` with what is left out filled in; None where there is no name."""
    before, colon, rest = text.strip().lower().partition(":")
    if colon:
        kind = before
    else:
        rest = before
    where, slash, name = rest.partition("/")
    if not slash:
        where, name = namespace, where
    return f"{kind}:{where}/{name}" if name else None


def _part(place: str, within: Entity, key: str) -> Entity:
    """A table of an entity; an empty one where it is left out."""
    found = within.get(key) or {}
    if not isinstance(found, dict):
        raise InputError(place, f"`{key}` of an entity is no table", "Indent its keys below it")
    return found


def _text(place: str, within: Entity, key: str) -> str | None:
    """A text of an entity; None where it is left out or empty."""
    found = within.get(key)
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise InputError(place, f"`{key}` of an entity is no text", "Write it in quotes")
    return found


def _demand_new(place: str, found: Sequence[Record], known: Mapping[tuple[str, str], Record]) -> None:
    """Raise where a file describes what it or another one has described: Backstage would refuse it too."""
    keys = [(record.table, record.id) for record in found]
    if len(set(keys)) < len(keys) or any(key in known for key in keys):
        what = "describes an entity a second time"
        raise InputError(place, what, "Remove one of both, or give each a name of its own")


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """A catalogue for one `[[source]]` table."""
    return BackstageSource(cast("Settings", settings), context)
