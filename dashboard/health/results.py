"""Outcomes, the two lists side by side, and the governance strip."""

from connectors.journal.entries import Agreement
from dashboard import figure_words, judged, words
from dashboard.figures import Figure
from dashboard.health import chosen
from dashboard.health.document import GovernanceItem, Indicators, Outcome
from dashboard.health.mix import mix
from dashboard.health.numbers import Numbers
from dashboard.health.people import People
from dashboard.health.written import Entries


def outcomes(numbers: Numbers) -> tuple[Outcome, ...]:
    """The cards: what of the outcomes has ever been measured here, with the same of each team below."""
    return tuple(
        Outcome(figure, _foot(figure), numbers.teams_now(figure.definition.metric))
        for figure in numbers.measured(chosen.OUTCOMES)
    )


def _foot(figure: Figure) -> tuple[str, ...]:
    """The quarter before, and the least change that could have been seen."""
    before, lines = figure.before, []
    if before is not None and before.value is not None:
        name = words.period(figure.quarters[figure.quarters.index(figure.quarter) - 1])
        lines.append(f"{name}: {figure.scale.full(before.value)}")
    if before is not None and figure.now and figure.now.detectable_change is not None:
        lines.append(f"We could see {judged.detectable(figure.scale, figure.now)}")
    return tuple(lines)


def budget_policy(numbers: Numbers, entries: Entries) -> str | None:
    """What was agreed last to do when an error budget runs low, by the scope or the nearest one above it."""
    _, end, _ = numbers.span
    for scope in (numbers.scope, *numbers.scopes_above):
        held = [
            body
            for body in entries.of(Agreement, scope)
            if body.kind == "error_budget_policy"
            and body.valid_from < end
            and (body.valid_to is None or body.valid_to >= end)
        ]
        if held:
            return max(held, key=lambda body: body.valid_from).text
    return None


def indicators(numbers: Numbers, people: People) -> Indicators:
    """What the systems record at the left, what people say at the right."""
    systems = tuple(numbers.measured(chosen.SYSTEMS))
    return Indicators(systems, mix(numbers), people.said, people.answered, people.missing)


def governance(numbers: Numbers) -> tuple[GovernanceItem, ...]:
    """The strip: numbers with a value in this quarter, the others are left out."""
    found = []
    for metric in chosen.GOVERNANCE:
        figure = numbers.figure(metric)
        if figure is not None and figure.now is not None and figure.now.value is not None:
            found.append(GovernanceItem(figure, _told(figure)))
    return tuple(found)


def _told(figure: Figure) -> str:
    counted = figure_words.counted(figure)
    is_the_value = figure.now is not None and counted == figure.scale.full(figure.now.value or 0)
    parts = ["" if is_the_value else counted, figure_words.interval(figure)]
    before = figure.before
    if before is not None and before.value is not None:
        parts.append(f"quarter before {figure.scale.full(before.value)}")
    return "; ".join(filter(None, parts))
