"""The rules of `outcomes.toml` that need more than one entry: uniqueness, references, cycles.

They look at the file as it was read, so that they also speak where an entry has other mistakes.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.registry import discover
from pipelines.config_access import PROVIDER_KEYS
from pipelines.config_errors import Place, Problem, suggestion
from pipelines.config_model import split_prefix

ANY = "*"
"""Stands for every entry of a list in a pattern of keys."""


def broken_rules(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Every rule between entries that the file breaks."""
    yield from _duplicates(document)
    yield from _second_meanings(document)
    yield from _shared_names(document)
    yield from _department_cycles(document)
    yield from _broken_references(document)
    yield from _half_a_sign_in(document)
    yield from _half_a_tracker(document)


def _named(document: Mapping[str, Any], table: str, key: str = "id") -> list[tuple[int, str]]:
    """Positions and names of a table's entries, also of those that have other mistakes."""
    entries = document.get(table)
    if not isinstance(entries, list):
        return []
    return [
        (position, entry[key])
        for position, entry in enumerate(entries)
        if isinstance(entry, dict) and isinstance(entry.get(key), str)
    ]


def _duplicates(document: Mapping[str, Any]) -> Iterator[Problem]:
    for table, key in (("department", "id"), ("team", "id"), ("service", "id"), ("source", "name")):
        entries = _named(document, table, key)
        seen: set[str] = set()
        for position, name in entries:
            if name in seen:
                what = f"entry {position + 1} repeats the {key} of an earlier {table}"
                yield Problem((table, position, key), what, f"Give each {table} its own {key}")
            seen.add(name)


def _second_meanings(document: Mapping[str, Any]) -> Iterator[Problem]:
    seen: set[tuple[str, str]] = set()
    for position, name in _named(document, "status", "name"):
        meaning = (str(document["status"][position].get("source")), name.casefold())
        if meaning in seen:
            what = "gives a status of a source a second meaning"
            yield Problem(("status", position, "name"), what, "Remove one of the two entries")
        seen.add(meaning)


def _shared_names(document: Mapping[str, Any]) -> Iterator[Problem]:
    """What other places call a team can mean one team alone."""
    seen: dict[str, object] = {}
    for path, name in _texts_at(document, ("team", ANY, "known_as", ANY)):
        if seen.setdefault(name.casefold(), path[1]) != path[1]:
            what = "is what another team is known as"
            yield Problem(path, what, "Leave it with the team that it means")


def _department_cycles(document: Mapping[str, Any]) -> Iterator[Problem]:
    entries = _named(document, "department")
    parents: dict[str, object] = {}
    for position, name in entries:
        parent = document["department"][position].get("parent")
        parents[name] = parent if isinstance(parent, str) else None
    for position, name in entries:
        ancestor, steps = parents[name], 0
        while ancestor in parents and ancestor != name and steps < len(parents):
            ancestor, steps = parents[ancestor], steps + 1
        if ancestor == name:
            what = "leads back to the department itself"
            yield Problem(("department", position, "parent"), what, "Remove the parent of one of them")


_REFERENCES = (
    (("department", ANY, "parent"), "department"),
    (("team", ANY, "department"), "department"),
    (("service", ANY, "owners", ANY, "team"), "team"),
    (("status", ANY, "source"), "source"),
    (("access", "grant", ANY, "teams", ANY), "team"),
    (("access", "grant", ANY, "department"), "department"),
    (("actions", "source"), "source"),
    (("digest", "receiver", ANY, "team"), "team"),
)


def _broken_references(document: Mapping[str, Any]) -> Iterator[Problem]:
    names = {
        table: [name for _, name in _named(document, table, "name" if table == "source" else "id")]
        for table in ("department", "team", "source")
    }
    for pattern, table in _REFERENCES:
        for path, name in _texts_at(document, pattern):
            if name not in names[table]:
                yield _unknown(path, table, name, names[table])
    for key in ("repositories", "jira_projects", "incident_services", "indicators"):
        for path, reference in _texts_at(document, ("service", ANY, key, ANY)):
            yield from _broken_prefix(path, key, reference, names["source"])
    for path, reference in _texts_at(document, ("team", ANY, "known_as", ANY)):
        yield from _broken_prefix(path, "known_as", reference, names["source"])


def _texts_at(node: object, pattern: Sequence[str], path: Place = ()) -> Iterator[tuple[Place, str]]:
    """The texts at a pattern of keys and ANY (every entry of a list), however broken the rest is."""
    if not pattern:
        if isinstance(node, str):
            yield path, node
    elif pattern[0] == ANY and isinstance(node, list):
        for position, entry in enumerate(node):
            yield from _texts_at(entry, pattern[1:], (*path, position))
    elif isinstance(node, dict) and pattern[0] in node:
        yield from _texts_at(node[pattern[0]], pattern[1:], (*path, pattern[0]))


def _unknown(path: Place, table: str, name: str, known: Sequence[str]) -> Problem:
    return Problem(path, f"names a {table} that has no [[{table}]]", suggestion(name, known))


def _broken_prefix(path: Place, key: str, reference: str, sources: Sequence[str]) -> Iterator[Problem]:
    prefix, name = split_prefix(reference)
    if key == "repositories" and (prefix is None or not re.fullmatch(r"[^/\s]+/[^/\s]+", name)):
        yield Problem(path, "is not a repository of a source", 'Write it as "source:owner/name"')
    elif prefix is not None and prefix not in sources:
        problem = _unknown(path, "source", prefix, sources)
        end = "" if problem.fix.endswith("?") else "."
        hint = f"{end} A name that has a colon itself needs its source before it"
        yield Problem(path, problem.what, problem.fix + ("" if key == "repositories" else hint))


def _half_a_sign_in(document: Mapping[str, Any]) -> Iterator[Problem]:
    """A provider that is not told wholly, and rules on people who cannot sign in: who would be let in?"""
    access = document.get("access")
    if not isinstance(access, dict):
        return
    whole = ", ".join(PROVIDER_KEYS)
    missing = [key for key in PROVIDER_KEYS if key not in access]
    if len(missing) < len(PROVIDER_KEYS):
        for key in missing:
            yield Problem(
                ("access", key), "is missing", f"Signing in needs {', '.join(PROVIDER_KEYS)}: add it"
            )
        return
    for key in ("restricted", "grant"):
        if access.get(key):
            what = "says who may do what, and nobody can sign in"
            yield Problem(("access", key), what, f"Add {whole}")


def _half_a_tracker(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Issues are made in a named project with a credential of their own, or not at all."""
    actions = document.get("actions")
    needed = ("source", "project", "token_env")
    if not isinstance(actions, dict) or not any(key in actions for key in needed):
        return
    for key in needed:
        if key not in actions:
            yield Problem(("actions", key), "is missing", f"Making issues needs {', '.join(needed)}: add it")
    kinds = {one.get("name"): one.get("kind") for one in document.get("source", ()) if isinstance(one, dict)}
    kind = discover().get(str(kinds.get(actions.get("source"))))
    if kind is not None and kind.create_tracker is None:
        able = ", ".join(name for name, one in discover().items() if one.create_tracker)
        what = "is a source in which no issues can be made"
        yield Problem(("actions", "source"), what, f"Name one of kind {able}")
