"""The house: a new source is one file, and sources know nothing of one another."""

import ast
from pathlib import Path

from connectors.registry import discover

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "connectors"


def _module(source):
    return source.create.__module__.removeprefix("connectors.")


SOURCES = {_module(source) for source in discover().values()}


def _imports(name):
    """The modules of the folder that a module names, itself left out."""
    found = set()
    for node in ast.walk(ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "connectors":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("connectors."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith("connectors.")
            }
    return {one for one in found - {name} if (FOLDER / f"{one}.py").is_file()}


def _reached(name):
    """Everything that a module needs, directly or not."""
    seen, waiting = set(), [name]
    while waiting:
        new = _imports(waiting.pop()) - seen
        seen |= new
        waiting += new
    return seen


def test_sources_do_not_import_one_another():
    assert {name: sorted(_reached(name) & SOURCES) for name in SOURCES} == {name: [] for name in SOURCES}


def test_a_part_of_one_source_serves_that_source_alone():
    for name in SOURCES:
        foreign = [
            part
            for part in _reached(name)
            for other in SOURCES - {name}
            if part.startswith(f"{other}_") and not name.startswith(f"{other}_")
        ]
        assert foreign == [], f"{name} uses parts of another source"


def test_nothing_outside_the_connectors_names_a_source():
    """A rule about one kind of source belongs into its file."""
    modules = {f"connectors.{one}" for one in SOURCES}
    named = [
        (path.name, node.module)
        for path in [*(ROOT / "pipelines").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in modules
    ]
    assert named == []
