"""How a metric is defined, how to read it with care, and what it is not for."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from dashboard import components, words
from dashboard.components import Column, section, show
from dashboard.definition import Change, Definition, Example
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
    if definition.changes:
        last = definition.changes[-1]
        facts["Changed"] = f"definition changed on {words.day(last.on)}: {last.what}"
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
                + _list(definition.references, _reference)
            )

    _versions(definition.changes[:-1])
    if definition.example:
        _worked(definition, definition.example)


def index(known: Mapping[str, Definition], quarter: str) -> None:
    """Every metric by family with its question, folded."""
    families = sorted({one.family for one in known.values()})
    lines: list[list[str]] = []
    for family in families:
        lines.append([text(family.capitalize())])
        for one in known.values():
            if one.family == family:
                query = {"metric": one.title, "quarter": words.period(quarter)}
                lines.append([components.page_link("metrics", one.title, query), text(one.question)])
    with st.expander(f"All {len(known)} metrics by family"):
        show(components.table("All metrics", [Column("Metric"), Column("Question")], lines))


def _versions(earlier: Sequence[Change]) -> None:
    """What the versions before the last one changed, folded."""
    if earlier:
        with st.expander("Earlier changes of this definition"):
            show(_list(tuple(f"{words.day(c.on)}, version {c.version}: {c.what}" for c in reversed(earlier))))


def _worked(definition: Definition, example: Example) -> None:
    """Five made-up rows and the number they come to."""
    section("A worked example", "Five made-up rows as the query returns them.")
    columns = [
        Column(words.column(definition, name), is_number=name in ("value", "weight"))
        for name in example.columns
    ]
    lines = [
        [text(_cell(name, value)) for name, value in zip(example.columns, row, strict=True)]
        for row in example.rows
    ]
    show(components.table("A worked example", columns, lines))
    show(f"<p>{text(words.sentence(example.words))}</p>")


def _cell(name: str, value: str | bool | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return words.figure(value)
    if name.endswith("_at"):
        return value.replace("T", " ").removesuffix("Z")
    return value.replace("_", " ")


def _minimum(definition: Definition) -> str:
    wanted = (
        (n, words.STATISTIC_NAMES.get(s)) for s, n in definition.min_n.items() if s in definition.statistics
    )
    return ", ".join(f"{n} for {name}" for n, name in wanted if n and name)


def _reference(line: str) -> str:
    """A reference whose address follows its name is a link by that name."""
    name, _, url = line.rpartition(", ")
    return components.link(name, url) if name and url.startswith("https://") else text(line)


def _list(lines: tuple[str, ...], said: Callable[[str], str] = text) -> str:
    return '<ul class="eo-list">' + "".join(f"<li>{said(line)}</li>" for line in lines) + "</ul>"
