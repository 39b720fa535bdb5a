"""Whose pages follow a scope in its PDF: its departments and teams, one page each, where they are few."""

from collections.abc import Iterator
from dataclasses import dataclass

from dashboard import snapshot, words

MOST = 40
"""More departments, or more teams, than this have pages only where somebody asks for them."""


@dataclass(frozen=True)
class Below:
    """The scopes with a page, each department before its own; and how many have none, in words or empty."""

    scopes: tuple[str, ...]
    left_out: str = ""


def below(path: str, scope: str, *, everyone: bool = False) -> Below:
    """All below a scope, or all of a kind none of which are too many."""
    found = list(_under(path, scope))
    scopes, left_out = list(found), []
    for kind in ("department", "team"):
        those = [one for one in found if one.startswith(f"{kind}:")]
        if len(those) > MOST and not everyone:
            scopes = [one for one in scopes if one not in those]
            left_out.append(words.plural(len(those), kind))
    return Below(tuple(scopes), " and ".join(left_out))


def _under(path: str, scope: str) -> Iterator[str]:
    """The teams of a department, then its departments with theirs; nothing below a team.

    Teams that are in no department come last in the organisation.
    """
    kind, _, identity = scope.partition(":")
    if kind == "team":
        return
    inside = identity or None
    teams = [
        f"team:{team}"
        for team, department in snapshot.teams(path).select("team", "department").iter_rows()
        if department == inside
    ]
    parents = snapshot.parents(path)
    if inside:
        yield from teams
    for department in snapshot.departments(path)["department"]:
        if parents[department] == inside:
            yield f"department:{department}"
            yield from _under(path, f"department:{department}")
    if not inside:
        yield from teams
