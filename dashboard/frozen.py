"""Quarters that were frozen: which revisions there are, and their health check made of their own rows."""

from collections.abc import Sequence
from dataclasses import replace

from connectors.journal.journal import Frozen
from dashboard import address, layout, words
from dashboard.components import page_link
from dashboard.health.compose import compose
from dashboard.health.document import HealthCheck
from dashboard.health.tables import thaw
from dashboard.markup import text
from dashboard.report import html
from dashboard.snapshot import run


def check(frozen: Frozen, *, sees_survey: bool = True) -> HealthCheck:
    """The health check of a frozen quarter, from nothing but what was frozen.

    Raises:
        ValueError: it was frozen by another version of the product.
    """
    path, entries = thaw(frozen.content)
    made = compose(path, entries, frozen.scope, frozen.quarter, sees_survey=sees_survey)
    when = run(path).local(frozen.frozen_at)
    return replace(made, header=replace(made.header, frozen_at=when, revision=frozen.revision))


def tables(frozen: Frozen) -> str:
    """The path of a file with a frozen quarter's own tables.

    Raises:
        ValueError: it was frozen by another version of the product.
    """
    path, _ = thaw(frozen.content)
    return path


def chosen(revisions: Sequence[Frozen]) -> Frozen | None:
    """The revision that the address names, the newest unless told otherwise; None for today's numbers.

    Where there is none there is nothing to choose, but an address may name one.
    """
    names = {called(one): one for one in reversed(revisions)}
    options = [*names, TODAY]
    if not names:
        address.require("Version", "version", options)
        return None
    picked = address.choice("Version", {one: one for one in options}, "version")
    return names.get(picked)


TODAY = "Today's numbers"


def called(version: Frozen | None) -> str:
    """What the page and its address call a revision, and today's numbers."""
    return TODAY if version is None else f"Revision {version.revision}"


def changed(before: HealthCheck, after: HealthCheck) -> list[str]:
    """The headings of what a later revision says otherwise; parts that came or went among them."""
    old, new = ({part.title: part.body for part in html.sections(one)} for one in (before, after))
    titles = dict.fromkeys([*new, *old])
    return [title for title in titles if old.get(title) != new.get(title)]


def listed(revisions: Sequence[Frozen], path: str, *, sees_survey: bool) -> str:
    """Every revision with its day, its reason, what it changed and its hash: markup, the newest first.

    Each links to its page. `path` is of the published snapshot, which says what people call the scope.
    """
    checks = [_or_none(one, sees_survey=sees_survey) for one in revisions]
    rows = [
        _revision(one, checks[at - 1] if at else None, checks[at], path) for at, one in enumerate(revisions)
    ]
    return f'<ul class="eo-list">{"".join(reversed(rows))}</ul>'


def _or_none(revision: Frozen, *, sees_survey: bool) -> HealthCheck | None:
    try:
        return check(revision, sees_survey=sees_survey)
    except ValueError:
        return None


def _revision(one: Frozen, before: HealthCheck | None, now: HealthCheck | None, path: str) -> str:
    when = words.moment(run(path).local(one.frozen_at))
    by = one.author_role.replace("_", " ")
    what = ""
    if before is not None and now is not None:
        titles = changed(before, now)
        what = f" Changed: {words.listed(titles)}." if titles else " Nothing that is shown changed."
    kept = f"sha256 {one.sha256[:16]}, definitions {one.definitions}"
    name = called(one)
    of = {"of": layout.health_labels(path)[one.scope], "quarter": words.period(one.quarter)}
    link = page_link("health", name, {**of, "version": name})
    return (
        f"<li><b>{link}</b>, {text(when)}, by {text(by)}: {text(one.reason)}{text(what)}"
        f'<span class="eo-under">{text(kept)}</span></li>'
    )
