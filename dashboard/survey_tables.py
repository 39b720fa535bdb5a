"""The tables of surveys: one scope's topics, everything below a group, and the statements behind."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from dashboard import components, snapshot_survey, survey_bar, survey_words
from dashboard.components import Column, chip, shape
from dashboard.markup import text
from dashboard.survey_results import Said, Score

_AXIS = '<span class="eo-axis" aria-hidden="true"><i>0</i><i>50</i><i>100</i></span>'


def topics(caption: str, said: Sequence[Said], surveys: Sequence[str]) -> str:
    """One row per dimension: its bar, its score, last time, and how many it rests on."""
    is_exact = any(one.now and one.now.value is not None and one.now.label is None for one in said)
    several = len(surveys) > 1
    heads = ["Topic", _AXIS, "Score", "Against last time", *(["Survey by survey"] if several else [])]
    rows = "".join(_topic(one, surveys if several else (), is_exact=is_exact) for one in said)
    head = "".join(f'<th scope="col">{name}</th>' for name in [*heads, "Answered"])
    return (
        f'<table class="eo-table eo-said"><caption>{text(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _topic(said: Said, surveys: Sequence[str], *, is_exact: bool) -> str:
    head = f'<th scope="row">{text(said.name)}</th>'
    now = said.now
    series = (survey_bar.line if is_exact else survey_bar.blocks)(said, surveys) if surveys else ""
    if now is None or now.value is None:
        why = text(survey_words.withheld(now.reason if now else None)[1])
        rest = f'<td class="eo-series">{series}</td><td></td>' if surveys else "<td></td>"
        return (
            f'<tr>{head}<td class="eo-wide" colspan="3">{chip("hatch", "Withheld")}'
            f'<span class="eo-why">{why}</span></td>{rest}</tr>'
        )
    few = '<span class="eo-under">fewer than 60 of 100: read with care</span>' if now.is_of_few else ""
    css = ' class="eo-pale"' if now.is_of_few else ""
    cells = [
        f'<td class="eo-wide">{survey_bar.track(said)}</td>',
        f'<td class="eo-score"><b{css}>{text(survey_words.value(now))}</b></td>',
        f'<td class="eo-last">{_last(said)}</td>',
        f'<td class="eo-series">{series}</td>' if surveys else "",
        f'<td class="eo-of"><span class="eo-phone">answered </span>{survey_words.answered(now)}{few}</td>',
    ]
    return f"<tr>{head}{''.join(cells)}</tr>"


def _last(said: Said) -> str:
    """How a score stands to last time: a chip without colour for bands, the difference for exact ones."""
    if said.before is None:
        is_new_start = said.gap in {"broken", "changed", "elsewhere"}
        why = survey_words.gap(said.gap or "first")[is_new_start]
        return f'<span class="eo-note">{text(why)}</span>'
    last = text(f"last time {survey_words.value(said.before)}")
    change = survey_words.difference(said)
    if change is None:
        found = survey_words.chip(said)
        told = chip(*found, "line") if found else ""
        return told if said.direction == "same" else f'{told} <span class="eo-note">{last}</span>'
    bounds = survey_words.bounds(said)
    under = f'<span class="eo-under">{text(bounds)}</span>' if bounds else ""
    return f"{text(survey_words.points(change))}, {last}{under}"


def below(caption: str, names: Sequence[str], rows: Sequence[tuple[str, str, Sequence[Said]]]) -> str:
    """One row per unit or department, in the given order: name (markup), what to know of it, its topics."""
    columns = [Column(caption.partition(",")[0].removesuffix("s")), *map(Column, names)]
    lines = [
        [name + (f'<span class="eo-under">{text(note)}</span>' if note else ""), *map(_small, said)]
        for name, note, said in rows
    ]
    return components.table(caption, columns, lines).replace("eo-table ", "eo-table eo-below ", 1)


def _small(said: Said) -> str:
    """A score inside the table of many."""
    now = said.now
    if now is None or now.value is None:
        short = survey_words.withheld(now.reason if now else None)[0]
        return (
            f'<span class="eo-cell"><i>{shape("hatch")} withheld</i>'
            f'<span class="eo-under">{text(short)}</span></span>'
        )
    css = ' class="eo-pale"' if now.is_of_few else ""
    few = ", few" if now.is_of_few else ""
    return (
        f'{survey_bar.track(said)}<span class="eo-cell"><b{css}>{_small_value(now)}</b>'
        f'<span class="eo-under">{_small_last(said)}</span>'
        f'<span class="eo-under">{survey_words.answered(now)}{few}</span></span>'
    )


def _small_value(score: Score) -> str:
    """A score whose range goes to the next line as a whole, if at all."""
    value, bracket, span = survey_words.value(score).partition(" (")
    return text(value) + (f' <span class="eo-whole">({text(span)}</span>' if bracket else "")


def _small_last(said: Said) -> str:
    if said.before is None:
        return text(survey_words.gap(said.gap or "first")[0])
    change = survey_words.difference(said)
    if change is not None:
        return text(survey_words.points(change))
    found = survey_words.chip(said)
    return f"{shape(found[0])} {text(said.direction or '')}" if found else ""


def statements(caption: str, path: str, wave: str, scope: str, told: Mapping[str, Mapping[str, Any]]) -> str:
    """Statement by statement what a group answered; `told`: what is stated of dimensions' reliability."""
    cells = snapshot_survey.details(path, wave, scope)
    columns = [Column("Statement"), Column("Of 100 answers"), Column("Favourable"), Column("Mean, 1 to 5")]
    columns += [Column("With the others"), Column("Answered")] if told else [Column("Answered")]
    lines: list[list[str]] = []
    for (_, name), asked in snapshot_survey.items(path, wave).group_by(
        ["dimension", "dimension_name"], maintain_order=True
    ):
        dimension = asked["dimension"][0]
        stated = told.get(dimension, {})
        lines.append([text(f"{name}{_alike(stated)}")])
        for item in asked.iter_rows(named=True):
            rest = stated.get("item_rest", {}).get(item["item"])
            lines.append(_statement(item, cells, rest, is_stated=bool(told)))
    return components.table(caption, columns, lines)


