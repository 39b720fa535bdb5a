"""The house: a source is one file or one folder, and sources know nothing of one another."""

from functools import cache

import pytest
from import_graph import ROOT, imports, named, reached

from connectors.registry import discover

SOURCES = {kind: source.create.__module__ for kind, source in discover().items()}
FOLDERS = {kind: f"connectors.{kind}." for kind, module in SOURCES.items() if module.endswith(".source")}
"""The sources that have parts: what the names of these begin with."""


@cache
def graph_here():
    """Read where it is asked for: all workers import this file, and few run its tests."""
    return imports()


def _foreign(graph):
    """Where a source reaches another: each with those that it reaches."""
    modules = set(SOURCES.values())
    found = {module: sorted(reached(graph, module) & modules - {module}) for module in modules}
    return {module: others for module, others in found.items() if others}


def _shared_parts(graph):
    """Parts of a source that are imported from outside of its folder."""
    return sorted(
        (module, one)
        for folder in FOLDERS.values()
        for module, needed in graph.items()
        for one in needed
        if one.startswith(folder) and not module.startswith(folder)
    )


def _lonely(graph):
    """Modules beside the sources that one source alone needs. The ballot box is no source, and needs some."""
    of_sources = {*SOURCES.values(), *(f"connectors.{kind}" for kind in SOURCES)}
    of_the_box = {
        one for module in graph if module.startswith("connectors.ballots.") for one in graph[module]
    }
    beside = {one for one in graph if one.count(".") == 1} - of_sources - of_the_box
    needed_by = {kind: reached(graph, module) & beside for kind, module in SOURCES.items()}
    users = {one: [kind for kind, needed in needed_by.items() if one in needed] for one in beside}
    return {one: kinds for one, kinds in users.items() if len(kinds) == 1}


def test_a_source_is_where_its_kind_says():
    for kind, module in SOURCES.items():
        assert module in {f"connectors.{kind}", f"connectors.{kind}.source"}


def test_sources_do_not_import_one_another():
    assert _foreign(graph_here()) == {}


def test_a_part_of_one_source_serves_that_source_alone():
    assert _shared_parts(graph_here()) == []


def test_what_one_source_alone_needs_lies_in_its_folder():
    assert _lonely(graph_here()) == {}


def test_nothing_outside_the_connectors_names_a_source():
    """A rule about one kind of source belongs into its file. Inbox and journal are the product's own too."""
    written = {"inbox", "journal"}
    parts = {
        one
        for one in graph_here()
        for kind in FOLDERS
        if one.startswith(FOLDERS[kind]) and kind not in written
    }
    found = {
        (path.name, one)
        for path in [*(ROOT / "pipelines").rglob("*.py"), *(ROOT / "dashboard").rglob("*.py")]
        for one in named(path) & (parts | set(SOURCES.values()))
    }
    assert found == set()


# ---- that these rules can fail -----------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "import connectors.jira.client",
        "from connectors.jira import client",
        "from connectors.jira.client import JiraClient",
        "def late():\n    from connectors.jira import client as other",
        "from .jira.client import JiraClient",
    ],
)
def test_an_import_is_seen_however_it_is_written(tmp_path, line):
    for name in ("jira/client", "jira/__init__", "codecov"):
        path = tmp_path / "connectors" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line if name == "codecov" else "", "utf-8")
    graph = imports(tmp_path)
    assert "connectors.jira.client" in graph["connectors.codecov"]
    assert _shared_parts(graph) == [("connectors.codecov", "connectors.jira.client")]


def test_a_source_behind_a_shared_module_is_seen():
    graph = {one: set() for one in graph_here()} | {
        "connectors.codecov": {"connectors.http"},
        "connectors.http": {"connectors.statuspage"},
    }
    assert _foreign(graph) == {"connectors.codecov": ["connectors.statuspage"]}
    assert _lonely(graph) == {"connectors.http": ["codecov"]}


def test_parts_are_reached_from_their_source():
    assert "connectors.github.client" in reached(graph_here(), "connectors.github.source")
    assert "connectors.http" in reached(graph_here(), "connectors.github.source")
