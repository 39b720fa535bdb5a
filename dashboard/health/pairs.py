"""System data beside perception: two facts and a question, never a cause and never one number."""

from dashboard.figures import Figure
from dashboard.health import chosen, people
from dashboard.health.chosen import PairKind
from dashboard.health.document import Course, Pair
from dashboard.health.numbers import Numbers, change, course, is_measured
from dashboard.health.people import People
from dashboard.survey_results import Said

OWN_TEST = "Each side moves by its own test alone. These two facts do not tell us why."
ASK = "The numbers do not say why. Ask."


def pairs(numbers: Numbers, said: People, before: People | None) -> tuple[Pair, ...]:
    """The pairs of which both sides say something."""
    found = []
    for kind in chosen.PAIRS:
        systems = _systems(numbers, kind)
        voices = _people(said, kind)
        if any(map(_has_value, systems)) and any(one.now and one.now.value is not None for one in voices):
            found.append(_pair(numbers, kind, systems, said, voices, before))
    return tuple(found)


def _systems(numbers: Numbers, kind: PairKind) -> list[Figure]:
    """The pair's numbers, those with a verdict first, those without a value last."""
    known = [figure for metric in kind.systems if (figure := numbers.figure(metric)) is not None]
    measured = [figure for figure in known if is_measured(figure)]
    return sorted(measured, key=lambda figure: (_course(figure) is None, not _has_value(figure)))


def _has_value(figure: Figure) -> bool:
    return figure.now is not None and figure.now.value is not None


def _people(said: People, kind: PairKind) -> list[Said]:
    statement = said.statement(kind.item) if kind.item else None
    dimensions = [one for name in kind.dimensions if (one := said.dimension(name)) is not None]
    if statement is None:
        return dimensions
    return [statement, *(one for one in dimensions if one.dimension != statement.dimension)]


def _pair(
    numbers: Numbers,
    kind: PairKind,
    systems: list[Figure],
    said: People,
    voices: list[Said],
    before: People | None,
) -> Pair:
    item = kind.item if kind.item and said.statement(kind.item) else None
    now = _where(systems[0], said, voices[0], item)
    earlier = _where_before(numbers, kind, systems[0], before, item)
    facts = (
        tuple(change(figure) for figure in systems),
        tuple(people.sentence(said, one) for one in voices),
    )
    question = kind.untested if now is None else kind.steady if now == (0, 0) else kind.questions[now]
    return Pair(
        name=kind.name,
        systems=tuple(systems),
        people=tuple(voices),
        facts=facts,
        question=question,
        axes=kind.words,
        course=now,
        course_before=earlier,
        note=ASK if said.is_unit else OWN_TEST,
    )


def _where(figure: Figure, said: People, voice: Said, item: str | None) -> tuple[Course, Course] | None:
    systems, voices = _course(figure), said.course(voice, item)
    return None if systems is None or voices is None else (systems, voices)


def _where_before(
    numbers: Numbers, kind: PairKind, leading: Figure, before: People | None, item: str | None
) -> tuple[Course, Course] | None:
    """Where the two stood a quarter ago, by the same number and the same question."""
    earlier = numbers.before()
    if earlier is None or before is None or before.missing:
        return None
    figure = earlier.figure(leading.definition.metric, leading.statistic)
    voice = before.statement(item) if item else before.dimension(kind.dimensions[0])
    if figure is None or voice is None:
        return None
    return _where(figure, before, voice, item)


def _course(figure: Figure) -> Course | None:
    falling = figure.definition.metric in chosen.LOWER_IS_TOWARDS_THE_SECOND
    return course(figure, falling_is_second=falling)
