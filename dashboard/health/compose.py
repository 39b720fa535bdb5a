"""Puts a quarter's health check together. Nothing here reads a clock, draws, or knows who looks."""

from collections.abc import Iterable

from dashboard import figure_words, snapshot, words
from dashboard.figures import Figure
from dashboard.health import agreed, chosen, people, results
from dashboard.health import pairs as pairing
from dashboard.health import promises as promised
from dashboard.health import talk as talking
from dashboard.health.cannot_tell import cannot_tell
from dashboard.health.document import Header, HealthCheck, Outcome, Promises, ScopeKind, Talk
from dashboard.health.numbers import Numbers, require
from dashboard.health.people import People
from dashboard.health.written import Entries

BASELINE = "This is the baseline: comparisons start with the next quarter."


def compose(
    path: str, entries: Entries, scope: str, quarter: str, *, sees_survey: bool = True
) -> HealthCheck:
    """The health check of a scope and quarter.

    Args:
        path: a published snapshot, or a frozen quarter that was thawed.
        entries: what the journal holds.
        scope: `organisation`, `department:<id>` or `team:<id>`.
        quarter: a published period, such as `2026-Q3`.
        sees_survey: False while the quarter's survey is the teams' alone.

    Raises:
        Unknown: there is no such scope or quarter.
    """
    require(path, scope, quarter)
    numbers = Numbers(path, scope, quarter)
    said = people.load(path, scope, numbers.name, quarter, sees_survey=sees_survey)
    outcomes = results.outcomes(numbers)
    is_first = _is_first(outcomes)
    said = people.as_baseline(said) if is_first else said
    pairs = () if is_first else pairing.pairs(numbers, said, _said_before(numbers, sees_survey))
    indicators = results.indicators(numbers, said)
    governance = results.governance(numbers)
    shown = _each_once(
        [o.figure for o in outcomes],
        indicators.systems,
        [f for pair in pairs for f in pair.systems],
        [g.figure for g in governance],
    )
    promises = promised.promises(numbers, entries)
    talk = talking.talk(numbers, said, pairs, shown, is_first=is_first)
    return HealthCheck(
        kind=_kind(scope),
        scope=scope,
        name=numbers.name,
        quarter=quarter,
        title=f"Health check, {words.period(quarter)}",
        lede=_lede(numbers, promises, talk, is_first=is_first),
        is_first_quarter=is_first,
        header=_header(numbers, said, shown),
        promises=promises,
        theme=promised.theme(numbers, entries),
        talk=talk,
        outcomes=outcomes,
        budget_policy=_budget_policy(numbers, outcomes, entries),
        indicators=indicators,
        pairs=pairs,
        governance=governance,
        went_well=agreed.went_well(numbers, entries),
        said_done=agreed.said_done(numbers, entries),
        cannot_tell=cannot_tell(numbers, shown, said, entries),
        next=agreed.agreed(numbers, entries),
    )


def _budget_policy(numbers: Numbers, outcomes: tuple[Outcome, ...], entries: Entries) -> str | None:
    """Of a scope none of whose services has an objective it would speak of nothing."""
    budgets = [one for one in outcomes if one.figure.definition.metric == chosen.BUDGET]
    return results.budget_policy(numbers, entries) if budgets else None


def _kind(scope: str) -> ScopeKind:
    if scope.startswith("team:"):
        return "team"
    return "department" if scope.startswith("department:") else "organisation"


def _is_first(outcomes: tuple[Outcome, ...]) -> bool:
    """Whether outcomes have a number now and had none in an earlier quarter: history begins here.

    Where too few people work for any number, no quarter is a first one.
    """
    now, earlier = [], []
    for outcome in outcomes:
        figure = outcome.figure
        at = figure.quarters.index(figure.quarter)
        now += [p for p in (figure.now,) if p is not None and p.value is not None]
        earlier += [p for p in figure.history[:at] if p is not None and p.value is not None]
    return bool(now) and not earlier


def _said_before(numbers: Numbers, sees_survey: bool) -> People | None:
    before = numbers.before()
    if before is None:
        return None
    return people.load(before.path, before.scope, numbers.name, before.quarter, sees_survey=sees_survey)


def _each_once(*groups: Iterable[Figure]) -> list[Figure]:
    found = {(f.definition.metric, f.statistic): f for group in groups for f in group}
    return list(found.values())


def _lede(numbers: Numbers, promises: Promises, talk: Talk, *, is_first: bool) -> str:
    """At most two sentences: what was promised, and what changed."""
    start, end, is_complete = numbers.span
    if not is_complete:
        so_far = words.so_far(start, end, snapshot.run(numbers.path).today)
        return f"{numbers.name}. {words.period(numbers.quarter)} is still open: {so_far}."
    if is_first:
        return f"{numbers.name}. {BASELINE}"
    return f"{_kept(promises)} {_stands_out(len(talk.points))}"


def _kept(promises: Promises) -> str:
    of = len(promises.items)
    if not of:
        return promises.sentence
    done = sum(item.state == "done" for item in promises.items)
    verb = "is" if done == 1 else "are"
    return f"{words.sentence(words.amount(done))} of {words.amount(of)} things we promised {verb} done."


def _stands_out(count: int) -> str:
    if not count:
        return "Nothing stands out."
    if count == 1:
        return "One change stands out, and it comes with a question."
    return f"{words.sentence(words.amount(count))} changes stand out, and each comes with a question."


def _header(numbers: Numbers, said: People, shown: list[Figure]) -> Header:
    versions = sorted({figure.definition.version for figure in shown}) or [1]
    span = f"v{versions[0]}" + (f" to v{versions[-1]}" if len(versions) > 1 else "")
    run = snapshot.run(numbers.path)
    return Header(run.as_of, span, said.answered, tuple(_rests_on(numbers, shown)))


def _rests_on(numbers: Numbers, shown: list[Figure]) -> Iterable[str]:
    if numbers.teams_below:
        yield words.plural(len(numbers.teams_below), "team")
    told = set()
    for figure in shown:
        now = figure.now
        if now is None or not now.coverage_eligible or now.coverage_linked is None:
            continue
        things = words.noun(figure.definition.coverage_item_kind)
        is_whole = now.coverage_linked == now.coverage_eligible
        is_first = figure.definition.metric in chosen.OUTCOMES[:2]
        if things not in told and (is_first or not is_whole):
            told.add(things)
            yield f"{figure_words.percent(now.coverage_linked, now.coverage_eligible)} of {things} linked"
    stale = [figure for figure in shown if figure.stale_since]
    yield f"{words.plural(len(stale), 'number')} from a stale source" if stale else "all sources fresh"
