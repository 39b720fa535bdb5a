"""The configuration's documents against its models, both ways; the shipped files against their readers."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import DagsterInstance
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from connectors.base import SourceSettings
from connectors.prometheus.source import Objective
from connectors.registry import settings_models
from pipelines.config import load
from pipelines.config_access import Access, Grant
from pipelines.config_digest import Digests, Receiver
from pipelines.config_model import (
    Actions,
    AgreedHours,
    Configuration,
    Department,
    Deployments,
    Member,
    Organisation,
    Owner,
    Privacy,
    Rules,
    Service,
    Status,
    Survey,
    Team,
)
from pipelines.dagster_storage import EventLog

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
SOURCES = (ROOT / "docs/sources.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "outcomes.example.toml").read_text(encoding="utf-8")

PROSE = {"Who owns a service", "Services that share a repository"}
"""Sections of the page that explain keys of the table above them."""

TABLES: dict[str, type[BaseModel]] = {
    "`[organisation]`": Organisation,
    "`[[department]]`": Department,
    "`[[team]]`": Team,
    "A member": Member,
    "`[[service]]`": Service,
    "An owner": Owner,
    "A service's deployments": Deployments,
    "Agreed hours": AgreedHours,
    "`[[source]]`": SourceSettings,
    "`[rules]`": Rules,
    "`[[status]]`": Status,
    "An objective": Objective,
    "`[privacy]`": Privacy,
    "`[survey]`": Survey,
    "`[access]`": Access,
    "`[actions]`": Actions,
    "A grant": Grant,
    "`[digest]`": Digests,
    "A receiver of digests": Receiver,
}


def _keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _documented() -> dict[str, dict[str, list[str]]]:
    """Heading → key → (type, default, example, meaning)."""
    sections = re.split(r"^##+ (.*)\n", PAGE + SOURCES, flags=re.MULTILINE)[1:]
    found = {}
    for heading, body in zip(sections[::2], sections[1::2], strict=True):
        rows = [
            re.split(r"(?<!\\) \| ", line.strip("| ")) for line in body.splitlines() if line.startswith("| `")
        ]
        if heading not in PROSE:
            found[heading] = {row[0].strip("`"): row[1:] for row in rows}
    return found


DOCUMENTED = _documented()
KINDS: dict[str, type[BaseModel]] = {f"Kind `{kind}`": model for kind, model in settings_models().items()}
MODELS = TABLES | KINDS
ALL = {
    heading: {
        key: field
        for key, field in _keys(model).items()
        # What is said once for every kind is not repeated for each.
        if heading in TABLES
        or key not in _keys(SourceSettings)
        or field.default != _keys(SourceSettings)[key].default
    }
    for heading, model in MODELS.items()
}
ROWS = [(heading, key) for heading, keys in ALL.items() for key in keys]


def _value(cell: str) -> Any:
    return tomllib.loads(f"x = {cell.strip('`')}")["x"]


def _variables(heading):
    """The example's variables, which other keys may refer to."""
    return {key: _value(row[2]) for key, row in DOCUMENTED[heading].items() if key.endswith("_envs")}


def test_every_table_is_documented_and_no_other():
    assert set(DOCUMENTED) == set(ALL)
    shown = {heading.strip("`[]") for heading in TABLES if heading.startswith("`[")}
    assert shown == set(_keys(Configuration))


@pytest.mark.parametrize("heading", ALL)
def test_every_key_is_documented_and_no_other(heading):
    assert set(DOCUMENTED[heading]) == set(ALL[heading])


def test_the_default_is_the_documented_one():
    assert ROWS
    for heading, key in ROWS:
        field, cell = ALL[heading][key], DOCUMENTED[heading][key][1]
        if field.is_required():
            assert cell == "required", (heading, key)
        elif field.default is None:
            assert cell == "none", (heading, key)
        elif isinstance(field.default, BaseModel):
            assert type(field.default).model_validate(_value(cell)) == field.default, (heading, key)
        else:
            assert _value(cell) == field.default, (heading, key)


def test_the_example_is_accepted_and_no_default():
    for heading, key in ROWS:
        example = _value(DOCUMENTED[heading][key][2])
        mistakes = []
        try:
            MODELS[heading].model_validate({**_variables(heading), key: example})
        except ValidationError as error:
            mistakes = [detail for detail in error.errors() if detail["loc"][:1] == (key,)]
        assert mistakes == [], (heading, key)
        assert example != ALL[heading][key].default, (heading, key)


def test_every_link_to_an_error_of_the_page_is_the_real_form(tmp_path):
    """The page explains `service[checkout].owners[2].team`: that is how errors look."""
    assert "`service[checkout].owners[2].team`" in PAGE
    path = tmp_path / "outcomes.toml"
    path.write_text(
        '[organisation]\nid = "a"\nname = "A"\n[[team]]\nid = "t"\nname = "T"\n'
        '[[service]]\nid = "checkout"\nname = "C"\nowners = [{ team = "t" }, { team = "x" }]\n'
    )
    with pytest.raises(Exception, match=r": service\[checkout\]\.owners\[2\]\.team: "):
        load(path)


def test_the_example_file_is_accepted_as_it_is():
    configuration = load(ROOT / "outcomes.example.toml")
    assert [service.id for service in configuration.services] == ["checkout"]


def test_the_example_file_is_accepted_with_every_suggestion_taken(tmp_path):
    # A suggestion is a comment that is TOML: `# key = …` or `# [[table]]`.
    taken = re.sub(r"^# (?=\w+ = |\[\[)", "", EXAMPLE, flags=re.MULTILINE)
    taken = taken.replace('parent = "product"', "")
    path = tmp_path / "outcomes.toml"
    path.write_text(taken, encoding="utf-8")
    configuration = load(path)
    kinds = [source.kind for source in configuration.sources]
    assert set(kinds) == set(settings_models()), "each kind is shown once"
    assert len(kinds) == len(set(kinds))
    assert configuration.services[0].deployments.origin == "tags"
    assert configuration.statuses[0].means == "waiting"


@pytest.mark.parametrize("heading", TABLES)
def test_the_example_file_shows_every_key(heading):
    shown = set(re.findall(r"(\w+) = ", EXAMPLE))
    assert set(_keys(TABLES[heading])) <= shown


def test_the_example_of_the_environment_has_every_variable_of_the_example_file():
    variables = set(re.findall(r'\w+_env = "(\w+)"', EXAMPLE))
    written = set(
        re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert variables == written


def test_dagsters_instance_is_made_of_the_shipped_file(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    (tmp_path / "dagster.yaml").write_bytes((ROOT / "dagster.yaml").read_bytes())
    with DagsterInstance.get() as instance:
        assert instance.is_persistent
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.run_retries_max_retries == 0
        assert instance.get_runs() == []
        assert isinstance(instance.event_log_storage, EventLog)
    assert [path.parent.name for path in tmp_path.rglob("runs.db")] == ["history"]


def test_dagsters_file_has_only_what_it_explains():
    assert set(yaml.safe_load((ROOT / "dagster.yaml").read_text(encoding="utf-8"))) == {
        "storage",
        "compute_logs",
        "telemetry",
        "nux",
        "run_monitoring",
        "run_retries",
        "retention",
    }
