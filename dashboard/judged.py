"""How a quarter differs from the one before: by how much, how surely, and which rule said so."""

from dashboard import words
from dashboard.components import section, show
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.points import Point
from dashboard.words import Scale

_RATIOS = ("ratio", "share_over_400")


def difference(scale: Scale, change: float) -> str:
    """`25 h less`, `4.7 points more`, `the same`."""
    amount = scale.number(abs(change))
    if amount == "0":
        return "the same"
    unit = "points" if scale.unit == "%" else scale.unit
    return f"{amount} {unit} {'more' if change > 0 else 'less'}"


def span(scale: Scale, low: float, high: float) -> str:
    """`between 3.8 points less and 13 points more`."""
    return f"between {difference(scale, low)} and {difference(scale, high)}"


def facts(figure: Figure) -> dict[str, str]:
    """What is known of the change to a closed quarter, heading by heading; nothing where there is none."""
    now = figure.now
    if now is None or now.value is None or not now.is_complete:
        return {}
    found = {"Verdict": verdict(figure)}
    if now.difference is not None and now.compared_with:
        before = figure.scale.full(now.value - now.difference)
        then = words.period(now.compared_with)
        found["Difference"] = f"{difference(figure.scale, now.difference)} than {before} in {then}"
        if now.difference_low is not None and now.difference_high is not None:
            found["Its range"] = f"{span(figure.scale, now.difference_low, now.difference_high)}, 95 of 100"
    if figure.statistic in _RATIOS and now.p_value is not None:
        found["Could be seen"] = detectable(figure.scale, now)
    return found


def draw(figure: Figure) -> None:
    """The change to a closed quarter as a section, where one was tested or would have been."""
    found = facts(figure)
    is_told = "Difference" in found or figure.state in ("first_quarter", "too_little_data")
    if not is_told:
        return
    section(
        "Against the quarter before", "How much it changed, how sure that is, and what could have been seen."
    )
    rows = "".join(f"<dt>{text(name)}</dt><dd>{text(said)}</dd>" for name, said in found.items())
    show(f'<dl class="eo-facts">{rows}</dl>')


def foot(figure: Figure) -> str:
    """The quarter before in words, and of a ratio what could have been seen: a card's foot as markup."""
    before = figure.before
    if before is None or before.value is None:
        return "<div>No number for the quarter before</div>"
    name = figure.quarters[figure.quarters.index(figure.quarter) - 1]
    known = figure.scale.full(before.value)
    if before.low is not None and before.high is not None:
        known += f", {figure.scale.span(before.low, before.high)}"
    seen = ""
    if figure.now and figure.now.detectable_change is not None:
        seen = f"<div>We could see {text(detectable(figure.scale, figure.now))}</div>"
    return f"<div>{words.period(name)}: {text(known)}</div>{seen}"


def verdict(figure: Figure) -> str:
    """What the quarter came to, with the rule that said so."""
    now = figure.now
    if now is None or now.p_value is None:
        return {
            "first_quarter": "no comparison: it is the first quarter, and the baseline of the next",
            "too_little_data": "no comparison: one of the two quarters has too few, or fewer than six weeks",
        }.get(figure.state, words.VERDICT_RULES[figure.definition.kind])
    is_clear = words.went_up(figure.definition, figure.state) is not None
    outcome = "a clear change" if is_clear else "no clear change"
    how = (
        "by Newcombe's interval, chance alone makes a difference as large"
        if figure.statistic in _RATIOS
        else "with weeks exchanged at random between the two quarters, the difference is as large"
    )
    return f"{outcome}: {how} in {chance(now.p_value)}; a clear change needs 1 in 100 or less"


def chance(p_value: float) -> str:
    """A p-value as people say it: `1 of 1,000 cases`, `23 of 100 cases`."""
    if p_value < 0.0005:
        return "fewer than 1 of 1,000 cases"
    if p_value < 0.095:
        return f"{p_value * 1000:.0f} of 1,000 cases"
    return f"{p_value * 100:.0f} of 100 cases"


def detectable(scale: Scale, now: Point) -> str:
    """The smallest change that quarters of this size could show."""
    if now.detectable_change is None:
        return f"no change at all: {now.n:,} are too few"
    size = scale.number(now.detectable_change)
    unit = "points" if scale.unit == "%" else scale.unit
    return f"a change of {size} {unit} or more, in four of five cases"
