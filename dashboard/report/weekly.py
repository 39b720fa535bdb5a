"""The weekly charts of a team's pages in the report: the app's own, drawn once more without a browser."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta

import vl_convert

from dashboard import chart_theme, chart_weekly, figures, snapshot, trends, weeks, words
from dashboard.chart_weekly import Weekly
from dashboard.definition import Definition
from dashboard.health import chosen
from dashboard.report import svg

CHARTS = 2
_SIZE = (340, 92)
"""Of a picture that is half as wide as the page."""
_PADDING = {"left": 0, "top": 2, "right": 8, "bottom": 2}
_VEGA_LITE = "6.4"


@dataclass(frozen=True)
class Chart:
    """A chart with its words; no picture where there is no line to draw, and then `finding` says why."""

    title: str
    finding: str
    legend: str
    alt: str
    svg: str


NOT_KEPT = Chart(
    title="Weekly charts",
    finding="This quarter was frozen without its weeks, so no weekly chart is drawn.",
    legend="",
    alt="",
    svg="",
)


def charts(path: str, scope: str, name: str, quarter: str) -> list[Chart]:
    """At most two charts of a scope, up to the end of the quarter.

    From a published snapshot or a frozen quarter; where that has no weeks, a sentence says so.
    """
    if snapshot.periods(path).filter(grain="week").is_empty():
        return [NOT_KEPT]
    known = snapshot.definitions(path)
    found: list[Chart] = []
    for metric in chosen.WEEKLY:
        if metric not in known or len(found) == CHARTS:
            continue
        series = _series(path, metric, scope, quarter)
        if series is not None:
            found.append(_chart(known[metric], series, name))
        elif not found:
            found.append(_nothing(known[metric]))
    return found


def _series(path: str, metric: str, scope: str, quarter: str) -> Weekly | None:
    """The weeks up to the end of the quarter: what came after it is not in its report."""
    series = trends.load(path, metric, scope, quarter)
    if series is None:
        return None
    span = figures.quarters(path).filter(period=quarter)
    end, is_over = span["period_end"][0], span["is_complete"][0]
    series = replace(
        series,
        weeks=[week for week in series.weeks if week.start + timedelta(days=7) <= end or not is_over],
        open_week=None if is_over else series.open_week,
        end=min(series.end, end),
        quarters=[(label, day) for label, day in series.quarters if day < end],
    )
    return series if len(series.shown) >= trends.LEAST_WEEKS_SHOWN else None


def _chart(definition: Definition, series: Weekly, name: str) -> Chart:
    finding = trends.said(series, definition.kind)
    legend = f"Band: {_band(series)}, from the weeks of {trends.baseline(series)}. {weeks.LEGEND}"
    ends = "; ".join(
        f"week of {words.day(week.start)}: {chart_weekly.said(series, week.value)}"
        for week in (series.shown[0], series.shown[-1])
    )
    return Chart(
        title=f"{definition.title}, week by week",
        finding=f"{words.sentence(weeks.UNITS[definition.kind])}: {finding}.",
        legend=legend if series.expected else "",
        alt=f"{definition.title} of {name}, {weeks.UNITS[definition.kind]}: {finding}. {ends}.",
        svg=draw(series),
    )


def _band(series: Weekly) -> str:
    return chart_weekly.range_said(series.expected, series.unit) if series.expected else ""


def _nothing(definition: Definition) -> Chart:
    finding = "No week had enough of them, or too few could be linked."
    return Chart(f"{definition.title}, week by week", finding, "", "", "")


def draw(series: Weekly) -> str:
    """The chart as SVG in light colours; nothing is loaded for it from anywhere."""
    width, height = _SIZE
    axis = chart_weekly.value_axis([series], is_duration=series.is_duration)
    drawn = chart_weekly.draw(series, axis, height=height, names_band=False).properties(
        width=width, padding=_PADDING
    )
    spec = json.dumps(drawn.to_dict()).replace(json.dumps(chart_theme.FONT)[1:-1], svg.FONT)
    vl_convert.register_font_directory(str(svg.FONTS))
    found: str = vl_convert.vegalite_to_svg(svg.in_light(spec), vl_version=_VEGA_LITE, allowed_base_urls=[])
    return found
