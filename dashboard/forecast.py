"""How many items will be finished, and when, if the weeks to come are like those of the history."""

import altair as alt
import polars as pl

from dashboard import components, layout, sheet, snapshot_beside, words
from dashboard.chart_theme import Row, chart_of
from dashboard.colours import colour
from dashboard.components import Column, chip, section, show
from dashboard.markup import text
from dashboard.sheet import Sheet
from dashboard.snapshot import Snapshot

METRIC = "throughput"
"""The metric whose weeks the forecasts rest on."""
CHANCES = {"p50": "50 of 100", "p85": "85 of 100", "p95": "95 of 100"}
WEEKS_SHOWN = (1, 2, 4, 8, 13)


def draw(shown: Snapshot, scope: str, name: str) -> None:
    """The forecasts of a scope, with what to be careful about; nothing where no throughput is known."""
    found = snapshot_beside.forecasts(shown.path, scope)
    if found.is_empty():
        return
    history = found.row(0, named=True)
    weeks = history["weeks_of_history"]
    section(
        "Forecast",
        f"Items finished, if the weeks to come are like the last {words.plural(weeks, 'week')}, "
        "each as likely as any other. "
        "Line: reached in 50 of 100 cases; dashed: 85; dotted: 95.",
    )
    if found["p50"].is_null().all():
        why = f"{words.plural(weeks, 'week')} of throughput; a forecast needs more of them."
        show(components.state("", "few", "Too little data", text(why), height=120))
        return
    show(_care(history["is_short"], history["is_unstable"], weeks))
    many = found.filter(question="how_many").sort("amount")
    last = many.row(-1, named=True)
    finding = f"in {last['amount']} weeks at least {last['p50']:,} with a probability of 50 of 100"
    finding += f", at least {last['p95']:,} with 95 of 100"
    layout.chart(_fan(many), f"Items {name} will finish, by week: {finding}")
    show(_table(found))
    _every_week(many, name)
    if history["backtest_trials"]:
        kept = f"{history['backtest_kept']} of {history['backtest_trials']}"
        told = f"Earlier forecasts with 85 of 100, compared with what came: {kept} kept."
        show(f'<p class="eo-note">{text(told)}</p>')


def _care(is_short: bool, is_unstable: bool, weeks: int) -> str:
    chips = [chip("few", f"Short history: {words.plural(weeks, 'week')}", "line")] if is_short else []
    if is_unstable:
        chips.append(chip("up", "May mislead", "line"))
        told = "A week among them lies outside what was expected of throughput, or eight lie on one side."
        chips.append(f'<span class="eo-note">{told}</span>')
    return f'<div class="eo-chips">{"".join(chips)}</div>' if chips else ""


def _table(found: pl.DataFrame) -> str:
    columns = [Column("With a probability of")]
    columns += [Column(chance, is_number=True) for chance in CHANCES.values()]
    lines: list[list[str]] = [["How many by then, at least"]]
    for amount, *reached in found.filter(question="how_many").select("amount", *CHANCES).iter_rows():
        if amount in WEEKS_SHOWN:
            lines.append([_weeks(amount), *(f"{items:,}" for items in reached)])
    lines.append(["When so many are finished, at the latest"])
    for amount, *reached in found.filter(question="when").select("amount", *CHANCES).iter_rows():
        lines.append([words.plural(amount, "item"), *map(_weeks, reached)])
    return components.table("Forecast", columns, lines)


def _every_week(many: pl.DataFrame, name: str) -> None:
    """What the chart shows, week by week, folded and as a file."""
    rows = many.select("amount", *CHANCES).rows()
    columns = [Column("Weeks from now"), *(Column(chance, is_number=True) for chance in CHANCES.values())]
    heads = ("weeks from now", *(f"items at least, {chance}" for chance in CHANCES.values()))
    cells = [[str(weeks), *(f"{items:,}" for items in items_by_then)] for weeks, *items_by_then in rows]
    sheet.below(Sheet(f"Forecast of {name}, week by week", heads, tuple(rows)), columns, cells)


def _weeks(count: int | None) -> str:
    return "beyond two years" if count is None else f"in {words.plural(count, 'week')}"


def _fan(many: pl.DataFrame) -> alt.LayerChart:
    """Items by week: the more certain, the fewer. The line is what is reached in half of the cases."""
    rows: list[Row] = many.select("amount", *CHANCES).to_dicts()
    base = chart_of(rows)
    top = max(row["p50"] for row in rows)
    weeks = alt.Axis(title="weeks from now", values=[1, 4, 7, 10, 13], format="d")
    x = alt.X("amount:Q", scale=alt.Scale(domain=[1, len(rows)], nice=False), axis=weeks)
    scale = alt.Scale(domain=[0, max(top, 1) * 1.08], nice=False)
    y = alt.Y("p50:Q", scale=scale, axis=alt.Axis(tickCount=4, format="d"))
    ends = [
        {"amount": len(rows), "items": rows[-1][name], "said": f"{rows[-1][name]:,}"}
        for name in ("p50", "p95")
    ]
    # Beside the lines' ends, where they cross nothing on a phone; apart where the two are close.
    above, below = (
        chart_of([end])
        .mark_text(align="left", dx=6, dy=dy, color=colour("ink"))
        .encode(x, alt.Y("items:Q", scale=scale), text="said:N")
        for end, dy in zip(ends, (-5, 5), strict=True)
    )
    layers = [
        base.mark_area(color=colour("sys-band")).encode(x, y, alt.Y2("p95:Q")),
        base.mark_line().encode(x, y),
        base.mark_line(strokeDash=[4, 3]).encode(x, alt.Y("p85:Q", scale=scale)),
        base.mark_line(strokeDash=[1, 3]).encode(x, alt.Y("p95:Q", scale=scale)),
        above,
        below,
    ]
    return alt.LayerChart(layer=layers).properties(
        height=220, padding={"left": 0, "top": 12, "right": 40, "bottom": 6}
    )
