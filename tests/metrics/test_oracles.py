"""Every worked example is restated as a case of this project, or says what it waits for."""

import ast
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT.parent / "shared" / "oracles" / "oracles.json"
LISTED: dict[str, Any] = tomllib.loads((Path(__file__).parent / "oracles.toml").read_text(encoding="utf-8"))
LATER: dict[str, str] = LISTED.pop("later")
CASES = [(oracle, case) for oracle, entry in LISTED.items() for case in entry["cases"]]


def _names(path: Path) -> list[str]:
    """The names of the tests or cases in a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".yaml":
        return [case["name"] for case in yaml.load(text, yaml.CSafeLoader)]
    return [node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize(("oracle", "case"), CASES)
def test_the_case_that_restates_an_example_exists(oracle: str, case: str) -> None:
    path, _, name = case.partition("::")
    assert _names(ROOT / path).count(name) == 1, f"{oracle}: {name} is not in {path}"


def test_each_example_is_restated_or_waits_and_says_for_what() -> None:
    assert LISTED.keys() & LATER.keys() == set()
    assert all(entry.keys() <= {"cases", "waits"} and entry["cases"] for entry in LISTED.values())
    assert all([*LATER.values(), *(entry.get("waits", "-") for entry in LISTED.values())])


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples are not beside the project")
def test_no_example_is_forgotten() -> None:
    known = [case["id"] for case in json.loads(EXAMPLES.read_text(encoding="utf-8"))]
    assert sorted([*LISTED, *LATER]) == sorted(known)
