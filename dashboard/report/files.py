"""Health checks as files: gathered from what is published, written and frozen, and given a form."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from connectors.journal.journal import Frozen, Journal
from connectors.journal.where import is_there, url_of
from dashboard import figures, frozen, words
from dashboard.health.compose import compose
from dashboard.health.document import HealthCheck
from dashboard.health.first_look import opens
from dashboard.health.numbers import names
from dashboard.health.written import Entries, read
from dashboard.report import markdown, page_html, pdf, weekly
from dashboard.report.below import below
from dashboard.snapshot import run

Kind = Literal["pdf", "markdown", "html"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_ENDINGS: dict[Kind, tuple[str, str, str]] = {
    "pdf": ("PDF", "pdf", "application/pdf"),
    "markdown": ("Markdown", "md", "text/markdown"),
    "html": ("HTML", "html", "text/html"),
}
_UNSAFE = re.compile(r"[^a-z0-9]+")


class ReportError(Exception):
    """A report cannot be made. `str()` is one line."""


class NoSuchRevisionError(Exception):
    """A quarter was not frozen as often as is asked for. `str()` is one line."""


@dataclass(frozen=True)
class Asked:
    """Which health checks are wanted, of which quarter, at what moment, and for whose eyes."""

    scopes: Sequence[str]
    quarter: str
    now: datetime
    is_own_look: bool = False
    """Of a team, for itself alone: its survey is told before leaders may see it."""
    revision: int | None = None
    """Of a frozen quarter; None, and for those in `brief`: the newest, else today's numbers."""
    brief: frozenset[str] = frozenset()
    """Those of the scopes that have one page alone, in the PDF of one above them."""


@dataclass(frozen=True)
class Gathered:
    """A health check, and the tables that it was made of: last night's, or those that were frozen."""

    check: HealthCheck
    path: str
    is_brief: bool = False
    """Whether its one page is wanted, and no more."""


def scopes(path: str) -> dict[str, str]:
    """Every scope that has a health check by what people call it: organisation, departments, teams."""
    return names(path)


def quarters(path: str) -> tuple[list[str], str | None]:
    """The published quarters, oldest first, and the last one that is over."""
    found = figures.quarters(path)
    over = found.filter("is_complete")["period"].to_list()
    return found["period"].to_list(), over[-1] if over else None


def with_those_below(path: str, asked: Asked, *, everyone: bool) -> tuple[Asked, dict[str, str]]:
    """Each scope followed by one page of each below it; and of which scopes how many would be too many."""
    scopes: list[str] = []
    left_out: dict[str, str] = {}
    for one in asked.scopes:
        found = below(path, one, everyone=everyone)
        scopes += [one, *found.scopes]
        if found.left_out:
            left_out[one] = found.left_out
    ordered = list(dict.fromkeys(scopes))
    return replace(asked, scopes=ordered, brief=frozenset(ordered) - frozenset(asked.scopes)), left_out


def gather(path: str, home: Path, asked: Asked) -> Iterator[Gathered]:
    """The health checks as the page shows them: frozen ones as they were frozen.

    Args:
        path: the published snapshot.
        home: where the journal lies, unless a database is named.
        asked: what is wanted.

    Raises:
        JournalError: the journal cannot be used.
        NoSuchRevisionError: there is no such revision of one of them.
        ReportError: a frozen quarter cannot be read.
    """
    journal = Journal.open(url_of(home)) if is_there(home) else None
    try:
        written = read(journal, run(path).zone) if journal else Entries()
        for scope in asked.scopes:
            kept = journal.frozen(scope, asked.quarter) if journal else []
            yield one_of(asked, scope, path, written, kept)
    finally:
        if journal:
            journal.close()


def one_of(asked: Asked, scope: str, path: str, written: Entries, kept: Sequence[Frozen]) -> Gathered:
    """As it was frozen, else as of now. The survey is left out as long as it is the teams' alone.

    Raises:
        NoSuchRevisionError: the revision that is asked for is not among those kept.
        ReportError: it was frozen by another version of the product.
    """
    opens_at = opens(path, asked.quarter)
    sees_survey = asked.is_own_look or opens_at is None or asked.now >= opens_at
    is_brief = scope in asked.brief
    version = _revision(kept, scope, asked)
    if version is None:
        made = Gathered(compose(path, written, scope, asked.quarter, sees_survey=sees_survey), path)
        return replace(made, is_brief=is_brief)
    try:
        return replace(of_frozen(version, sees_survey=sees_survey), is_brief=is_brief)
    except ValueError as trouble:
        raise ReportError(
            f"{scope} {asked.quarter}: {trouble}. Make the report with the version that froze it"
        ) from trouble


def _revision(kept: Sequence[Frozen], scope: str, asked: Asked) -> Frozen | None:
    if asked.revision is None or scope in asked.brief:
        return kept[-1] if kept else None
    for one in kept:
        if one.revision == asked.revision:
            return one
    there = "It was never frozen"
    if kept:
        known = words.listed([str(one.revision) for one in kept])
        there = f"There {'is' if len(kept) == 1 else 'are'} {known}"
    raise NoSuchRevisionError(f"{scope} {asked.quarter}: has no revision {asked.revision}. {there}")


def of_frozen(revision: Frozen, *, sees_survey: bool) -> Gathered:
    """A frozen quarter, with nothing of what is published today.

    Raises:
        ValueError: it was frozen by another version of the product.
    """
    return Gathered(frozen.check(revision, sees_survey=sees_survey), frozen.tables(revision))


def report(kind: Kind, gathered: Sequence[Gathered]) -> bytes:
    """The file of one or more health checks, in their order: at least one, all of the same quarter."""
    checks = [one.check for one in gathered]
    if kind == "html":
        return page_html.render(checks).encode()
    if kind == "markdown":
        return "\n---\n\n".join(markdown.render(check) for check in checks).encode()
    charts = {one.check.scope: _charts(one) for one in gathered if one.check.kind == "team"}
    return pdf.render(checks, charts, {one.check.scope for one in gathered if one.is_brief})


def _charts(one: Gathered) -> list[weekly.Chart]:
    return weekly.charts(one.path, one.check.scope, one.check.name, one.check.quarter)


def file_name(kind: Kind, quarter: str, scopes: Iterable[str], revision: int | None = None) -> str:
    """`health-check-2026-Q3-team-harbour.pdf`; of several scopes without their names.

    Of a revision that was chosen `health-check-2026-Q3-team-harbour-revision-1.pdf`.
    """
    wanted = list(scopes)
    of = f"-{_UNSAFE.sub('-', wanted[0].lower()).strip('-')}" if len(wanted) == 1 else ""
    version = f"-revision-{revision}" if revision else ""
    return f"health-check-{quarter}{of}{version}.{_ENDINGS[kind][1]}"


def downloads(
    one: Gathered, below: Callable[[], Sequence[Gathered]]
) -> list[tuple[str, str, str, Callable[[], bytes]]]:
    """What a page offers of its health check: label, file's name, media type, and what makes the file.

    `below` gathers those whose pages follow in the PDF, once somebody asks for it.
    """
    of = one.check.quarter, [one.check.scope], one.check.header.revision
    return [
        (label, file_name(kind, *of), media, _maker(kind, one, below))
        for kind, (label, _, media) in _ENDINGS.items()
    ]


def _maker(kind: Kind, one: Gathered, below: Callable[[], Sequence[Gathered]]) -> Callable[[], bytes]:
    return lambda: report(kind, [one, *(below() if kind == "pdf" else ())])
