"""The lines of the leaders' weekly digest, the weightiest first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import polars as pl

from connectors.journal.entries import Context
from dashboard import figures, layout, snapshot, snapshot_beside, snapshot_signals, snapshot_survey, words
from dashboard.definition import Definition
from dashboard.health import chosen
from dashboard.health.first_look import opens_to_leaders
from dashboard.health.numbers import Numbers
from dashboard.health.promises import Promised, promised
from dashboard.health.talk import clear_change
from dashboard.health.written import Entries
from dashboard.report.digest_document import Line, fingerprint, page_url, plain

NAMED_AT_MOST = 3
"""Actions, sources and charts that a line names; the others are counted."""
SCOPES_AT_MOST = 6
WEEKS_OF_A_QUARTER = 13
FIRST_PAGE = ""
"""Under any other name Streamlit does not find it."""
QUIET = timedelta(days=14)
"""For how long an action may be without a word, and one that is kept elsewhere be overdue."""
NEWS = timedelta(days=14)
"""For how long the opening of a survey is news."""
STANDING = ("promised-", "help-", "stale-")
"""How fingerprints begin of what stands until somebody does something about it."""


@dataclass(frozen=True)
class Told:
    """One kind of line: what it holds, and the line itself, where there is anything to say."""

    holds: frozenset[str]
    line: Line | None


@dataclass(frozen=True)
class Known:
    """What all lines are made of."""

    path: str
    entries: Entries
    before: frozenset[str]
    now: datetime
    address: str | None

    @cached_property
    def closed(self) -> str | None:
        """The name of the last closed quarter; None where none is over."""
        found: list[str] = figures.quarters(self.path).filter("is_complete")["period"].to_list()
        return found[-1] if found else None

    @cached_property
    def latest(self) -> list[str]:
        """The names of the last closed quarter and of the open one."""
        opened = figures.quarters(self.path).filter(~pl.col("is_complete"))["period"]
        return [*filter(None, [self.closed]), *opened]

    @cached_property
    def names(self) -> dict[str, str]:
        """What people call each scope that has a health check, as its page's address has it."""
        return layout.health_labels(self.path)

    def called(self, scope: str) -> str:
        """A scope's name; of one that is gone its id."""
        return plain(self.names.get(scope, scope.rpartition(":")[2]))

    def health(self, scope: str, quarter: str) -> str | None:
        """The address of a health check."""
        query = {"of": self.names.get(scope, scope), "quarter": words.period(quarter)}
        return page_url(self.address, "health", query)

    def was_told(self, keys: Iterable[str]) -> bool:
        """Whether the digest before held all of these."""
        return set(keys) <= self.before


def told(known: Known) -> list[Told]:
    """Every kind of line, the weightiest first. What changed or opened is told once, the rest stands."""
    return [_quarter(known), _promised(known), _stale(known), _help(known), _survey(known), _week(known)]


def late(path: str, now: datetime) -> str:
    """That the numbers are old, as a sentence after another; nothing where they are of last night."""
    run = snapshot.run(path)
    gap = now - run.finished_at
    return "" if run.is_demo or gap < layout.LATE else f" The last run is {words.age(gap)}."


def _several(parts: Sequence[str], at_most: int) -> str:
    """`a, b and c`, of many the first ones and how many others there are."""
    named = list(parts[:at_most])
    left = len(parts) - len(named)
    return words.listed([*named, f"{left:,} more"] if left else named)


