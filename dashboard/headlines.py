"""What changed this quarter: at most three numbers of a page that stay when all of it is considered."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dashboard import components, figure_words, figures, judged, layout, snapshot, snapshot_beside, words
from dashboard.components import section, show
from dashboard.figures import Figure
from dashboard.markup import text
from dashboard.snapshot import Snapshot

LINKS_AT_MOST = 12
"""Of a larger organisation the others are counted."""


def draw(shown: Snapshot, scope: str, name: str, quarter: str, pages: str = "") -> None:
    """The headlines of a scope and quarter, and how many signals chance alone would make.

    `pages` is markup for the line below: where else something changed. Nothing is drawn for an open quarter.
    """
    span = figures.quarters(shown.path).filter(period=quarter, is_complete=True)
    if span.is_empty():
        return
    looked = snapshot_beside.page_tests(shown.path, scope, quarter)
    found = snapshot_beside.headlines(shown.path, scope, quarter)
    section(
        f"What changed in {words.period(quarter)}",
        "At most three: clear by themselves, large enough to talk about, and still standing when all numbers "
        "that were tested are considered.",
    )
    if found.is_empty():
        show(f"<p>{text(_nothing(name, looked))}</p>")
    else:
        known = snapshot.definitions(shown.path)
        items = "".join(
            _headline(shown, scope, quarter, row)
            for row in found.iter_rows(named=True)
            if row["metric"] in known
        )
        show(f'<ol class="eo-headlines">{items}</ol>')
        show(f'<p class="eo-note">{text(rule(int(looked["tests"])))}</p>')
    show(f'<p class="eo-note">{text(by_chance(name, looked))}{pages}</p>')


def elsewhere(shown: Snapshot, scopes: Iterable[str], quarter: str, link: Callable[[str], str]) -> str:
    """Which of these scopes have headlines of their own: markup. `link` makes a scope's."""
    changed = snapshot_beside.with_headlines(shown.path, quarter)
    found = [scope for scope in scopes if scope in changed]
    links = [link(scope) for scope in found[:LINKS_AT_MOST]]
    if len(found) > LINKS_AT_MOST:
        links.append(f"{len(found) - LINKS_AT_MOST:,} more")
    return f" On pages of their own something changed: {words.listed(links)}." if links else ""


def _nothing(name: str, looked: Mapping[str, float]) -> str:
    tests = int(looked["tests"])
    if not tests:
        return f"Nothing of {name} could be compared with the quarter before."
    numbers = words.plural(tests, "number")
    return f"Nothing stands out: of {numbers} compared with the quarter before, none changed clearly enough."


def _headline(shown: Snapshot, scope: str, quarter: str, row: Mapping[str, Any]) -> str:
    figure = figures.load(
        shown.path, row["metric"], [scope], quarter, row["statistic"], among=(row["metric"],)
    )[scope]
    now, definition = figure.now, figure.definition
    if now is None or now.value is None or now.difference is None:
        return ""
    query = {
        "metric": definition.title,
        "scope": layout.scope_labels(shown.path)[scope],
        "quarter": words.period(quarter),
    }
    title = components.page_link("metrics", definition.title, query)
    before = figure.scale.full(now.value - now.difference)
    change = f"{figure.scale.full(now.value)}, before {before}"
    evidence = [
        text(figure_words.counted(figure)),
        text(figure_words.interval(figure)),
        text(_before(figure)),
    ]
    if now.difference_low is not None and now.difference_high is not None:
        span = judged.span(figure.scale, now.difference_low, now.difference_high)
        evidence.append(text(f"difference {span}"))
    chances = [judged.chance(p) for p in (now.p_value or 0.0, row["adjusted_p_value"])]
    evidence.append(text(f"by chance in {chances[0]}, with all numbers considered in {chances[1]}"))
    told = "; ".join(filter(None, evidence))
    return (
        f'<li><div class="eo-row"><span><b>{title}</b> {text(_which(figure))}{text(change)}</span>'
        f'{components.verdict(figure)}</div><div class="eo-note">{told}</div></li>'
    )


def rule(tests: int) -> str:
    """What the chances beside a headline are, and how small they must be."""
    return (
        "By chance: how often the difference would be as large with nothing changed. A clear change needs "
        "1 in 100 or less by itself, and a headline 5 in 100 with all "
        f"{words.plural(tests, 'tested number')} considered."
    )


def _before(figure: Figure) -> str:
    """The range of the quarter before."""
    before = figure.before
    if before is None or before.low is None or before.high is None:
        return ""
    return f"before {figure.scale.span(before.low, before.high)}"


def _which(figure: Figure) -> str:
    """The statistic where it is not the one on cards."""
    if figure.statistic == figure.definition.headline:
        return ""
    return f"({words.statistic(figure.definition, figure.statistic)}) "


def by_chance(name: str, looked: Mapping[str, float]) -> str:
    """How many weekly series would stand out if nothing had changed, and how many do."""
    charts = int(looked["charts"])
    if not charts:
        return f"No weekly series of {name} has an expected range yet."
    expected = words.figure(round(looked["expected"], 1))
    signals = int(looked["signals"])
    return (
        f"Of {words.plural(charts, 'weekly series', 'weekly series')} of {name} about {expected} would leave "
        "their expected range, or stay on one side of its middle for eight weeks, by chance alone; "
        f"{words.amount(signals)} {'does' if signals == 1 else 'do'}."
    )
