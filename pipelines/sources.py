"""Makes the configured sources ready to fetch: settings, token from the environment, scopes."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from connectors.base import (
    AuthError,
    Batch,
    Cursor,
    Finding,
    Source,
    SourceContext,
    SourceSettings,
)
from connectors.records import Issue
from connectors.registry import discover
from connectors.traffic import Traffic
from pipelines.config import load
from pipelines.config_errors import ConfigurationError
from pipelines.config_model import Configuration, Rules
from pipelines.home import Home
from pipelines.starts import Census
from pipelines.warehouse import RECORD_BY_TABLE, columns_of


class UnreadySource:
    """Stands in for a source that cannot be created; reports the same error for every stream."""

    def __init__(self, name: str, error: AuthError) -> None:
        self.name = name
        self.traffic = Traffic()
        self._error = error

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope, whose fetching fails."""
        del stream
        return ["*"]

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Raise the error."""
        raise self._error

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """Raise the error."""
        raise self._error

    def check(self) -> list[Finding]:
        """The error as a finding."""
        return [Finding.of(self._error)]

    def close(self) -> None:
        """There is no connection."""


def configured(path: Path, home: Home) -> Configuration:
    """The configuration with the sources that are there by themselves, after those that it names.

    Raises:
        ConfigurationError: the file cannot stay as it is.
    """
    configuration = load(path)
    used = {settings.kind for settings in configuration.sources}
    found = [
        kind.settings(name=kind.kind, kind=kind.kind)
        for kind in discover().values()
        if kind.is_there and kind.kind not in used and kind.is_there(home.path)
    ]
    for taken in {one.name for one in found} & {settings.name for settings in configuration.sources}:
        what = f"error: {path}: source {taken}: is the name of one that needs no [[source]]"
        raise ConfigurationError([f"{what}. Name yours otherwise"])
    return configuration.model_copy(update={"sources": [*configuration.sources, *found]})


def history_start(configuration: Configuration, since: datetime | None = None) -> datetime | None:
    """The moment before which nothing is fetched: `--since`, else the organisation's first day."""
    if since:
        return since
    first_day = configuration.organisation.history_start
    if first_day is None:
        return None
    zone = ZoneInfo(configuration.organisation.time_zone)
    return datetime.combine(first_day, time(), zone).astimezone(UTC)


def censuses(configuration: Configuration) -> dict[tuple[str, str], Census]:
    """(Source, stream) → how often it is counted to notice what was deleted, where it can be."""
    found: dict[tuple[str, str], Census] = {}
    for settings in configuration.sources:
        kind = discover()[settings.kind]
        for stream, every in kind.census.items():
            found[settings.name, stream] = Census(kind.streams[stream][0], every, kind.census_is_believed)
    return found


def field_prints(configuration: Configuration) -> dict[tuple[str, str], str]:
    """(Source, stream) → a fingerprint of the fields that this version reads of it.

    Where it differs from that of the last reading, the rows that are stored lack something.
    """
    return {
        (settings.name, stream): _field_print(tables, settings, configuration.rules)
        for settings in configuration.sources
        for stream, tables in discover()[settings.kind].streams.items()
    }


def _field_print(tables: Sequence[str], settings: SourceSettings, rules: Rules) -> str:
    chosen = [f"{key} {getattr(settings, key)}" for key in settings.decides_what_is_read]
    if Issue.table in tables and rules.user_reported:
        # Which comments answer which issue is decided on the way in: nothing is kept to decide it later.
        chosen += [f"{key} {sorted(getattr(rules, key))}" for key in ("user_reported", "bots")]
    columns = sorted(
        f"{table}.{name} {sql}"
        for table in tables
        for name, (sql, _) in columns_of(RECORD_BY_TABLE[table]).items()
    )
    return hashlib.sha256("\n".join([*columns, *chosen]).encode()).hexdigest()[:16]


def create_sources(
    configuration: Configuration,
    home: Home,
    only: Sequence[str] = (),
    since: datetime | None = None,
    known_names: frozenset[str] = frozenset(),
) -> dict[str, Source]:
    """Every configured source (or those named in `only`) by its name.

    `known_names` are struck out of what people wrote; see `pipelines.known_people`.
    """
    return {
        settings.name: _create(settings, configuration, home, since, known_names)
        for settings in configuration.sources
        if not only or settings.name in only
    }


def _create(
    settings: SourceSettings,
    configuration: Configuration,
    home: Home,
    since: datetime | None,
    known_names: frozenset[str],
) -> Source:
    kind = discover()[settings.kind]
    token = os.environ.get(settings.token_env, "").strip() if settings.token_env else None
    if settings.token_env and not token and not settings.has_other_credentials:
        error = AuthError(
            settings.name,
            f"the environment variable {settings.token_env} is not set",
            "Set it to a token, or remove token_env from this [[source]]",
        )
        return UnreadySource(settings.name, error)
    context = SourceContext(
        token=SecretStr(token) if token else None,
        scopes=configuration.scopes_of(settings.name, kind.scopes_from),
        home=str(home.path),
        history_start=history_start(configuration, since),
        scopes_with_paths=configuration.scopes_with_paths(settings.name),
        known_names=known_names,
        time_zone=ZoneInfo(configuration.organisation.time_zone),
        user_reported=frozenset(name.lower() for name in configuration.rules.user_reported),
        bots=tuple(configuration.rules.bots),
    )
    return kind.create(settings, context)


def plan(configuration: Configuration, sources: Mapping[str, Source]) -> list[dict[str, Any]]:
    """What a run would read, one row per (source, stream, scope), in the shape of a run's report.

    Each source is checked first; the calls of that stand in its first row.
    """
    kinds = {settings.name: settings.kind for settings in configuration.sources}
    rows: list[dict[str, Any]] = []
    for name, source in sources.items():
        try:
            rows += _plan_of(source, tuple(discover()[kinds[name]].streams))
        finally:
            source.close()
    return rows


def _plan_of(source: Source, streams: Sequence[str]) -> list[dict[str, Any]]:
    problems = {one.where: f"{one.where}: {one.message}" for one in source.check() if not one.is_fine}
    of_all = problems.get(source.name)
    rows: list[dict[str, Any]] = []
    for stream in streams:
        # A source that cannot be reached is not asked for its scopes again and again.
        for scope in ["*"] if of_all else source.scopes(stream):
            error = of_all or problems.get(f"{source.name}/{scope}")
            rows.append(
                {
                    "source": source.name,
                    "scope": scope,
                    "stream": stream,
                    "status": "failed" if error else "ok",
                    "calls": 0 if rows else source.traffic.calls,
                    "rows_read": 0,
                    "rows_changed": 0,
                    "error": error,
                }
            )
    return rows
