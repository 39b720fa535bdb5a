"""Makes issues of the actions for which people wish one, and reads back how far each is.

The app only writes the wish into the journal; here, beside the other sources, it is fulfilled. An issue
is made once: it carries the action's id, is looked for before it is made, and what was asked for without
an answer is noted on disk, since a search may be minutes behind.
"""

import json
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from connectors.base import (
    AuthError,
    InputError,
    IssueWish,
    MadeIssue,
    SourceError,
    Tracker,
    TrackerPlace,
    Unanswered,
)
from connectors.journal.entries import Action
from connectors.journal.journal import Conflict, Entry, Journal, JournalError
from connectors.journal.where import is_there, url_of
from connectors.registry import discover
from pipelines.config_model import Configuration
from pipelines.home import Home
from pipelines.manifest import StreamResult

STREAM = "agreed_actions"
ASKED_FILE = "issues_asked.json"
SEARCH_IS_BEHIND = timedelta(minutes=10)
"""How long what was made may be missing from a search."""
LOST = (
    f"{STREAM}: an issue was asked for at {{:%H:%M}} UTC, and the answer is lost. "
    "It is looked for again from ten minutes later on; nothing is asked for twice before"
)
TRIES = 3
"""How often a change is written again where somebody else was faster."""


@dataclass
class Settled:
    """What came of it."""

    changed: int = 0
    """Actions of which the key or the state was written."""
    error: str | None = None


class Asked:
    """Actions for which an issue was asked for, and when, until its key is known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._at: dict[str, str] = dict(json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            self._at = {}

    def at(self, action: str) -> datetime | None:
        """When an issue was asked for; None where none was, or its key is known."""
        return datetime.fromisoformat(self._at[action]) if action in self._at else None

    def note(self, action: str, now: datetime) -> None:
        """Write it down before asking."""
        self._write({**self._at, action: now.isoformat()})

    def forget(self, action: str) -> None:
        """The key is known, or nothing was made."""
        if action in self._at:
            self._write({one: at for one, at in self._at.items() if one != action})

    def _write(self, held: dict[str, str]) -> None:
        beside = self._path.with_suffix(".new")
        with beside.open("w", encoding="utf-8") as out:
            out.write(json.dumps(held))
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self._path)
        self._at = held


def settle(configuration: Configuration, home: Home, now: datetime) -> StreamResult | None:
    """Do all of it once; None where no issues are made, or nobody has written anything.

    The home folder's lock must be held: two of these at once would each look before the other has made.
    """
    place, source = configuration.actions, configuration.actions.source
    if source is None or place.project is None or not is_there(home.path):
        return None
    began = datetime.now(UTC)
    tracker: Tracker | None = None
    settled = Settled()
    try:
        tracker = _tracker(configuration)
        with closing(Journal.open(url_of(home.path))) as journal:
            _settle(journal, tracker, Asked(home.path / ASKED_FILE), now, settled)
    except (SourceError, JournalError) as trouble:
        settled.error = str(trouble)
    except OSError as trouble:
        settled.error = f"{ASKED_FILE}: cannot be written ({trouble.strerror}). Nothing was made; mend that"
    finally:
        if tracker is not None:
            tracker.close()
    return _result(source, place.project, settled, tracker, began)


def _tracker(configuration: Configuration) -> Tracker:
    place = configuration.actions
    settings = next(one for one in configuration.sources if one.name == place.source)
    create = discover()[settings.kind].create_tracker
    token, user = (_secret(variable) for variable in (place.token_env, place.user_env))
    for variable, value in ((place.token_env, token), (place.user_env, user)):
        if variable and not value:
            what = f"the environment variable {variable} is not set"
            raise AuthError(f"{settings.name}/{STREAM}", what, "Set it, or take [actions] out")
    if create is None or place.project is None or place.token_env is None:
        raise InputError(f"{settings.name}/{STREAM}", "no issues can be made there", "Look at [actions]")
    secret = SecretStr(token) if token else None
    return create(settings, TrackerPlace(place.project, place.issue_type, secret, place.token_env, user))


def _secret(variable: str | None) -> str | None:
    return (os.environ.get(variable, "").strip() or None) if variable else None


def _settle(journal: Journal, tracker: Tracker, asked: Asked, now: datetime, settled: Settled) -> None:
    entries = [one for one in journal.entries(Action) if one.body.issue or one.body.is_issue_wanted]
    if not entries:
        return
    made = tracker.made()
    # States are read back first: an issue that cannot be made keeps none of them from the page.
    for entry in sorted(entries, key=lambda entry: entry.id not in made):
        issue = made.get(entry.id)
        if issue is None and entry.body.issue is None and entry.body.state == "moving":
            before = asked.at(entry.id)
            if before is not None and now - before < SEARCH_IS_BEHIND:
                settled.error = LOST.format(before)
                continue
            issue = _make(entry, tracker, asked, now)
        if issue is not None:
            settled.changed += _write(journal, entry, issue, now)
            asked.forget(entry.id)


def _make(entry: Entry[Action], tracker: Tracker, asked: Asked, now: datetime) -> MadeIssue:
    asked.note(entry.id, now)
    try:
        return MadeIssue(tracker.make(_wish(entry)), "new")
    except Unanswered:
        raise
    except SourceError:
        asked.forget(entry.id)
        raise


def _wish(entry: Entry[Action]) -> IssueWish:
    body = entry.body
    lines = [
        f"How we will know: {body.known_by}",
        f"Due: {body.due.isoformat()}. Owner: {body.owner}. Effort: {body.effort}.",
        f"Agreed in the review of {body.quarter}"
        + (f", for the pair {body.answers}." if body.answers else "."),
        "Its state is read back into the health check each night.",
    ]
    return IssueWish(entry.id, body.what, "\n".join(lines))


def _write(journal: Journal, entry: Entry[Action], issue: MadeIssue, now: datetime) -> bool:
    """Write the key and the state, over what somebody wrote a moment before; whether anything changed."""
    for _ in range(TRIES):
        body = Action.model_validate({**entry.body.model_dump(), **_told(entry.body, issue)})
        if body == entry.body:
            return False
        try:
            journal.change(entry.id, entry.version, body, role="operator", at=now)
        except Conflict as other:
            if other.current is None:  # taken away: the issue stays what it is
                return False
            entry = other.current
        else:
            return True
    raise JournalError("an action is being changed all the time. Run again")


def _told(body: Action, issue: MadeIssue) -> Mapping[str, str | None]:
    """The issue says whether it is done; that something was dropped is said by people, and so is an update.

    The one of our own goes again when the issue is in progress no more.
    """
    told: dict[str, str | None] = {"issue": issue.key}
    if body.state != "dropped":
        told["state"] = "done" if issue.state == "done" else "moving"
    ours = f"{issue.key} is in progress."
    if body.update in (None, ours):
        told["update"] = ours if issue.state == "moving" else None
    return told


def _result(
    source: str, project: str, settled: Settled, tracker: Tracker | None, began: datetime
) -> StreamResult:
    traffic = tracker.traffic if tracker else None
    return StreamResult(
        source=source,
        scope=project,
        stream=STREAM,
        status="failed" if settled.error else "ok",
        calls=traffic.calls if traffic else 0,
        rows_read=settled.changed,
        rows_changed=settled.changed,
        error=settled.error,
        started_at=began,
        finished_at=datetime.now(UTC),
        bytes_received=traffic.bytes_received if traffic else 0,
        retries=traffic.retries if traffic else 0,
        wait_seconds=traffic.wait_seconds if traffic else 0.0,
    )
