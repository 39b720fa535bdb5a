"""The repository tells the truth: what its documents name exists, and what exists is documented."""

import ast
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer.main
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parent.parent
PACKAGES = ("connectors", "pipelines", "dashboard")


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def _tracked() -> list[Path]:
    """What git has or would take."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


TRACKED = _tracked()
DOCUMENTS = [path for path in TRACKED if path.suffix == ".md" and path.name != "NOTICE.md"]
MODULES = [path for path in TRACKED if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


# ---- the house ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        ".ci/run",
        ".env.example",
        ".pre-commit-config.yaml",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "connectors",
        "dagster.yaml",
        "dashboard",
        "docs/decisions",
        "outcomes.example.toml",
        "pipelines",
        "pyproject.toml",
        "requirements.lock",
        "tests",
    ],
)
def test_the_house_has_its_rooms(name):
    assert (ROOT / name).exists()


def test_the_licence_is_the_one_that_the_package_names():
    assert tomllib.loads(_text("pyproject.toml"))["project"]["license"] == "Apache-2.0"
    assert _text("LICENSE").split()[:4] == ["Apache", "License", "Version", "2.0,"]


def test_modules_stay_small():
    lines = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert lines
    assert {name: many for name, many in lines.items() if many > 400} == {}


def test_no_module_is_a_drawer_for_everything():
    assert [_name(path) for path in TRACKED if path.stem in {"utils", "util", "helpers", "misc"}] == []


def test_tests_are_no_package():
    """With an `__init__.py`, `tests/connectors` would hide `connectors`."""
    assert [_name(p) for p in TRACKED if p.name == "__init__.py" and p.is_relative_to(ROOT / "tests")] == []


def test_nothing_prints():
    """Progress and answers go through the command, which knows where they belong."""
    assert [
        f"{_name(path)}:{node.lineno}"
        for path in MODULES
        if path.name != "__main__.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ] == []


def test_sql_begins_with_its_header():
    paths = [path for path in TRACKED if path.suffix == ".sql"]
    assert paths
    for path in paths:
        comment = re.match(r"/\*\n(.*?)\*/\n", path.read_text(encoding="utf-8"), re.DOTALL)
        assert comment, path
        header = tomllib.loads(comment[1])
        # Every check of the data has the same columns, which stand in one place; its own are its reasons.
        assert header["reasons" if path.parent.name == "quality" else "columns"], path


# Written in two parts, so that this file does not find itself.
FORBIDDEN = [
    "/ro" + "ot/",
    "/wo" + "rk/",
    "/ho" + "me/",
    "/Use" + "rs/",
    "/op" + "t/",
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "--ind" + "ex-url",
]


@pytest.mark.parametrize("words", FORBIDDEN)
def test_nothing_names_a_machine_or_a_registry(words):
    found = [_name(path) for path in TRACKED if words.encode() in path.read_bytes()]
    assert found == []


# ---- the locks ---------------------------------------------------------------------------------


def _pins(name: str) -> dict[str, str]:
    """Each package's block of a lock file, by its name."""
    blocks: dict[str, str] = {}
    package = ""
    for line in _text(name).splitlines(keepends=True):
        if not line.startswith(" "):
            package = canonicalize_name(re.split(r"[=\[]", line)[0])
        blocks[package] = blocks.get(package, "") + line
    return blocks


def _required(*, with_development: bool) -> list[Requirement]:
    project = tomllib.loads(_text("pyproject.toml"))["project"]
    extra = project["optional-dependencies"]["dev"] if with_development else []
    return [Requirement(line) for line in project["dependencies"] + extra]


@pytest.mark.parametrize(("name", "dev"), [("requirements.lock", True), ("requirements-run.lock", False)])
def test_the_lock_pins_everything_that_is_required(name, dev):
    pins = _pins(name)
    for requirement in _required(with_development=dev):
        pinned = re.search(r"==([^\s;]+)", pins[canonicalize_name(requirement.name)])
        assert pinned
        assert Version(pinned[1]) in requirement.specifier


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-run.lock"])
def test_every_pin_has_hashes(name):
    assert [package for package, block in _pins(name).items() if "--hash=sha256:" not in block] == []


def test_what_running_needs_is_part_of_the_whole_lock():
    whole = _pins("requirements.lock")
    assert {name: whole.get(name) for name in _pins("requirements-run.lock")} == _pins(
        "requirements-run.lock"
    )


# ---- the commands ------------------------------------------------------------------------------


def _make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", _text("Makefile"), re.MULTILINE))


