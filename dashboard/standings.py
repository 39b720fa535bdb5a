"""What every team came to in a quarter: its verdicts, without a past. One question for all of them."""

from dashboard import figures, snapshot, snapshot_values
from dashboard.figures import Figure
from dashboard.kept import kept
from dashboard.points import Point


@kept
def of_teams(path: str, metrics: tuple[str, ...], quarter: str) -> dict[str, dict[str, Figure]]:
    """The figures of all teams by metric and scope, each metric by its first statistic."""
    start = dict(figures.quarters(path).select("period", "period_start").iter_rows())[quarter]
    found: dict[tuple[str, str], Point] = {}
    for metric, scope, *values in snapshot_values.teams_in_quarter(path, metrics, start).iter_rows():
        found[metric, scope] = Point(*values)
    scopes = [f"team:{team}" for team in snapshot.teams(path)["team"]]
    return {
        metric: {scope: _figure(path, metric, scope, quarter, found.get((metric, scope))) for scope in scopes}
        for metric in metrics
    }


def _figure(path: str, metric: str, scope: str, quarter: str, now: Point | None) -> Figure:
    definition = snapshot.definitions(path)[metric]
    since = figures.stale_since(path, metric)
    return Figure(definition, definition.headline, scope, quarter, now, (now,), (quarter,), (), since)
