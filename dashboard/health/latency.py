"""How long decisions take, by their place in the matrix of risk and reach."""

from dashboard import figures, snapshot, snapshot_beside
from dashboard.figures import Figure
from dashboard.health.document import Latency, Reach, Risk
from dashboard.health.numbers import Numbers
from dashboard.points import points

METRIC = "decision_latency"
STATISTIC = "p50"
PLACES: dict[tuple[Risk, Reach], str] = {
    ("high", "team"): "high risk, reaches one team",
    ("high", "organisation"): "high risk, reaches further",
    ("low", "team"): "low risk, reaches one team",
    ("low", "organisation"): "low risk, reaches further",
}
"""Each cell by the metric's category of it."""


def latencies(numbers: Numbers) -> tuple[Latency, ...]:
    """One for each cell in which a published decision was proposed in the quarter.

    What was written today is published tomorrow: a cell may hold a decision and have no number yet.
    """
    is_published = METRIC in numbers.definitions and "metric_breakdown" in snapshot.tables(numbers.path)
    if not is_published:
        return ()
    found = snapshot_beside.breakdown(numbers.path, METRIC, STATISTIC, numbers.scope)
    stale, quarter = figures.stale_since(numbers.path, METRIC), numbers.quarter
    definition, cells = numbers.definitions[METRIC], []
    for (risk, reach), category in PLACES.items():
        now = points(found.filter(category=category), numbers.scope).get(quarter)
        figure = Figure(definition, STATISTIC, numbers.scope, quarter, now, (now,), (quarter,), (), stale)
        if figure.state != "no_data":
            cells.append(Latency(risk, reach, figure))
    return tuple(cells)
