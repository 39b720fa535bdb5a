"""The numbers of a scope that have no card: one line each."""

from collections.abc import Sequence

from dashboard import components, figure_words, words
from dashboard.components import Column, section, show
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.sparkline import sparkline


def draw(quarter: str, limit: int | None, found: Sequence[Figure]) -> None:
    """One line per number; `limit` is what the team set for its work in progress."""
    if not found:
        return
    section("Further numbers", f"{words.period(quarter)}, each with what it counts and what it rests on.")
    columns = [Column("Metric"), Column("This quarter"), Column("Quarter by quarter", short="Quarters")]
    columns += [Column("Against the quarter before", short="Verdict"), Column("Rests on")]
    rows = []
    for figure in found:
        cover = "".join(
            f'<span class="eo-under">{text(line)}</span>' for line in figure_words.coverage(figure)
        )
        name = components.page_link("metrics", figure.definition.title, {"metric": figure.definition.title})
        judged = components.verdict(figure) + components.age(figure) + _limit(figure, limit)
        rows.append([name, components.cell(figure, figure.scale), sparkline(figure), judged, cover])
    show(components.table(f"Further numbers, {words.period(quarter)}", columns, rows))


def _limit(figure: Figure, limit: int | None) -> str:
    """How the work in progress stands to the limit the team set."""
    if limit is None or figure.definition.metric != "work_in_progress":
        return ""
    if figure.statistic != "level" or figure.now is None or figure.now.value is None:
        return ""
    over = round(figure.now.value) - limit
    stands = f"{over} over" if over > 0 else "kept"
    return f'<span class="eo-under">limit the team set: {limit}, {stands}</span>'
