"""What the rules of `outcomes.toml` match, shown on a first page of each stream before anything is stored.

The page goes through the same staged SQL as a run's data, in a warehouse that is thrown away: what is
shown here is what a run will make of it.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from connectors.base import Batch, Cursor, Finding, Source, SourceError
from connectors.registry import discover
from pipelines.catalog import load_models
from pipelines.config import config_tables
from pipelines.config_model import Configuration
from pipelines.models import build_model
from pipelines.ownership import unowned
from pipelines.preview_rules import listed, of_rules, of_selection
from pipelines.warehouse import Warehouse

SAMPLED = frozenset({"pull_requests", "issues"})
"""Streams whose labels and accounts the rules look at, whatever service they belong to."""
SCOPES_SAMPLED = 10
UNOWNED_SHOWN = frozenset({"repository", "project", "incident service", "service", "team", "team elsewhere"})
"""Of what nobody owns, the kinds that a first page can tell; the pages show all of it after a run."""
_RUN = "preview"

_DEPLOYMENTS = """
WITH seen AS (
  SELECT source, repository_id, id, environment AS name, 'deployments' AS origin FROM raw.deployment
  WHERE repository_id IS NOT NULL
  UNION ALL SELECT source, repository_id, id, tag, 'releases' FROM raw.release
  UNION ALL SELECT source, repository_id, id, name, 'tags' FROM raw.tag
  UNION ALL SELECT source, repository_id, id, workflow, 'workflow_runs' FROM raw.workflow_run
), record AS (
  SELECT s.id AS service, s.deployments_from AS origin, n.source, n.id, n.name
  FROM config.service s
  LEFT JOIN staged.stg_service_repository r ON r.service_id = s.id
  LEFT JOIN seen n
    ON n.origin = s.deployments_from AND n.source = r.source AND n.repository_id = r.repository_id
  WHERE s.deployments_from <> 'inbox'
  UNION ALL
  SELECT s.id, s.deployments_from, d.source, d.id, d.environment
  FROM config.service s LEFT JOIN raw.deployment d ON d.service = s.id
  WHERE s.deployments_from = 'inbox'
)
SELECT r.service, r.origin, coalesce(r.name, 'no name') AS name, count(r.id) AS records,
  count(DISTINCT m.item_id) AS matched
FROM record r
LEFT JOIN staged.stg_deployment m
  ON m.service_id = r.service AND m.source = r.source AND m.native_id = r.id
GROUP BY ALL ORDER BY r.service, matched DESC, records DESC, name
"""

_INCIDENTS = """
SELECT k.name, coalesce(i.service_name, i.service_id, 'no service') AS name, count(i.id) AS records,
  count(s.service_id) AS matched
FROM config.source k
JOIN raw.incident i ON i.source = k.name
LEFT JOIN (SELECT DISTINCT item_id, min(service_id) AS service_id FROM staged.stg_incident GROUP BY ALL) s
  ON s.item_id = i.source || ':' || i.id
