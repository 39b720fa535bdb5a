"""Data quality: what is joined, what is withheld for want of it, and what each check found, with the rows."""

import polars as pl
import streamlit as st

from dashboard import address, check_results, components, layout, snapshot, snapshot_checks, words
from dashboard.check_results import Checked
from dashboard.components import Column, section, show
from dashboard.markup import text
from dashboard.snapshot import Snapshot


def page(shown: Snapshot) -> None:
    """Draw the page for the organisation or one team."""
    labels = {"organisation": "Whole organisation"}
    labels |= {f"team:{key}": name for key, name in layout.team_labels(shown.path).items()}
    left, right = layout.head()
    with right:
        one, two = st.columns([0.58, 0.42], gap="small")
        with one:
            scope = address.choice("Scope", labels, "of")
        with two:
            quarter = layout.quarter_choice(shown)
    with st.skeleton(height=600):
        found = check_results.load(shown.path, quarter)
        withheld = snapshot_checks.withheld(shown.path, quarter)
    shown_scopes = labels if scope == "organisation" else {scope: labels[scope]}
    own = [one for one in found if one.scope == scope]
    missing = withheld.filter(pl.col("scope").is_in(list(shown_scopes)))["metric"].n_unique()
    with left:
        layout.opening("Data quality", check_results.lede(own, missing, quarter))
    floor = f"{snapshot_checks.coverage_floor(shown.path) * 100:g} %"
    layout.meta(shown, [f"<b>{text(labels[scope])}</b>", f"numbers are withheld below <b>{floor}</b> linked"])
    section(
        "What is joined",
        f"Share of each that is linked. The line: {floor}, below which numbers are withheld.",
    )
    show(check_results.joins(found, shown_scopes, snapshot_checks.coverage_floor(shown.path)))
    section(
        "Withheld", "Numbers of this quarter that do not stand, as too little of what they count is linked."
    )
    _withheld(shown, shown_scopes, quarter)
    section("Checks", "As things stand now, or in this quarter. A note tells and asks for nothing.")
    show(check_results.table(found, scope, shown_scopes))
    _rows(shown, own, scope, quarter)
    layout.sources(shown)


def _withheld(shown: Snapshot, scopes: dict[str, str], quarter: str) -> None:
    rows = snapshot_checks.withheld(shown.path, quarter)
    known = snapshot.definitions(shown.path)
    lines = [
        [
            components.page_link("metrics", known[metric].title, {"metric": known[metric].title}),
            text(scopes[scope]),
            f"{linked:,} of {eligible:,} {text(words.things(known[metric], eligible))}",
            text(check_results.why_withheld(shown.path, metric, scope, quarter)),
        ]
        for scope, metric, linked, eligible in rows.iter_rows()
        if scope in scopes and metric in known
    ]
    if not lines:
        show(components.state("", "tick", "Nothing is withheld", "Enough is linked for every number."))
        return
    columns = [Column("Metric"), Column("Of"), Column("Linked"), Column("Not linked")]
    show(components.table(f"Withheld, {words.period(quarter)}", columns, lines))


def _rows(shown: Snapshot, own: list[Checked], scope: str, quarter: str) -> None:
    """What each check found, folded, with links to the source."""
    found = [one for one in own if one.found]
    section("What was found", "Without titles. The linked tool shows what it is about." if found else "")
    if not found:
        show(components.state("", "tick", "Nothing found", "No check found anything."))
    for one in found:
        with st.expander(f"{one.title}: {one.found:,}"):
            rows = snapshot_checks.data_check_items(shown.path, one.check, quarter)
            show(check_results.rows(snapshot.run(shown.path), one, scope, rows))
