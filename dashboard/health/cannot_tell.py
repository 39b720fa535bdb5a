"""What the numbers cannot tell: withheld, open, not linked, stale, redefined, and what people add."""

from collections.abc import Iterable, Sequence

from connectors.journal.entries import Annotation, Context, NotKnown
from dashboard import figure_words, survey_words, words
from dashboard.figures import FEW_PEOPLE, Figure
from dashboard.health.document import Limit
from dashboard.health.numbers import Numbers
from dashboard.health.people import NOT_ASKED, People
from dashboard.health.written import Entries

NOT_THIS_TIME = "What we got wrong or do not know yet: not this time."


def cannot_tell(
    numbers: Numbers, shown: Sequence[Figure], people: People, entries: Entries
) -> tuple[Limit, ...]:
    """Every limit of what the page shows, the gravest first. `shown` are its figures, each once."""
    return (
        *_withheld(shown),
        *_survey(people),
        *_open(numbers),
        *_unlinked(shown),
        *_stale(shown),
        *_changed_definitions(numbers, shown),
        *_written(numbers, entries),
    )


def _withheld(shown: Sequence[Figure]) -> Iterable[Limit]:
    few = [figure for figure in shown if figure.state == FEW_PEOPLE]
    if few:
        above = next((figure.above for figure in few if figure.above), None)
        yield Limit("withheld", f"{_titles(few)}: {words.few_people(above)}")
    for figure in shown:
        if figure.state in ("low_coverage", "definition_fails"):
            yield Limit("withheld", f"{figure.definition.title}: {figure_words.missing(figure)}")
    small = [figure for figure in shown if figure.state in ("too_few", "not_reached")]
    if small:
        yield Limit("too_few", f"{_titles(small)}: too little for a number.")


def _survey(people: People) -> Iterable[Limit]:
    if people.missing:
        yield Limit("no_data" if people.missing == NOT_ASKED else "withheld", people.missing)
    by_reason: dict[str, list[str]] = {}
    for said in people.said:
        if said.now is None or said.now.value is None:
            reason = survey_words.withheld(said.now.reason if said.now else None)[1]
            by_reason.setdefault(reason, []).append(said.name)
    for reason, names in by_reason.items():
        yield Limit("withheld", f"{words.listed(names)}: {reason[:1].lower()}{reason[1:]}")
    if people.together:
        yield Limit("withheld", people.together)


def _open(numbers: Numbers) -> Iterable[Limit]:
    figure = numbers.figure("time_to_production")
    if figure is not None and figure.now is not None and figure.now.open_count:
        count = figure.now.open_count
        verb = "is" if count == 1 else "are"
        changes = f"{words.sentence(words.amount(count))} {words.things(figure.definition, count)}"
        yield Limit("open", f"{changes} merged in the quarter {verb} not deployed yet, and in no lead time.")


def _unlinked(shown: Sequence[Figure]) -> Iterable[Limit]:
    told = set()
    for figure in shown:
        now = figure.now
        if now is None or not now.coverage_eligible or now.coverage_linked is None:
            continue
        missing = now.coverage_eligible - now.coverage_linked
        if missing and now.value is not None:
            things = words.noun(figure.definition.coverage_item_kind, missing)
            line = f"{missing:,} of {now.coverage_eligible:,} {things} could not be linked"
            if line not in told:
                told.add(line)
                yield Limit("unlinked", f"{line}: {figure.definition.title.lower()} is told without them.")


def _stale(shown: Sequence[Figure]) -> Iterable[Limit]:
    old = [figure for figure in shown if figure.stale_since is not None]
    if old:
        since = min(figure.stale_since for figure in old if figure.stale_since is not None)
        yield Limit("stale", f"{_titles(old)}: a source has not answered since {words.moment(since)}.")


def _changed_definitions(numbers: Numbers, shown: Sequence[Figure]) -> Iterable[Limit]:
    start, end, _ = numbers.span
    for figure in shown:
        for change in figure.definition.changes:
            if start <= change.on < end:
                on = words.day(change.on)
                title = figure.definition.title
                yield Limit("definition", f"{title}: its definition changed on {on}. {change.what}")


def _written(numbers: Numbers, entries: Entries) -> Iterable[Limit]:
    start, end, _ = numbers.span
    for scope in (numbers.scope, *numbers.scopes_above):
        for body in entries.of(Annotation, scope):
            if body.on < end and (body.until or body.on) >= start:
                until = f" to {words.day(body.until)}" if body.until and body.until != body.on else ""
                yield Limit("annotation", f"{words.day(body.on)}{until}: {body.text}")
    for context in entries.of(Context, numbers.scope, numbers.quarter):
        yield Limit("context", context.text)
    for unknown in entries.of(NotKnown, numbers.scope, numbers.quarter):
        said = f"What we got wrong or do not know yet: “{unknown.text}”" if unknown.text else NOT_THIS_TIME
        yield Limit("not_known", said)


def _titles(group: Sequence[Figure]) -> str:
    return words.listed(dict.fromkeys(figure.definition.title for figure in group))
