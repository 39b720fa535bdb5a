"""Renders `docs/metrics.md` from the metric files, so that the page cannot differ from the code."""

from collections.abc import Mapping

from pipelines.catalog import Metric

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
    lines += ["", "Sources:", "", *(f"- {_line(source)}" for source in metric.references), ""]
    return "\n".join(lines)


def _line(text: str) -> str:
    return " ".join(text.split())
