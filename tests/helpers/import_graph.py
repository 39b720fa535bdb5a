"""Which modules of the connectors import which, as their text says."""

import ast
import importlib.util
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a file below the root."""
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def named(path: Path, root: Path = ROOT) -> set[str]:
    """Everything that a file imports: modules, and what may be modules or names in them."""
    module = module_name(path, root)
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            found |= {origin, *(f"{origin}.{alias.name}" for alias in node.names)}
    return found


def imports(root: Path = ROOT) -> dict[str, set[str]]:
    """Each module of the connectors, with those that it imports itself."""
    paths = {module_name(path, root): path for path in (root / "connectors").rglob("*.py")}
    return {module: named(path, root) & paths.keys() - {module} for module, path in paths.items()}


def reached(graph: Mapping[str, set[str]], module: str) -> set[str]:
    """Everything that a module needs, directly or not."""
    seen, waiting = set[str](), [module]
    while waiting:
        new = graph[waiting.pop()] - seen
        seen |= new
        waiting += new
    return seen
