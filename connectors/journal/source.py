"""The journal: actions, decisions, limits and themes that people wrote in the app.

It is read without a `[[source]]` as soon as there is a journal. All of it is told each time, since an entry
may change for as long as it is there; what was removed is no longer counted. Texts lose the names of people
on the way in, as those of every other source do. Of a theme it is told by what
work for it is known, and none of its words.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.base import (
    Batch,
    Cursor,
    Finding,
    Source,
    SourceContext,
    SourceError,
    SourceSettings,
    SourceUnavailable,
)
from connectors.journal.entries import Action, Body, Decision, Theme, WipLimit
from connectors.journal.kept import Change, Entry, JournalError
from connectors.journal.where import is_there, url_of
from connectors.records import AgreedAction, ArchitectureDecision, QuarterTheme, Record, TeamLimit
from connectors.redaction import Redactor
from connectors.traffic import Traffic

if TYPE_CHECKING:
    from connectors.journal.journal import Journal

KIND = "journal"
SCOPES_FROM = None
STREAMS: Mapping[str, tuple[str, ...]] = {
    "actions": (AgreedAction.table,),
    "decisions": (ArchitectureDecision.table,),
    "wip_limits": (TeamLimit.table,),
    "themes": (QuarterTheme.table,),
}
CENSUS = dict.fromkeys(STREAMS, timedelta(0))
CENSUS_IS_BELIEVED = True
"""It is there as a whole: what it does not have, somebody has removed."""
IS_THERE = is_there
Settings = SourceSettings
EVERYTHING = "*"
_TEAM = "team:"
_STATES = {"moving": "open", "done": "done", "dropped": "dropped"}


class JournalSource:
    """What is written in the app, as the records that a register in the inbox would give."""

    def __init__(self, settings: SourceSettings, context: SourceContext) -> None:
        self.name = settings.name
        self.traffic = Traffic()  # nothing is asked over HTTP
        self._home = Path(context.home)
        self._zone = context.time_zone
        self._redactor = Redactor(context.known_names)

    def scopes(self, stream: str) -> Sequence[str]:
        """One scope: all that is written."""
        return (EVERYTHING,)

    def fetch(self, stream: str, scope: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield all entries of the stream as they stand. Raises `SourceError`."""
        records = [self._redactor.clean(record) for record in self._records(stream)]
        yield Batch.of_now(records, Cursor(), is_final=True)

    def census(self, stream: str, scope: str) -> Iterator[str]:
        """The ids of all entries of the stream. Raises `SourceError`."""
        yield from (record.id for record in self._records(stream))

    def check(self) -> list[Finding]:
        """Whether it can be read, and what it has."""
        try:
            counts = [f"{len(self._records(stream))} {stream.replace('_', ' ')}" for stream in STREAMS]
        except SourceError as error:
            return [Finding.of(error)]
        return [Finding(self.name, is_fine=True, message=f"{', '.join(counts)} can be read")]

    def close(self) -> None:
        """The connection ends with each reading."""

    def _records(self, stream: str) -> list[Record]:
        """What the stream has now."""
        # Heavy, and most organisations' first runs have no journal.
        from connectors.journal.journal import Journal  # noqa: PLC0415 - see above

        try:
            with closing(Journal.open(url_of(self._home))) as journal:
                return _READ[stream](journal, self._zone)
        except JournalError as trouble:
            what, _, fix = str(trouble).partition(". ")
            raise SourceUnavailable(self.name, what, fix) from None


def _actions(journal: "Journal", zone: tzinfo) -> list[Record]:
    history = journal.histories(Action)
    return [_action(entry, history[entry.id], zone) for entry in journal.entries(Action)]


def _action(entry: Entry[Action], history: Sequence[Change], zone: tzinfo) -> AgreedAction:
    body = entry.body
    return AgreedAction(
        id=entry.id,
        title=body.what,
        team=_team_of(body),
        agreed_on=_day_of(history[0], zone),
        due_on=body.due,
        closed_on=None if body.state == "moving" else _day_of(_closed(history, body.state), zone),
        state=_STATES[body.state],
        reason=body.reason if body.state == "dropped" else None,
    )


def _closed(history: Sequence[Change], state: str) -> Change:
    """The change since which it has been in its state without a break."""
    since = history[-1]
    for change in reversed(history):
        if not isinstance(change.body, Action) or change.body.state != state:
            break
        since = change
    return since


def _decisions(journal: "Journal", _zone: tzinfo) -> list[Record]:
    return [_decision(entry) for entry in journal.entries(Decision)]


def _decision(entry: Entry[Decision]) -> ArchitectureDecision:
    body = entry.body
    decided = "deprecated" if body.reversed_on else "accepted"
    return ArchitectureDecision(
        id=entry.id,
        title=body.what,
        service=None,
        team=_team_of(body),
        status=decided if body.decided_on else "proposed",
        proposed_on=body.proposed_on,
        decided_on=body.decided_on,
        reversed_on=body.reversed_on,
        decided_by_level=body.owner_level,
        url=body.link,
        risk=body.risk,
        reach=body.reach,
    )


def _limits(journal: "Journal", _zone: tzinfo) -> list[Record]:
    return [
        TeamLimit(
            id=entry.id,
            team=entry.body.scope.removeprefix(_TEAM),
            wip_limit=entry.body.limit,
            valid_from=entry.body.valid_from,
        )
        for entry in journal.entries(WipLimit)
    ]


def _themes(journal: "Journal", _zone: tzinfo) -> list[Record]:
    return [
        QuarterTheme(
            id=entry.id,
            of_scope=entry.body.scope,
            quarter=entry.body.quarter,
            markers=list(entry.body.markers),
        )
        for entry in journal.entries(Theme)
    ]


def _team_of(body: Body) -> str | None:
    """The team whose it is; None for what is of more than one."""
    return body.scope.removeprefix(_TEAM) if body.scope.startswith(_TEAM) else None


def _day_of(change: Change, zone: tzinfo) -> date:
    return change.at.astimezone(zone).date()


_READ: Mapping[str, Callable[[Any, tzinfo], list[Record]]] = {
    "actions": _actions,
    "decisions": _decisions,
    "wip_limits": _limits,
    "themes": _themes,
}


def create(settings: SourceSettings, context: SourceContext) -> Source:
    """The journal of a home folder, or of the database that is named."""
    return JournalSource(settings, context)
