"""Read `outcomes.toml`, report all of its mistakes at once, and turn it into the `config.*` tables.

Secrets are not read here: a source's settings name the environment variable that holds its token.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from connectors.base import SourceSettings
from pipelines.config_access import Access
from pipelines.config_digest import Digests
from pipelines.config_errors import (
    ConfigurationError,
    Place,
    Problem,
    describe,
    explain,
    known_keys,
    secrets,
    suggestion,
)
from pipelines.config_model import (
    Actions,
    Configuration,
    Department,
    Organisation,
    Privacy,
    Rules,
    Service,
    Status,
    Survey,
    Team,
    Weekday,
    split_prefix,
)
from pipelines.config_rules import broken_rules

__all__ = ["Configuration", "ConfigurationError", "config_tables", "load"]

Model = TypeVar("Model", bound=BaseModel)
Row = dict[str, Any]

_SINGLE: dict[str, type[BaseModel]] = {
    "organisation": Organisation,
    "rules": Rules,
    "privacy": Privacy,
    "survey": Survey,
    "access": Access,
    "actions": Actions,
    "digest": Digests,
}
_REPEATED: dict[str, type[BaseModel]] = {
    "department": Department,
    "team": Team,
    "service": Service,
    "status": Status,
}


def load(path: Path, kinds: Mapping[str, type[SourceSettings]] | None = None) -> Configuration:
    """Read and check the file.

    Args:
        path: the TOML file.
        kinds: the settings of each kind of source; by default those of all connectors.

    Raises:
        ConfigurationError: with every mistake of the file, one line each.
    """
    document = _read(path)
    problems = list(secrets(document))
    reader = _Reader(document, kinds if kinds is not None else _kinds_of_connectors())
    configuration = reader.read()
    secret_paths = {problem.path for problem in problems}
    problems += [problem for problem in reader.problems if problem.path not in secret_paths]
    if problems or configuration is None:
        tables = list(document)
        problems.sort(key=lambda problem: tables.index(problem.path[0]) if problem.path[0] in tables else -1)
        raise describe(str(path), problems, document)
    return configuration


def _kinds_of_connectors() -> Mapping[str, type[SourceSettings]]:
    # Imported when needed: the connectors bring heavy client libraries along.
    from connectors.registry import settings_models  # noqa: PLC0415 - see above

    return settings_models()


def _read(path: Path) -> dict[str, Any]:
    try:
        # Editors on Windows like to put a byte order mark first; it means nothing.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        what, fix = "there is no such file", "Write one with `outcomes init`, or name yours with --config"
    except OSError as error:
        what, fix = f"cannot be read ({error.strerror})", "Name a readable file with --config"
    except UnicodeDecodeError:
        what, fix = "is not UTF-8 text", "Save it as UTF-8"
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        where = place.rstrip(")") or "somewhere"
        raise ConfigurationError(
            [f"error: {path}: {where}: is not valid TOML ({message}). Mend the text there"]
        ) from None
    raise ConfigurationError([f"error: {path}: {what}. {fix}"])


class _Reader:
    """Checks one document table by table, so that one mistake does not hide the next."""

    def __init__(self, document: dict[str, Any], kinds: Mapping[str, type[SourceSettings]]) -> None:
        self.document = document
        self.kinds = kinds
        self.problems: list[Problem] = []

    def read(self) -> Configuration | None:
        """Collect `problems`; the configuration is None if there is any."""
        tables = known_keys(Configuration)
        self.problems += [
            Problem((key,), "is not a known table", suggestion(key, tables))
            for key in self.document
            if key not in tables
        ]
        for key, model in _SINGLE.items():
            if key in self.document:
                self._validated(model, self.document[key], (key,))
        if "organisation" not in self.document:
            self.problems.append(
                Problem(("organisation",), "is missing", "Add a table [organisation] with id and name")
            )
        for key, repeated in _REPEATED.items():
            for position, table in self._tables(key):
                self._validated(repeated, table, (key, position))
        sources = list(self._sources())
        self.problems += broken_rules(self.document)
        if self.problems:
            return None
        configuration = Configuration.model_validate({**self.document, "source": []})
        return configuration.model_copy(update={"sources": sources})

    def _validated(self, model: type[Model], table: object, path: Place) -> Model | None:
        try:
            return model.model_validate(table)
        except ValidationError as error:
            self.problems += [explain(detail, model, path) for detail in error.errors(include_url=False)]
            return None

    def _tables(self, key: str) -> Iterator[tuple[int, Row]]:
        entries = self.document.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            what = "must be a list of tables"
            self.problems.append(Problem((key,), what, f"Head each entry with [[{key}]], in double brackets"))
            return
        yield from enumerate(entries)

    def _sources(self) -> Iterator[SourceSettings]:
        for position, table in self._tables("source"):
            path = ("source", position)
            kind = table.get("kind")
            if kind is None:
                self.problems.append(Problem((*path, "kind"), "is missing", suggestion("", list(self.kinds))))
            elif not isinstance(kind, str) or kind not in self.kinds:
                what = "is not a kind of source"
                self.problems.append(Problem((*path, "kind"), what, suggestion(kind, list(self.kinds))))
            elif (settings := self._validated(self.kinds[kind], table, path)) is not None:
                yield settings


def config_tables(configuration: Configuration, run_id: str, as_of: datetime) -> dict[str, list[Row]]:
    """The rows of the `config.*` tables, by table.

    `as_of` is the one "now" of every calculation; it must be aware.
    """
    rules = configuration.rules
    organisation = configuration.organisation.model_dump(exclude={"agreed_hours"})
    return {
        "organisation": [organisation],
        "department": [department.model_dump() for department in configuration.departments],
        "team": [team.model_dump(exclude={"members", "known_as"}) for team in configuration.teams],
        "team_name": [
            {"team": team.id, "source": prefix, "name": name}
            for team in configuration.teams
            for prefix, name in map(split_prefix, team.known_as)
        ],
        "team_member": [
            {"team": team.id, "account": m.account, "valid_from": m.valid_from, "valid_to": m.valid_to}
            for team in configuration.teams
            for m in team.members
        ],
        **_service_tables(configuration.services),
        "service_agreed_hours": _agreed_hours(configuration),
        "status": [status.model_dump() for status in configuration.statuses],
        "source": [
            {"name": source.name, "kind": source.kind, "position": position}
            for position, source in enumerate(configuration.sources)
        ],
        "rule": [
            {"incident_window_hours": rules.incident_window_hours, "coverage_floor": rules.coverage_floor}
        ],
        "privacy": [
            {"least_answers": configuration.privacy.k, "least_unit_size": configuration.survey.least_members}
        ],
        "bot": [{"pattern": pattern} for pattern in rules.bots],
        "incident_label": [{"label": label} for label in rules.incident_labels],
        "incident_issue_type": [{"type": name} for name in rules.incident_issue_types],
        "decision_issue_type": [{"type": name} for name in rules.decision_issue_types],
        "unplanned_work": [{"name": name} for name in rules.unplanned_work],
        "user_reported": [{"name": name} for name in rules.user_reported],
        "hotfix_label": [{"label": label} for label in rules.hotfix_labels],
        "hotfix_branch": [{"pattern": pattern} for pattern in rules.hotfix_branches],
        "architecture_label": [{"label": label} for label in rules.architecture_labels],
        "production_environment": [{"pattern": pattern} for pattern in rules.production_environments],
        "run": [{"run_id": run_id, "as_of": as_of}],
    }


def _service_tables(services: Sequence[Service]) -> dict[str, list[Row]]:
    return {
        "service": [
            {
                **service.model_dump(include={"id", "name", "active_from", "retired_at"}),
                "deployments_from": service.deployments.origin,
                "deployments_match": service.deployments.match,
            }
            for service in services
        ],
        "service_owner": [
            {"service": service.id, "team": o.team, "valid_from": o.valid_from, "valid_to": o.valid_to}
            for service in services
            for o in service.owners
        ],
        "service_path": [{"service": s.id, "path": path} for s in services for path in s.paths],
        "service_label": [{"service": s.id, "label": label} for s in services for label in s.labels],
        "service_repository": _references(services, "repositories", "repository"),
        "service_jira_project": _references(services, "jira_projects", "project"),
        "service_incident_service": _references(services, "incident_services", "incident_service"),
        "service_indicator": _references(services, "indicators", "indicator"),
    }


def _agreed_hours(configuration: Configuration) -> list[Row]:
    """One row per service and stretch of an ISO weekday; its own hours replace the organisation's."""
    organisation = configuration.organisation
    return [
        {
            "service": service.id,
            "weekday": get_args(Weekday).index(day) + 1,
            "begins": hours.begins,
            "ends": hours.ends,
            "time_zone": service.time_zone or organisation.time_zone,
        }
        for service in configuration.services
        for hours in service.agreed_hours or organisation.agreed_hours
        for day in hours.days
    ]


def _references(services: Sequence[Service], key: str, column: str) -> list[Row]:
    """One row per service and thing it owns in a source; source is None where none was named."""
    return [
        {"service": service.id, "source": prefix, column: name}
        for service in services
        for prefix, name in map(split_prefix, getattr(service, key))
    ]