GROUP BY ALL ORDER BY k.name, matched DESC, records DESC, name
"""

_STATUSES = """
SELECT source, means, list(DISTINCT status_name ORDER BY status_name) FROM staged.stg_status
WHERE status_name IS NOT NULL GROUP BY ALL ORDER BY source, means
"""


def preview(configuration: Configuration, sources: Mapping[str, Source]) -> list[Finding]:
    """What the rules match: one finding per service's deployments, per source and rule, per selection.

    A rule that matches nothing of what was seen is a finding that is not fine. A stream that cannot be
    read is left out: `Source.check` tells of it.
    """
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder) / "preview.duckdb")
        try:
            warehouse.write_configuration(config_tables(configuration, _RUN, datetime.now(UTC)))
            for source, stream, scope, batch in _first_pages(configuration, sources):
                warehouse.land(_RUN, source, scope, stream, [batch])
            for model in load_models():
                if model.layer == "staged" and model.sql is not None:
                    build_model(warehouse.con, model)
            con = warehouse.con
            return [
                *_of_deployments(con.execute(_DEPLOYMENTS).fetchall()),
                *_of_incidents(con.execute(_INCIDENTS).fetchall()),
                *_of_statuses(con.execute(_STATUSES).fetchall()),
                *of_rules(con, configuration.rules),
                *(one for one in unowned(con) if one.where.partition(" of ")[0] in UNOWNED_SHOWN),
                *of_selection(configuration, _all_scopes(configuration, sources)),
            ]
        finally:
            warehouse.close()


def _first_pages(
    configuration: Configuration, sources: Mapping[str, Source]
) -> Iterator[tuple[str, str, str, Batch]]:
    """The first page of every stream that some rule looks at; labels and accounts are seen in some scopes."""
    kinds = {settings.name: settings.kind for settings in configuration.sources}
    of_services = {"repositories", "projects", "statuses", "incidents", "deployments"}
    of_services |= {service.deployments.origin for service in configuration.services}
    for name, source in sources.items():
        for stream in discover()[kinds[name]].streams:
            if stream not in of_services | SAMPLED:
                continue
            try:
                scopes = source.scopes(stream)
                for scope in scopes if stream in of_services else scopes[:SCOPES_SAMPLED]:
                    batch = next(iter(source.fetch(stream, scope, Cursor())), None)
                    if batch:
                        yield name, stream, scope, batch
            except SourceError:
                continue


def _all_scopes(configuration: Configuration, sources: Mapping[str, Source]) -> dict[str, list[str]]:
    """Source → what it reads, of whatever stream, where patterns choose."""
    found: dict[str, list[str]] = {}
    for settings in configuration.sources:
        if (settings.include or settings.exclude) and settings.name in sources:
            names: dict[str, None] = {}
            for stream in discover()[settings.kind].streams:
                with suppress(SourceError):  # `Source.check` tells of it
                    names.update(dict.fromkeys(sources[settings.name].scopes(stream)))
            found[settings.name] = list(names)
    return found


def _of_deployments(rows: list[tuple[str, str, str, int, int]]) -> Iterator[Finding]:
    for service, group in groupby(rows, key=lambda row: row[0]):
        names = [(name, records, matched) for _, _, name, records, matched in group if records]
        origin = next(row[1] for row in rows if row[0] == service).replace("_", " ")
        origin = "deployments in the inbox" if origin == "inbox" else origin
        seen, production = sum(n for _, n, _ in names), sum(m for *_, m in names)
        where = f"deployments of {service}"
        if not seen:
            yield Finding(where, True, f"no {origin} seen yet")
            continue
        others = listed((name, records - matched) for name, records, matched in names)
        if not production:
            fix = "Set deployments.match of the service, or [rules] production_environments"
            yield Finding(where, False, f"none of {seen} {origin} is to production: {others}. {fix}")
            continue
        matched = listed((name, m) for name, _, m in names)
        rest = f"; not: {others}" if others else ""
        yield Finding(where, True, f"{production} of {seen} {origin} are to production: {matched}{rest}")


def _of_incidents(rows: list[tuple[str, str, int, int]]) -> Iterator[Finding]:
    for source, group in groupby(rows, key=lambda row: row[0]):
        names = [(name, records, matched) for _, name, records, matched in group]
        seen, belonging = sum(n for _, n, _ in names), sum(m for *_, m in names)
        others = listed((name, records - matched) for name, records, matched in names)
        rest = f"; nobody's: {others}" if others else ""
        fix = "" if belonging else ". Name them under [[service]] incident_services"
        said = f"{belonging} of {seen} are of a service{rest}{fix}"
        yield Finding(f"incidents of {source}", belonging > 0, said)


def _of_statuses(rows: list[tuple[str, str, list[str]]]) -> Iterator[Finding]:
    for source, group in groupby(rows, key=lambda row: row[0]):
        meanings = {means: names for _, means, names in group}
        said = "; ".join(f"{means}: {', '.join(names)}" for means, names in meanings.items())
        fix = ". Say what they mean under [[status]]" if "unknown" in meanings else ""
        yield Finding(f"statuses of {source}", "unknown" not in meanings, said + fix)
