"""What stands beside a number, in words: what it counts, its range, its coverage, or why there is none."""

from dashboard import figures, words
from dashboard.figures import Figure


def missing(figure: Figure) -> str:
    """Why there is no number, in one sentence."""
    if figure.state == figures.FEW_PEOPLE:
        return words.few_people(figure.above)
    if figure.state == "no_data" and figure.left_out:
        return f"All of them are left out: {'; '.join(one.words for one in figure.left_out)}."
    n = figure.now.n if figure.now else 0
    return words.withheld(figure.state, figure.definition, figure.statistic, n)


def coverage(figure: Figure) -> list[str]:
    """What is linked, what is not, and what was left out and why: one short sentence each."""
    definition, now = figure.definition, figure.now
    lines = [linked] if (linked := _linked(figure)) else []
    unlinked = [r for r in figure.left_out if r.reason in definition.unlinked_reasons]
    if now and now.coverage_eligible and now.coverage_linked is not None:
        missing = now.coverage_eligible - now.coverage_linked
        if missing:
            why = "; ".join(r.words for r in unlinked)
            lines.append(f"{missing:,} not linked" + (f": {why}" if why else ""))
    others = [r for r in figure.left_out if r not in unlinked]
    if others:
        lines.append("Left out: " + "; ".join(f"{r.words} ({r.items:,})" for r in others))
    elif now and not unlinked:
        lines.append("Nothing left out")
    return lines


def coverage_in_brief(figure: Figure) -> str:
    """`69 % linked: 25 of 36 incidents; 47 left out`: how much, where the reasons have no room."""
    out = sum(one.items for one in figure.left_out if one.reason not in figure.definition.unlinked_reasons)
    return "; ".join(filter(None, [_linked(figure), f"{out:,} left out" if out else ""]))


def _linked(figure: Figure) -> str:
    """`69 % linked: 25 of 36 incidents`; empty of what needs no link."""
    definition, now = figure.definition, figure.now
    if now is None or not now.coverage_eligible or now.coverage_linked is None:
        return ""
    if now.coverage_linked == now.coverage_eligible and not definition.unlinked_reasons:
        return ""
    share = percent(now.coverage_linked, now.coverage_eligible)
    what = ""
    if definition.coverage_item_kind != definition.item_kind:
        what = f" {words.noun(definition.coverage_item_kind, now.coverage_eligible)}"
    return f"{share} linked: {now.coverage_linked:,} of {now.coverage_eligible:,}{what}"


def percent(part: int, whole: int) -> str:
    """A share that never rounds up to a full 100 %."""
    share = 100 * part / whole
    return f"{min(share, 99) if part < whole else share:.0f} %"


def counted(figure: Figure) -> str:
    """What the number counts: `half of 118 changes`, `9 of 118 deployments`, `13 weeks`."""
    now, definition = figure.now, figure.definition
    if now is None or now.value is None:
        return ""
    things = f"{now.n:,} {words.things(definition, now.n)}"
    if definition.kind == "ratio":
        text = f"{round(now.value * now.n):,} of {things}"
    elif definition.kind in ("duration", "quantity") and figure.statistic != "total":
        share = "85" if "85" in figure.statistic else "95" if "95" in figure.statistic else "half"
        text = f"half of {things}" if share == "half" else f"{share} of 100 of {things}"
    elif figure.statistic == "level":
        text = "at the end of the quarter" if now.is_complete else "now"
    elif definition.has_ages and figure.statistic in STATISTIC_OF_AGES:
        text = f"{STATISTIC_OF_AGES[figure.statistic]} of {things}"
    elif definition.kind == "level":
        text = f"over {things}"
    else:
        text = things
    return text + (f", {words.amount(now.open_count)} still open" if now.open_count else "")


STATISTIC_OF_AGES = {"p50": "half", "p85": "85 of 100", "p95": "95 of 100", "max": "the oldest"}


def interval(figure: Figure) -> str:
    """`22 to 34 h`, or that there are too few for one; empty of what is counted in full."""
    now = figure.now
    if now is None or now.value is None or _is_whole(figure):
        return ""
    if now.low is None:
        return "no range: too few"
    if now.high is None:
        return f"at least {figure.scale.full(now.low)}"
    return figure.scale.span(now.low, now.high)


def _is_whole(figure: Figure) -> bool:
    """Whether the number is a plain count, sum or reading: however many there were, it has no range."""
    definition = figure.definition
    is_whole_share = definition.estimator == "whole_share"
    return definition.kind == "level" or is_whole_share or figure.statistic in ("count", "total")
