"""Renders `docs/metrics.md` from the metric files, so that the page cannot differ from the code."""

from collections.abc import Mapping

from pipelines.catalog_headers import Cell, Example, Metric

_DIRECTIONS = {
    "lower_is_better": "lower is better",
    "higher_is_better": "higher is better",
    "neutral": "neither good nor bad by itself",
}
_INTRODUCTION = """\
# Metrics

This page is made by `outcomes catalog` from the files in `pipelines/metrics/`; change it there.
Every value comes with n, a 95 % range where one exists, what is still open, and how much of what
should be linked is linked. Where a value cannot be given, the reason stands in its place.
"""


def render(metrics: Mapping[str, Metric]) -> str:
    """The whole page, metrics in alphabetical order within their family."""
    parts = [_INTRODUCTION]
    for family in sorted({metric.family for metric in metrics.values()}):
        parts.append(f"## {family.capitalize()}\n")
        parts += [_section(metric) for _, metric in sorted(metrics.items()) if metric.family == family]
    return "\n".join(parts)


def _section(metric: Metric) -> str:
    least = ", ".join(f"{name} {n}" for name, n in metric.min_n.items())
    facts = [
        ("Question", metric.question),
        ("Formula", metric.formula),
        ("Unit", f"{metric.measured_in or metric.unit}; {_DIRECTIONS[metric.direction]}"),
        ("Statistics", ", ".join(metric.statistics)),
        ("Periods", ", ".join(metric.grains)),
        ("Counted in", metric.window),
        ("Needs at least", least or "nothing"),
        ("Kept by", f"{metric.owner}, version {metric.version}, since {metric.since}"),
    ]
    lines = [f"### {metric.title}", "", f"`{metric.name}`", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {' '.join(text.split())} |" for name, text in facts]
    lines += ["", "Read it with care:", "", *(f"- {_line(caveat)}" for caveat in metric.caveats)]
    lines += ["", "Not for:", "", *(f"- {_line(use)}" for use in metric.not_for)]
    if metric.reasons:
        lines += ["", "Left out, and why:", ""]
        lines += [f"- `{reason}`: {_line(words)}" for reason, words in metric.reasons.items()]
    lines += [*_neighbours(metric), *_changes(metric), *_example(metric)]
    lines += ["", "Sources:", "", *(f"- {_line(source)}" for source in metric.references)]
    lines += ["", "<details><summary>SQL</summary>", "", "```sql", metric.sql, "```", "", "</details>", ""]
    return "\n".join(lines)


def _neighbours(metric: Metric) -> list[str]:
    """What else the number could mean: computed every night beside it."""
    if not metric.neighbours:
        return []
    about: dict[str, list[str]] = {}
    for neighbour in metric.neighbours.values():
        about.setdefault(neighbour.about, []).append(neighbour.words)
    lines = [f"- {_line(what)}: {'; '.join(map(_line, ways))}" for what, ways in about.items()]
    return ["", "Neighbouring definitions, computed beside it:", "", *lines]


def _changes(metric: Metric) -> list[str]:
    if not metric.changes:
        return []
    told = [f"- definition changed on {c.on} (version {c.version}): {_line(c.what)}" for c in metric.changes]
    return ["", "Versions:", "", *told]


def _example(metric: Metric) -> list[str]:
    """Five rows as the metric's SQL returns them, and what they come to."""
    example: Example | None = metric.example
    if example is None:
        return []
    lines = ["", "A worked example:", "", f"| {' | '.join(f'`{name}`' for name in example.columns)} |"]
    lines += ["|" + "---|" * len(example.columns)]
    lines += [f"| {' | '.join(map(_cell, row))} |" for row in example.rows]
    return [*lines, "", _line(example.words)]


def _cell(value: Cell) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _line(text: str) -> str:
    return " ".join(text.split())
