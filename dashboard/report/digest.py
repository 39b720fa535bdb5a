"""The two digests between the quarters: each morning for a team, each week for leaders; else silence.

Both are made of published numbers and of what is written in the journal, and hold no name and no result of
a survey. `before` is what the last one held: where nothing changed since, there is none.
"""

from datetime import datetime

from connectors.journal.journal import JournalError
from dashboard import layout, snapshot, words, written_here
from dashboard.health.written import Entries
from dashboard.report import leaders_lines
from dashboard.report.digest_document import Digest, Line, Part, fingerprint, page_url, plain
from dashboard.report.leaders_lines import Known
from dashboard.report.waiting import Queue, is_of_few, waiting
from dashboard.snapshot_file import SnapshotError

ITEMS_AT_MOST = 5
"""Of each queue; the others are on the page."""
WAITING = "Waiting"
"""The view of a team's page that holds all of it."""
LINES_AT_MOST = 5
"""Of the leaders' digest."""


class DigestError(Exception):
    """There is nothing to make a digest of. `str()` is one line."""


def published() -> tuple[str, Entries]:
    """The published snapshot of the home folder, and what the journal beside it holds.

    Raises:
        DigestError: one of the two cannot be read.
    """
    try:
        path = snapshot.current().path
        return path, written_here.entries(path)
    except SnapshotError as error:
        raise DigestError(f"{snapshot.home()}: {error} {error.fix}") from error
    except JournalError as error:
        raise DigestError(str(error)) from error


def team_ids(path: str) -> list[str]:
    """The ids of all teams, in the order of departments and names."""
    return list(layout.team_labels(path))


def team_morning(
    path: str,
    entries: Entries,
    team: str,
    now: datetime,
    *,
    before: frozenset[str] | None = None,
    address: str | None = None,
) -> Digest | None:
    """What waits too long in a team this morning; None where that is nothing, or what it was.

    Args:
        path: a published snapshot.
        entries: what the journal holds.
        team: a team's id.
        now: when it is sent, by which old numbers are told to be old.
        before: what the last one held; None where none was sent.
        address: where the pages are.

    Raises:
        DigestError: the snapshot has no such team.
    """
    labels = layout.team_labels(path)
    if team not in labels:
        raise DigestError(
            f"team {team}: is not in the published numbers. `outcomes build` publishes what is configured"
        )
    if is_of_few(path, f"team:{team}"):
        return None  # not even that nothing waits any more
    queues = waiting(path, entries, f"team:{team}")
    holds = frozenset(_key(item.key) for queue in queues for item in queue.items)
    if holds == (before or frozenset()):
        return None
    url = page_url(address, "team", {"team": labels[team], "view": WAITING})
    run = snapshot.run(path)
    return Digest(
        "team",
        f"team:{team}",
        f"{plain(labels[team])}: what waits, {words.day(run.local(now).date())}",
        _lede(holds, before),
        tuple(_part(queue, before) for queue in queues),
        f"As of {words.moment(run.as_of)}. Items, not people.{leaders_lines.late(path, now)}",
        "The team's page",
        url,
        holds,
    )


def _key(item: str) -> str:
    return fingerprint("item", item)


def _lede(holds: frozenset[str], before: frozenset[str] | None) -> str:
    """How much waits, and how that differs from the last digest, if there was one."""
    if not holds:
        return "Nothing waits too long any more."
    verb = "waits" if len(holds) == 1 else "wait"
    things = "thing" if len(holds) == 1 else "things"
    said = f"{words.sentence(words.amount(len(holds)))} {things} {verb} too long"
    if before is None:
        return f"{said}."
    new, gone = len(holds - before), len(before - holds)
    parts = [f"{words.amount(new)} new"] * bool(new) + [f"{words.amount(gone)} settled since"] * bool(gone)
    return f"{said}: {' and '.join(parts)}."


def _part(queue: Queue, before: frozenset[str] | None) -> Part:
    lines = tuple(
        Line(
            item.label,
            f"{item.service}, {item.said}",
            item.url,
            is_new=before is not None and _key(item.key) not in before,
        )
        for item in sorted(queue.items, key=lambda item: before is not None and _key(item.key) in before)
    )
    left = len(lines) - ITEMS_AT_MOST
    more = f"and {words.plural(left, 'more', 'more')} on the team's page" if left > 0 else ""
    note = queue.rule
    if queue.stale_since is not None:
        note = f"{note} A source has not answered since {words.moment(queue.stale_since)}.".strip()
    return Part(queue.title, note, lines[:ITEMS_AT_MOST], more)


def leaders_weekly(
    path: str,
    entries: Entries,
    before: frozenset[str] | None,
    now: datetime,
    *,
    address: str | None = None,
) -> Digest | None:
    """At most five lines for leaders; None where nothing changed since the last one.

    A quarter's changes and a survey are told only when the teams have had their first look at them, and of a
    survey nothing but that it may be read.

    Args:
        path: a published snapshot.
        entries: what the journal holds.
        before: what the last one held; None where none was sent.
        now: when it is sent.
        address: where the pages are.
    """
    known = Known(path, entries, before or frozenset(), now, address)
    told = leaders_lines.told(known)
    with_line = [one for one in told if one.line is not None]
    left_out = with_line[LINES_AT_MOST:]
    lines = tuple(one.line for one in with_line[:LINES_AT_MOST] if one.line is not None)
    holds = frozenset(key for one in told if one not in left_out for key in one.holds)
    gone = {key for key in known.before - holds if key.startswith(leaders_lines.STANDING)}
    if not lines or not (gone or holds - known.before):
        return None
    run = snapshot.run(path)
    return Digest(
        "leaders",
        "leaders",
        f"{plain(run.organisation)}: the week to {words.day(run.local(now).date())}",
        "",
        (Part("", "", lines),),
        f"As of {words.moment(run.as_of)}. Teams beside their own past, never beside one another.",
        "All pages",
        page_url(address, leaders_lines.FIRST_PAGE, {}),
        holds,
    )