def _alike(stated: Mapping[str, Any]) -> str:
    """Cronbach's alpha of a dimension, where it is stated."""
    alpha, n = stated.get("alpha"), stated.get("n")
    return "" if alpha is None else f": answered alike, alpha {alpha:.2f} of {n:,} people"


def _statement(
    item: Mapping[str, Any], cells: pl.DataFrame, rest: float | None, *, is_stated: bool
) -> list[str]:
    found = cells.filter(pl.col("item") == item["item"])
    name = text(item["text"]) + (
        '<span class="eo-under">reversed: agreement is bad</span>' if item["is_reversed"] else ""
    )
    known = {row["statistic"]: row for row in found.iter_rows(named=True)}
    main = known.get("favourable")
    if main is None or main["value"] is None:
        why = text(survey_words.withheld(main["withheld_reason"] if main else None)[1])
        gone = (
            f'<span class="eo-cell"><i>{shape("hatch")} withheld</i><span class="eo-why">{why}</span></span>'
        )
        return [name, gone, *[""] * (4 if is_stated else 3)]
    shares = found.filter(pl.col("statistic") == "histogram").sort("position")["value"].to_list()
    mean, spread = (known.get(statistic) for statistic in ("mean", "spread"))
    middle = f"{mean['value']:.1f}" if mean and mean["value"] is not None else ""
    if middle and spread and spread["value"] is not None:
        middle += f'<span class="eo-under">spread {spread["value"]:.1f}</span>'
    alike = [f"{rest:.2f}" if rest is not None else ""] if is_stated else []
    picture = survey_bar.histogram(shares, item["scale"])
    return [name, picture, f"{100 * main['value']:.0f} %", middle, *alike, f"{main['n']:,} of {main['of']:,}"]
