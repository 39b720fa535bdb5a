"""What we said we would do, and the theme: the two things a health check opens with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from connectors.journal.entries import Action
from connectors.journal.entries import Theme as WrittenTheme
from dashboard import figure_words, snapshot, words
from dashboard.health import chosen, registers
from dashboard.health.document import Promise, Promises, State, Theme, ThemeIndicator
from dashboard.health.numbers import Numbers, missing
from dashboard.health.written import Entries
from dashboard.points import points

_ORDER: tuple[State, ...] = ("done", "moving", "no_update", "open", "not_due", "dropped")
_WORDS = {
    "done": "done",
    "moving": "moving",
    "no_update": "without an update",
    "open": "not done",
    "not_due": "not due yet",
    "dropped": "dropped",
}


@dataclass(frozen=True)
class Promised:
    """A promise with what other pages ask of it."""

    promise: Promise
    agreed_in: str
    """The quarter of the review; of one that is kept outside this app that in which it is due."""
    last_word: date
    """The week in which it was last spoken of; of one that is kept outside this app its day."""

    def is_overdue(self, today: date) -> bool:
        """Whether its day is over and where it is kept it is neither done nor dropped."""
        return self.promise.state == "open" and self.promise.due < today


def promised(
    path: str, entries: Entries, quarter: str, scope: str | None = None
) -> dict[str, list[Promised]]:
    """What each scope, or this one, promised for a quarter: one question, however many scopes there are.

    These are the actions that the review of the quarter before agreed on, and those due in the quarter that
    are kept outside this app.
    """
    before = Numbers(path, "organisation", quarter).before_name
    found: dict[str, list[Promised]] = {}
    for note in entries.notes:
        body = note.body
        if isinstance(body, Action) and body.quarter == before and scope in (None, body.scope):
            one = Promised(_promise(body, note.week), body.quarter, note.week)
            found.setdefault(body.scope, []).append(one)
    for of, promise in registers.promises(path, entries, quarter, scope):
        found.setdefault(of, []).append(Promised(promise, quarter, promise.due))
    return found


def promises(numbers: Numbers, entries: Entries) -> Promises:
    """What was promised for the quarter, and how much of it was done; never by owner."""
    before, scope = numbers.before_name, numbers.scope
    found = [one.promise for one in promised(numbers.path, entries, numbers.quarter, scope).get(scope, ())]
    if found:
        items = sorted(found, key=lambda one: _ORDER.index(one.state))
        return Promises(tuple(items), f"{count(items)}.")
    if before is None:
        return Promises((), "This is the first quarter: nothing was promised yet.")
    return Promises((), f"The review of {words.period(before)} agreed on no action.")


def count(items: Sequence[Promise]) -> str:
    """`5 of 7 done, 1 moving, 1 without an update`."""
    by_state = {state: sum(item.state == state for item in items) for state in _ORDER}
    parts = [f"{by_state['done']} of {len(items)} done"]
    parts += [f"{by_state[state]} {_WORDS[state]}" for state in _ORDER[1:] if by_state[state]]
    return ", ".join(parts)


def _promise(body: Action, week: date) -> Promise:
    state: State = "no_update" if body.state == "moving" and body.update is None else body.state
    told = {
        "dropped": body.reason,
        "no_update": f"Last word in the week of {words.day(week)}.",
    }.get(state, body.update)
    return Promise(body.what, state, body.known_by, told or "", body.due, body.issue)


def theme(numbers: Numbers, entries: Entries) -> Theme | None:
    """The quarter's theme with its one to three numbers from their baseline to now."""
    written = entries.of(WrittenTheme, numbers.scope, numbers.quarter)
    if not written:
        return None
    body = written[0]
    shown = []
    for one in body.indicators:
        known = numbers.definitions.get(one.metric)
        if known is None or one.statistic not in known.statistics:
            continue
        figure = numbers.figure(one.metric, one.statistic)
        series = snapshot.series(numbers.path, one.metric, one.statistic, "quarter")
        baseline = points(series, numbers.scope).get(one.baseline_quarter)
        if figure is not None:
            shown.append(ThemeIndicator(figure, baseline, one.baseline_quarter, one.expected))
    return Theme(body.sentence, body.why, tuple(shown), _work(numbers) if body.markers else "")


def _work(numbers: Numbers) -> str:
    """`23 % of what was finished (61 items) was for it.`; above a team, for each one's theme.

    Of a theme that does not say by what work for it is known it would always be none.
    """
    figure = numbers.figure(chosen.THEME_WORK)
    if figure is None:
        return ""
    if figure.now is None or figure.now.value is None:
        return f"How much work was for it: {missing(figure)}"
    of = "it" if numbers.scope.startswith("team:") else "the theme of its team"
    share = figure.scale.full(figure.now.value)
    return f"{share} of what was finished ({figure_words.counted(figure)}) was for {of}."


def next_theme(numbers: Numbers, entries: Entries) -> str | None:
    """The sentence of the theme for the quarter after, where it is written already."""
    written = entries.of(WrittenTheme, numbers.scope, numbers.after())
    return written[0].sentence if written else None