def _quarter(known: Known) -> Told:
    """The headlines of the last closed quarter, two full days after teams could see its numbers."""
    quarter = known.closed
    if quarter is None:
        return Told(frozenset(), None)
    span = figures.quarters(known.path).row(by_predicate=pl.col("period") == quarter, named=True)
    run = snapshot.run(known.path)
    if run.as_of < opens_to_leaders(span["period_end"], run.zone):
        return Told(frozenset(), None)
    changed: dict[str, list[str]] = {}
    for scope, metric, statistic in (
        snapshot_signals.headlines(known.path, quarter).select("scope", "metric", "statistic").iter_rows()
    ):
        if scope in known.names:
            changed.setdefault(scope, []).append(fingerprint("quarter", quarter, scope, metric, statistic))
    new = {scope: keys for scope, keys in changed.items() if not known.was_told(keys)}
    holds = frozenset(key for keys in changed.values() for key in keys)
    if not new:
        return Told(holds, None)
    said = _headlines(known, quarter, new.pop("organisation", ()))
    if new:
        listed = _several(sorted((known.called(one) for one in new), key=str.lower), SCOPES_AT_MOST)
        said = f"{said or 'None in the whole organisation.'} On pages of their own: {listed}."
    url = known.health("organisation", quarter)
    return Told(holds, Line(f"Clear changes in {words.period(quarter)}", said, url))


def _headlines(known: Known, quarter: str, keys: Sequence[str]) -> str:
    """The first change of the whole organisation in words, and how many others there are."""
    if not keys:
        return ""
    found = snapshot_signals.headlines(known.path, quarter).filter(scope="organisation")
    first = found.row(0, named=True)
    figure = Numbers(known.path, "organisation", quarter).figure(first["metric"], first["statistic"])
    said = (figure and clear_change(figure)) or ""
    others = len(keys) - 1
    more = f" {words.sentence(words.amount(others))} more {'stands' if others == 1 else 'stand'} out."
    return said + (more if others else "")


def _promised(known: Known) -> Told:
    """What was promised for the last closed quarter and the open one and is without a word for a while.

    What is kept elsewhere tells no updates: of that it is what is overdue. The first due first.
    """
    today = snapshot.run(known.path).today
    actions = [
        (scope, one)
        for quarter in known.latest
        for scope, found in promised(known.path, known.entries, quarter).items()
        for one in found
        if scope in known.names
    ]
    quiet = [(scope, one) for scope, one in actions if today - one.last_word >= QUIET]
    quiet.sort(key=lambda told: (told[1].promise.due, told[1].promise.what.lower(), told[0]))
    silent = [told for told in quiet if told[1].promise.state == "no_update"]
    overdue = [told for told in quiet if told[1].is_overdue(today)]
    keys = frozenset(
        fingerprint("promised", scope, one.agreed_in, one.promise.what) for scope, one in [*silent, *overdue]
    )
    url = known.health("organisation", known.closed) if known.closed else None
    if keys:
        said = [
            _of(known, silent, len(actions), ("has no update", "have no update")),
            _of(
                known,
                overdue,
                len(actions),
                ("is kept elsewhere and overdue", "are kept elsewhere and overdue"),
            ),
        ]
        return Told(keys, Line("Promised", " ".join(filter(None, said)), url))
    if _had(known, "promised-"):
        return Told(keys, Line("Promised", "No promised action waits for an update any more.", url))
    return Told(keys, None)


def _of(known: Known, found: Sequence[tuple[str, Promised]], among: int, verbs: tuple[str, str]) -> str:
    """`Two of five have no update: “A” (Beacon, due 1 Nov 2026) and ...`, or nothing where none is found."""
    if not found:
        return ""
    listed = _several([_promise(known, scope, one) for scope, one in found], NAMED_AT_MOST)
    count = f"{words.sentence(words.amount(len(found)))} of {words.amount(among)}"
    return f"{count} {verbs[len(found) > 1]}: {listed}."


def _promise(known: Known, scope: str, one: Promised) -> str:
    return f"“{plain(one.promise.what)}” ({known.called(scope)}, due {words.day(one.promise.due)})"


def _had(known: Known, kind: str) -> bool:
    return any(key.startswith(kind) for key in known.before)


