"""Finds every source in this folder: a module, or the `source.py` of a folder with all of its parts,
that defines `KIND`, `Settings`, `STREAMS`, `SCOPES_FROM` and `create`.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

import connectors
from connectors.base import ServiceKey, Source, SourceContext, SourceSettings, Tracker, TrackerPlace


@dataclass(frozen=True, slots=True)
class SourceKind:
    """What a source module offers before any configuration is read."""

    kind: str
    streams: Mapping[str, tuple[str, ...]]
    """Stream → the record tables that it fills."""
    settings: type[SourceSettings]
    create: Callable[[SourceSettings, SourceContext], Source]
    description: str
    scopes_from: ServiceKey | None
    """The key under `[[service]]` that lists what a service owns in such a source."""
    census: Mapping[str, timedelta] = field(default_factory=dict)
    """Stream → the least time between two censuses; streams that are not named have none."""
    census_is_believed: bool = False
    """Nothing but a deletion can make a census of this kind short."""
    is_there: Callable[[Path], bool] | None = None
    """Of a home folder, whether it is read without a `[[source]]`. None where that is never so."""
    create_tracker: Callable[[SourceSettings, TrackerPlace], Tracker] | None = None
    """Makes what makes issues there. None where none can be made."""


@cache
def discover() -> Mapping[str, SourceKind]:
    """Every source kind by its name, in alphabetical order."""
    found: dict[str, SourceKind] = {}
    for name in _modules():
        module = importlib.import_module(name)
        if hasattr(module, "KIND"):
            found[module.KIND] = SourceKind(
                module.KIND,
                module.STREAMS,
                module.Settings,
                module.create,
                (module.__doc__ or "").splitlines()[0],
                module.SCOPES_FROM,
                getattr(module, "CENSUS", {}),
                getattr(module, "CENSUS_IS_BELIEVED", False),
                getattr(module, "IS_THERE", None),
                getattr(module, "create_tracker", None),
            )
    return MappingProxyType(found)


def _modules() -> Iterator[str]:
    """The names of all modules that may be sources."""
    for info in sorted(pkgutil.iter_modules(connectors.__path__), key=lambda module: module.name):
        name = f"connectors.{info.name}"
        if not info.ispkg:
            yield name
        elif importlib.util.find_spec(f"{name}.source"):
            yield f"{name}.source"


def settings_models() -> Mapping[str, type[SourceSettings]]:
    """The settings model of each kind, for the configuration to validate `[[source]]` tables."""
    return MappingProxyType({kind: source.settings for kind, source in discover().items()})
