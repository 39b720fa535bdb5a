"""How a metric is defined, how to read it with care, and what it is not for."""

import streamlit as st

from dashboard import words
from dashboard.components import section, show
from dashboard.definition import Definition
from dashboard.markup import text


def draw(definition: Definition) -> None:
    """Definition and cautions, side by side."""
    left, right = st.columns(2, gap="large")
    facts = {
        "Formula": definition.formula,
        "Shown as": "; ".join(words.statistic(definition, s) for s in definition.statistics),
        "Counted in": definition.period_rule,
        "Needs at least": _minimum(definition),
        "Interval": words.INTERVALS[definition.kind],
        "Verdict": words.VERDICT_RULES[definition.kind],
        "Kept by": f"{definition.owner}, version {definition.version}, since {words.day(definition.since)}",
    }
    with left:
        section("Definition")
        show(
            '<dl class="eo-facts">'
            + "".join(f"<dt>{k}</dt><dd>{text(v)}</dd>" for k, v in facts.items() if v)
            + "</dl>"
        )
    with right:
        section("Read it with care")
        show(_list(definition.caveats))
        if definition.not_for:
            show('<div class="eo-h3" role="heading" aria-level="3">Not for</div>' + _list(definition.not_for))
        if definition.references:
            show(
                '<div class="eo-h3" role="heading" aria-level="3">Read on</div>'
                + _list(definition.references)
            )


def _minimum(definition: Definition) -> str:
    wanted = (
        (n, words.STATISTIC_NAMES.get(s)) for s, n in definition.min_n.items() if s in definition.statistics
    )
    return ", ".join(f"{n} for {name}" for n, name in wanted if n and name)


def _list(lines: tuple[str, ...]) -> str:
    return '<ul class="eo-list">' + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"