def _stale(known: Known) -> Told:
    """Sources that have not answered lately, and a night that was missed."""
    run = snapshot.run(known.path)
    frame = snapshot.freshness(known.path).filter("is_stale").unique(["source", "stream"])
    said, keys = [], set()
    for (source,), group in frame.sort("source").group_by("source", maintain_order=True):
        answers = group["last_success_at"].to_list()
        is_new = None in answers
        since = "never answered" if is_new else f"not answered since {words.moment(run.local(min(answers)))}"
        said.append(f"{plain(source)} has {since}")
        keys.add(fingerprint("stale", str(source)))
    old = late(known.path, known.now).strip()
    keys |= {fingerprint("stale", "", "run")} if old else set()
    url = page_url(known.address, "quality", {})
    if keys:
        listed = f"{_several(said, NAMED_AT_MOST)}: what rests on it stays as it was." if said else ""
        return Told(frozenset(keys), Line("Old numbers", f"{listed} {old}".strip(), url))
    if _had(known, "stale-"):
        return Told(frozenset(), Line("Old numbers", "All sources answer again.", url))
    return Told(frozenset(), None)


def _help(known: Known) -> Told:
    """Teams and departments that asked for help in the last closed quarter or in the open one."""
    asking = {
        (scope, body.quarter)
        for scope in known.names
        for quarter in known.latest
        for body in known.entries.of(Context, scope, quarter)
        if body.asks_for_help
    }
    if not asking:
        return Told(frozenset(), None)
    who = sorted({known.called(scope) for scope, _ in asking}, key=str.lower)
    verb = "asks" if len(who) == 1 else "ask"
    keys = frozenset(fingerprint("help", scope, quarter) for scope, quarter in asking)
    url = page_url(known.address, FIRST_PAGE, {})
    return Told(keys, Line("Help", f"{_several(who, SCOPES_AT_MOST)} {verb} for help.", url))


def _survey(known: Known) -> Told:
    """That the latest survey is everybody's, once and only when it is; nothing of what it says."""
    run = snapshot.run(known.path)
    waves = snapshot_survey.waves(known.path).filter(pl.col("kind") == "quarterly")
    opened = [
        (opens_to_leaders(day, run.zone), wave)
        for wave, day in waves.select("wave_id", "published_on").iter_rows()
    ]
    news = [(at, wave) for at, wave in opened if at <= run.as_of < at + NEWS]
    if not news:
        return Told(frozenset(), None)
    at, wave = max(news)
    key = frozenset([fingerprint("survey", wave)])
    if known.was_told(key):
        return Told(key, None)
    said = f"That of {words.period(wave)} is open to everybody since {words.day(at.date())}."
    url = page_url(known.address, "survey", {"survey": words.period(wave)})
    return Told(key, Line("Survey", said, url))


def _week(known: Known) -> Told:
    """Weekly charts of the whole organisation that show a signal in the last closed week.

    But for the mix, whose weekly number is that of all finished items: as throughput tells it.
    """
    found = snapshot_signals.last_week(known.path, "organisation")
    shown = snapshot.definitions(known.path)
    rows = [
        row
        for row in found.filter(pl.col("metric") != chosen.MIX).iter_rows(named=True)
        if row["statistic"] == shown[row["metric"]].headline
    ]
    keys = frozenset(fingerprint("week", row["week"], row["metric"]) for row in rows)
    if not rows or known.was_told(keys):
        return Told(keys, None)
    said = [_signal(shown[row["metric"]], is_above=row["is_above"]) for row in rows]
    line = (
        f"Other than expected in the whole organisation: {_several(said, NAMED_AT_MOST)}.{_by_chance(known)}"
    )
    url = page_url(known.address, FIRST_PAGE, {})
    return Told(keys, Line(words.sentence(words.period(rows[0]["week"])), line, url))


def _signal(definition: Definition, *, is_above: bool) -> str:
    return f"{definition.title} ({words.changed(definition, up=is_above)})"


def _by_chance(known: Known) -> str:
    """How many such signals a week brings where nothing changes, from those expected of a quarter."""
    if not known.closed:
        return ""
    expected = snapshot_beside.page_tests(known.path, "organisation", known.closed)["expected"]
    a_week = expected / WEEKS_OF_A_QUARTER
    if not a_week:
        return ""
    if a_week < 0.5:
        return f" By chance alone one would come in about {round(1 / a_week)} weeks."
    return f" By chance alone about {words.figure(a_week)} would come a week."
