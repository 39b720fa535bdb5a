"""The stages of a change in the quarter, below those of the quarter before."""

from dashboard import chart_stages, components, layout, sheet, words
from dashboard.chart_stages import Stage
from dashboard.components import Column, section, show
from dashboard.definition import Definition
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.sheet import Sheet
from dashboard.team_views.looked_at import Looked

STAGES = {
    "change_coding_time": ("Coding", "sys-3"),
    "change_pickup_time": ("Waiting for review", "wait-1"),
    "change_review_time": ("In review", "sys-2"),
    "change_deploy_time": ("Waiting to deploy", "wait-2"),
}
"""In the order of a change: its name, and its shade: work is blue, waiting is grey."""
LEAST = 6
"""Fewer changes have no stage of their own: their middle says too little."""


def draw(looked: Looked) -> None:
    """The medians stage by stage; nothing where no stage is published."""
    found = [figure for metric in STAGES if (figure := looked.figure(metric)) is not None]
    if not found:
        return
    sub = "The middle of each stage. They do not add up to the middle of the whole."
    section("The stages of a change", sub)
    drawn, left_out = _stages(found)
    if not drawn:
        told = f"No stage has {LEAST} changes or more." if left_out else "No change was deployed."
        show(components.state("", "few", "Too little data", told, height=112))
        return
    scale = words.scale(found[0].definition, "p50", [sum(s.hours for s in drawn) / 2])
    show(_key(found[0].definition, drawn))
    layout.chart(chart_stages.stages(drawn, scale), _spoken(looked, drawn, scale))
    if left_out:
        told = f"Left out for fewer than {LEAST} changes: {words.listed(left_out)}."
        show(f'<p class="eo-note">{text(told)}</p>')
    columns = [Column("Quarter"), Column("Stage"), Column("Half take no longer than", is_number=True)]
    cells = [[text(s.quarter), text(s.name), _own(found[0].definition, s.hours)] for s in drawn]
    data = tuple((s.quarter, s.name, s.hours) for s in drawn)
    file = Sheet(f"Stages of a change of {looked.name}", ("quarter", "stage", "median in hours"), data)
    sheet.below(file, columns, cells)


def _stages(found: list[Figure]) -> tuple[list[Stage], list[str]]:
    """The quarter before, then this one; and which stages had too few changes."""
    drawn, left_out = [], []
    for back in (1, 0):
        for figure in found:
            at = figure.quarters.index(figure.quarter) - back
            point = figure.history[at] if at >= 0 else None
            name, shade = STAGES[figure.definition.metric]
            if point is None or point.value is None:
                continue
            quarter = words.short_period(point.period) + ("" if point.is_complete else ", open")
            if point.n < LEAST:
                left_out.append(f"{name.lower()} in {quarter}")
            else:
                drawn.append(Stage(quarter, not point.is_complete, name, shade, point.value))
    return drawn, left_out


def _key(definition: Definition, drawn: list[Stage]) -> str:
    """What each shade is, and its last value, which a narrow segment has no room for."""
    last = {stage.name: stage for stage in drawn}
    parts = [
        f'<span><i style="background:var(--{shade})"></i>{text(name)} {_own(definition, last[name].hours)}'
        + (f" in {last[name].quarter}" if last[name].quarter != drawn[-1].quarter else "")
        + "</span>"
        for name, shade in STAGES.values()
        if name in last
    ]
    return f'<div class="eo-key"><span>{text(drawn[-1].quarter)}:</span>{"".join(parts)}</div>'


def _own(definition: Definition, hours: float) -> str:
    """In the unit of its size: `50 min` beside bars that are drawn in hours."""
    return words.scale(definition, "p50", [hours]).full(hours)


def _spoken(looked: Looked, drawn: list[Stage], scale: words.Scale) -> str:
    quarters = dict.fromkeys(stage.quarter for stage in drawn)
    said = [
        f"{quarter}: "
        + ", ".join(f"{s.name.lower()} {scale.full(s.hours)}" for s in drawn if s.quarter == quarter)
        for quarter in quarters
    ]
    return f"Stages of a change of {looked.name}, the middle of each. {'; '.join(said)}"