def _commands() -> dict[str, set[str]]:
    """Each command of `outcomes` and its options, with those of its parts; the empty name has global ones."""
    from pipelines.cli import app

    group = typer.main.get_command(app)
    found = {"": group.params}
    for name, command in group.commands.items():
        parts = getattr(command, "commands", {}).values()
        found[name] = [*command.params, *(each for part in parts for each in part.params)]
    return {name: {option for each in params for option in each.opts} for name, params in found.items()}


def test_make_targets_that_are_named_exist():
    for path in (*DOCUMENTS, ROOT / ".ci/run", ROOT / ".pre-commit-config.yaml"):
        # "make " at the start of a line, of code, or of a hook: prose may make other things.
        text = path.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^|`|entry: )make ([a-z]+)", text, re.MULTILINE))
        assert named <= _make_targets(), path


def test_every_make_target_is_told_to_contributors():
    parts_of_check = {"compiled", "lint", "types", "arrows", "definitions", "browser", "help"}
    told = set(re.findall(r"make ([a-z]+)", _text("CONTRIBUTING.md") + _text("README.md")))
    assert _make_targets() - parts_of_check <= told


def test_commands_that_are_named_anywhere_exist():
    named = {
        (_name(path), command)
        for path in [*DOCUMENTS, *MODULES, ROOT / "outcomes.example.toml", ROOT / "Makefile"]
        for command in re.findall(r"(?:`|^|/)outcomes ([a-z][a-z-]*)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert {(where, command) for where, command in named if command not in _commands()} == set()


def test_every_command_is_documented_with_options_that_exist():
    rows = dict(
        re.findall(
            r"^\| `outcomes ([a-z][a-z-]*)[^`]*` \| (.*) \|$", _text("docs/operations.md"), re.MULTILINE
        )
    )
    commands = _commands()
    assert set(rows) == set(commands) - {""}
    wrong = {
        (name, option)
        for name, row in rows.items()
        for option in re.findall(r"--[a-z-]+", row)
        if option not in commands[name]
    }
    assert wrong == set()


def test_every_command_and_option_has_help():
    from pipelines.cli import app

    group = typer.main.get_command(app)
    silent = [
        f"{name} {option.name}"
        for name, command in group.commands.items()
        for option in command.params
        if not getattr(option, "help", None)
    ]
    assert silent == []
    assert [name for name, command in group.commands.items() if not command.help] == []


def test_ci_runs_what_contributors_run():
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert _text(".ci/run").splitlines()[-1] == "make check"
    hooks = yaml.safe_load(_text(".pre-commit-config.yaml"))["repos"][0]["hooks"]
    check = re.search(r"^check:.*\n(?:\t.*\n)*?\t@\$\(MAKE\).* (lint .*)$", _text("Makefile"), re.MULTILINE)
    assert check
    assert {hook["entry"].removeprefix("make ") for hook in hooks} <= set(check[1].split())


# ---- the documents -----------------------------------------------------------------------------


def test_links_lead_somewhere():
    assert DOCUMENTS
    for path in DOCUMENTS:
        links = re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8"))
        local = [link for link in links if not link.startswith(("https://", "mailto:"))]
        assert [link for link in local if not (path.parent / link).exists()] == [], path


def test_paths_that_contributors_are_told_exist():
    named = re.findall(
        r"`((?:connectors|pipelines|sql|dashboard|tests|docs)/[\w./-]*)`", _text("CONTRIBUTING.md")
    )
    assert named
    assert [name for name in named if not any((ROOT / at / name).exists() for at in (".", "pipelines"))] == []


def test_the_metrics_page_is_what_the_files_say():
    from pipelines.catalog import load_metrics
    from pipelines.catalog_page import render

    assert _text("docs/metrics.md") == render(load_metrics()), "run `make docs`"


def test_a_changed_definition_stands_in_the_changelog():
    from pipelines.catalog import load_metrics

    told = " ".join(_text("CHANGELOG.md").split())
    for name, metric in load_metrics().items():
        for change in metric.changes:
            assert f"`{name}` version {change.version}: {' '.join(change.what.split())}" in told


def test_the_index_of_decisions_is_complete():
    folder = ROOT / "docs/decisions"
    files = sorted(path.name for path in folder.glob("[0-9]*.md"))
    index = re.findall(
        r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \| (.+) \|$", _text("docs/decisions/README.md"), re.MULTILINE
    )
    assert [file for _, file, _, _ in index] == files
    assert [number for number, *_ in index] == [f"{n:04}" for n in range(1, len(files) + 1)]
    for number, file, title, status in index:
        text = (folder / file).read_text(encoding="utf-8")
        assert text.startswith(f"# {number}: {title}\n\nStatus: {status}, ")
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]


def test_the_changelog_keeps_its_form():
    text = _text("CHANGELOG.md")
    versions = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert versions[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", version) for version in versions[1:])
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= kinds
