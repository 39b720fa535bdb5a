"""Every mistake that other tools are known to have made has its test here."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PITFALLS = tomllib.loads((TESTS / "pitfalls.toml").read_text("utf-8"))["pitfall"]


def _docstrings():
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield ast.get_docstring(node) or ""
    for path in (TESTS / "metrics").glob("*.yaml"):
        yield path.read_text("utf-8")  # a case is a test; its comments stand for the docstring


@cache
def _said():
    return "\n".join(_docstrings())


@pytest.mark.xdist_group("pitfalls")  # who looks through all tests does so once
@pytest.mark.parametrize("pitfall", PITFALLS, ids=lambda one: one["situation"])
def test_a_test_names_each_thread(pitfall):
    missing = [thread for thread in pitfall["threads"] if thread not in _said()]
    assert not missing
