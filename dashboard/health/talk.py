"""Up to three things to talk about: the quarter's headlines in plain words, each with a question."""

from collections.abc import Iterable

from dashboard import figure_words, headlines, judged, snapshot_beside, words
from dashboard.figures import Figure
from dashboard.health.document import Pair, Talk, TalkingPoint
from dashboard.health.numbers import Numbers
from dashboard.health.people import People, sentence

DO_NOT_TELL = "These two facts do not tell us why."
_BETTER = "What helped, and how do we keep it?"
_WORSE = "What is different now, and what should stop?"
_NEITHER = "Is this what we want, and what does it ask of us?"


def talk(
    numbers: Numbers, people: People, pairs: tuple[Pair, ...], shown: Iterable[Figure], *, is_first: bool
) -> Talk:
    """The headlines that were published for this scope and quarter, the first first.

    `shown`: the numbers of the page; those that changed clearly and were not chosen are named.
    """
    _, _, is_complete = numbers.span
    if is_first:
        return Talk((), "", "Nothing is compared in a first quarter.")
    if not is_complete:
        return Talk((), "", "The quarter is still open: nothing is compared yet.")
    looked = snapshot_beside.page_tests(numbers.path, numbers.scope, numbers.quarter)
    found = snapshot_beside.headlines(numbers.path, numbers.scope, numbers.quarter)
    points = []
    for row in found.iter_rows(named=True):
        figure = numbers.figure(row["metric"], row["statistic"])
        said = clear_change(figure) if figure else None
        if figure is not None and said is not None:
            evidence = _evidence(figure, row["adjusted_p_value"])
            question, beside = _beside(figure, people, pairs)
            points.append(TalkingPoint(said, figure, evidence, beside, question or _question(figure)))
    tests = words.plural(int(looked["tests"]), "number")
    rule = f"Chosen by rule from {tests}, at most three. {headlines.by_chance(numbers.name, looked)}"
    close = "Nothing else stands out." if points else "Nothing stands out."
    return Talk(tuple(points), rule, close + _not_chosen(shown, points))


def _not_chosen(shown: Iterable[Figure], points: Iterable[TalkingPoint]) -> str:
    """Clear changes that stand further down, so that none of them seems to be denied here."""
    chosen = {point.figure.definition.metric for point in points}
    left = {
        figure.definition.title.lower(): None
        for figure in shown
        if figure.definition.metric not in chosen
        and words.went_up(figure.definition, figure.state) is not None
    }
    return f" Clear by itself below, but not chosen by this rule: {words.listed(list(left))}." if left else ""


def _evidence(figure: Figure, all_told: float) -> tuple[str, ...]:
    now = figure.now
    evidence = [figure_words.counted(figure), figure_words.interval(figure), _range_before(figure)]
    if now and now.difference_low is not None and now.difference_high is not None:
        span = judged.span(figure.scale, now.difference_low, now.difference_high)
        evidence.append(f"difference {span}")
    chance = judged.chance(all_told)
    evidence.append(f"by chance in {chance}, with all numbers considered")
    return tuple(filter(None, evidence))


def clear_change(figure: Figure) -> str | None:
    """`Change lead time is clearly shorter: 27 h, in Q2 2026 61 h` or so; None where nothing is compared."""
    now, definition = figure.now, figure.definition
    if now is None or now.value is None or now.difference is None:
        return None
    up = words.went_up(definition, figure.state)
    how = "different" if up is None else words.changed(definition, up=up)
    which = "" if figure.statistic == definition.headline else f" ({words.STATISTIC_NAMES[figure.statistic]})"
    before = figure.scale.full(now.value - now.difference)
    then = words.period(now.compared_with) if now.compared_with else "the quarter before"
    return f"{definition.title}{which} is clearly {how}: {figure.scale.full(now.value)}, in {then} {before}."


def _range_before(figure: Figure) -> str:
    before = figure.before
    if before is None or before.low is None or before.high is None:
        return ""
    return f"before {figure.scale.span(before.low, before.high)}"


def _beside(figure: Figure, people: People, pairs: tuple[Pair, ...]) -> tuple[str | None, str | None]:
    """The question of the pair in which this number leads, and what people said in the same quarter."""
    for pair in pairs:
        leads = pair.systems and pair.systems[0].definition.metric == figure.definition.metric
        if leads and pair.people:
            return pair.question, f"{sentence(people, pair.people[0])} {DO_NOT_TELL}"
    return None, None


def _question(figure: Figure) -> str:
    return {"signal_better": _BETTER, "signal_worse": _WORSE}.get(figure.state, _NEITHER)
