"""Finds every source in this folder: a module that defines `KIND`, `Settings`, `STREAMS`,
`SCOPES_FROM` and `create`.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from types import MappingProxyType

import connectors
from connectors.base import ServiceKey, Source, SourceContext, SourceSettings


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


@cache
def discover() -> Mapping[str, SourceKind]:
    """Every source kind by its name, in alphabetical order."""
    found: dict[str, SourceKind] = {}
    for info in sorted(pkgutil.iter_modules(connectors.__path__), key=lambda module: module.name):
        if info.ispkg:
            continue
        module = importlib.import_module(f"connectors.{info.name}")
        if hasattr(module, "KIND"):
            found[module.KIND] = SourceKind(
                module.KIND,
                module.STREAMS,
                module.Settings,
                module.create,
                (module.__doc__ or "").splitlines()[0],
                module.SCOPES_FROM,
                getattr(module, "CENSUS", {}),
            )
    return MappingProxyType(found)


def settings_models() -> Mapping[str, type[SourceSettings]]:
    """The settings model of each kind, for the configuration to validate `[[source]]` tables."""
    return MappingProxyType({kind: source.settings for kind, source in discover().items()})
