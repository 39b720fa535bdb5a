"""What each of `[rules]` fits in what was seen, what it leaves out, and which of its patterns fit nothing.

Of accounts only those are named that the source itself calls bots: a pattern may fit a person.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, get_args

from duckdb import DuckDBPyConnection

from connectors.base import Finding, ServiceKey, SourceSettings
from connectors.selection import matches
from pipelines.config_model import Configuration, Rules

NAMES_SHOWN = 3
FEWEST_PEOPLE = 4
"""Fewer accounts say nothing about a pattern that fits too many."""
LIKE_AN_INCIDENT = ("incident", "outage", "postmortem", "post-mortem", "sev1", "sev-1", "sev2", "sev-2")
LIKE_A_HOTFIX = ("hotfix", "hot-fix", "hot fix", "emergency", "urgent")
"""Words by which other organisations call such things: labels with them may be missing from the rules."""


def of_rules(con: DuckDBPyConnection, rules: Rules) -> Iterator[Finding]:
    """One finding per rule and source that has something for it to fit."""
    yield from _bots(con, rules.bots)
    yield from _environments(con, rules.production_environments)
    yield from _hotfixes(con, rules)
    yield from _incidents(con, rules)


def of_selection(configuration: Configuration, scopes: Mapping[str, Sequence[str]]) -> Iterator[Finding]:
    """What `include` and `exclude` of each source fit, of what is read and of what services own."""
    for settings in configuration.sources:
        found = [name for name in scopes.get(settings.name, ()) if name != "*"]
        owned = _owned(configuration, settings.name)
        # Where nothing at all is read, it may be that the source fails; what `exclude` says holds anyway.
        is_left_out = any(matches(name, settings.exclude) for name in owned)
        if is_left_out or (found and (settings.include or settings.exclude)):
            yield _selection(settings, found, owned)


def listed(counts: Iterable[tuple[str, int]]) -> str:
    """`production (48), blue (2) and 3 more names`."""
    found = [f"{name} ({count})" for name, count in counts if count]
    more = f" and {len(found) - NAMES_SHOWN} more names" if len(found) > NAMES_SHOWN else ""
    return ", ".join(found[:NAMES_SHOWN]) + more


def _by_source(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    """The rows of each source without their first column, which is its name."""
    for source, group in groupby(rows, key=lambda row: str(row[0])):
        yield source, [row[1:] for row in group]


def _after(opening: str, counts: "Counter[str]") -> str:
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return f"{opening}{listed(ordered)}" if counts else ""


def _fits(counts: "Counter[str]", patterns: Sequence[str]) -> str:
    """How often each pattern fits; `counts` has them in small letters."""
    idle = [pattern for pattern in patterns if not counts[pattern.lower()]]
    more = f" and {len(idle) - NAMES_SHOWN} more" if len(idle) > NAMES_SHOWN else ""
    nothing = f"; nothing fits {', '.join(idle[:NAMES_SHOWN])}{more}" if idle else ""
    return _after(": ", counts) + nothing


# --- accounts


def _bots(con: DuckDBPyConnection, patterns: Sequence[str]) -> Iterator[Finding]:
    rows = con.execute(
        "SELECT source, login, coalesce(lower(kind) = 'bot', false), "
        "list_filter(?::VARCHAR[], lambda g: lower(login) GLOB lower(g)) "
        "FROM raw.account WHERE gone_at IS NULL AND login IS NOT NULL ORDER BY ALL",
        [list(patterns)],
    ).fetchall()
    for source, group in _by_source(rows):
        named = Counter(login for login, is_bot, _ in group if is_bot)
        others = [fits for _, is_bot, fits in group if not is_bot]
        by_pattern = sum(bool(fits) for fits in others)
        fitted = Counter(pattern.lower() for *_, fits in group for pattern in fits)
        is_too_wide = len(others) >= FEWEST_PEOPLE and 2 * by_pattern > len(others)
        fix = ". So many may be people: narrow [rules] bots" if is_too_wide else ""
        said = (
            f"{named.total() + by_pattern} of {len(group)} accounts; {named.total()} by their type"
            f"{_after(': ', named)}; {by_pattern} by patterns alone; of the patterns{_fits(fitted, patterns)}"
        )
        yield Finding(f"bots of {source}", not is_too_wide, said + fix)


# --- environments


def _environments(con: DuckDBPyConnection, patterns: Sequence[str]) -> Iterator[Finding]:
    rows = con.execute(
        "SELECT source, environment, list_filter(?::VARCHAR[], lambda g: lower(environment) GLOB lower(g)) "
        "FROM raw.deployment WHERE environment IS NOT NULL ORDER BY ALL",
        [list(patterns)],
    ).fetchall()
    for source, group in _by_source(rows):
        production = Counter(name for name, fits in group if fits)
        others = Counter(name for name, fits in group if not fits)
        fix = "" if production else ". Set [rules] production_environments, or deployments.match of services"
        said = (
            f"{production.total()} of {len(group)} deployments have the name of a production environment"
            f"{_after(': ', production)}{_after('; left out: ', others)}"
        )
        yield Finding(f"environments of {source}", bool(production), said + fix)


# --- what mends production, and what went wrong in it


def _hotfixes(con: DuckDBPyConnection, rules: Rules) -> Iterator[Finding]:
    rows = con.execute(
        "SELECT source, labels, list_filter(?::VARCHAR[], lambda g: lower(head_ref) GLOB lower(g)) "
        "FROM raw.pull_request WHERE gone_at IS NULL ORDER BY ALL",
        [rules.hotfix_branches],
    ).fetchall()
    wanted = {label.lower() for label in rules.hotfix_labels}
    for source, group in _by_source(rows):
        labelled = [(_fitting(labels, wanted), fits or []) for labels, fits in group]
        count = sum(bool(labels or fits) for labels, fits in labelled)
        by_label = Counter(label for labels, _ in labelled for label in labels)
        by_branch = Counter(pattern.lower() for _, fits in labelled for pattern in fits)
        missed = _similar((labels for labels, _ in group), wanted, LIKE_A_HOTFIX)
        fitted = _fits(by_label + by_branch, [*rules.hotfix_labels, *rules.hotfix_branches])
        said = f"{count} of {len(group)} pull requests are hotfixes{fitted}{_after('; left out: ', missed)}"
        fix = ". Add what means a hotfix to [rules] hotfix_labels" if missed and not by_label else ""
        yield Finding(f"hotfixes of {source}", not fix, said + fix)


def _incidents(con: DuckDBPyConnection, rules: Rules) -> Iterator[Finding]:
    rows = con.execute(
        "SELECT source, labels, coalesce(type, '') FROM raw.issue WHERE gone_at IS NULL ORDER BY ALL"
    ).fetchall()
    wanted = {label.lower() for label in rules.incident_labels}
    types = {name.lower() for name in rules.incident_issue_types}
    for source, group in _by_source(rows):
        found = [(_fitting(labels, wanted), _fitting([kind], types)) for labels, kind in group]
        count = sum(bool(labels or kinds) for labels, kinds in found)
        counts = Counter(word for labels, kinds in found for word in (*labels, *kinds))
        missed = _similar((labels for labels, _ in group), wanted, LIKE_AN_INCIDENT)
        missed += _similar(([kind] for _, kind in group), types, LIKE_AN_INCIDENT)
        fitted = _fits(counts, [*rules.incident_labels, *rules.incident_issue_types])
        said = f"{count} of {len(group)} issues are incidents{fitted}{_after('; left out: ', missed)}"
        fix = ". Add what means an incident to [rules] incident_labels" if missed and not count else ""
        yield Finding(f"incidents among issues of {source}", not fix, said + fix)


def _fitting(names: Iterable[str] | None, wanted: set[str]) -> list[str]:
    """Those of the names that are wanted, as the rule writes them."""
    return sorted({name.lower() for name in names or ()} & wanted)


def _similar(lists: Iterable[Sequence[str] | None], wanted: set[str], words: Sequence[str]) -> "Counter[str]":
    """Names with a word in them that usually means it, which no rule knows."""
    return Counter(
        name
        for names in lists
        for name in names or ()
        if name.lower() not in wanted and any(word in name.lower() for word in words)
    )


# --- include and exclude


def _owned(configuration: Configuration, source: str) -> list[str]:
    """What services own in a source, by whatever key they name it."""
    return sorted({name for key in get_args(ServiceKey) for name in configuration.scopes_of(source, key)})


def _selection(settings: SourceSettings, read: Sequence[str], owned: Sequence[str]) -> Finding:
    included = Counter(
        pattern.lower() for pattern in settings.include for name in read if matches(name, [pattern])
    )
    excluded = [name for name in owned if name not in read and matches(name, settings.exclude)]
    idle = [pattern for pattern in settings.include if not included[pattern.lower()]]
    said = f"{len(read)} are read" + (
        f"; include{_fits(included, settings.include)}" if settings.include else ""
    )
    if excluded:
        more = f" and {len(excluded) - NAMES_SHOWN} more" if len(excluded) > NAMES_SHOWN else ""
        said += f"; exclude leaves out what services own: {', '.join(excluded[:NAMES_SHOWN])}{more}"
    fix = ". Mend the pattern, or let the token see what it means" if idle else ""
    return Finding(f"selection of {settings.name}", not idle and not excluded, said + fix)
