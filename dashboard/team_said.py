"""What a team said in the quarter's survey: the bands of its reporting unit, beside its numbers."""

from collections.abc import Sequence

from dashboard import (
    components,
    looks,
    snapshot_survey,
    survey_below,
    survey_results,
    survey_tables,
    survey_words,
    words,
)
from dashboard.components import section, show
from dashboard.figures import Figure
from dashboard.health import first_look
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.survey_results import Said, Wave

HEADING = "What the team said"


def draw(shown: Snapshot, team: str, name: str, quarter: str, headline: Sequence[Figure]) -> None:
    """The section of the team's page; nothing where no survey has ever been published."""
    waves = survey_results.waves(shown.path, "quarterly")
    upto = looks.seen(shown.path, [wave for wave in waves if wave.id <= quarter], f"team:{team}")
    if not waves:
        return
    if not upto or upto[-1].id != quarter:
        section(HEADING)
        told = f"No survey of {words.period(quarter)} has been published."
        if quarter in {wave.id for wave in waves}:
            told = first_look.until(shown.path, quarter)
        show(components.state("", "none", "No survey", text(told)))
        return
    rows = snapshot_survey.units(shown.path, quarter).select("unit_id", "parts").iter_rows()
    unit = next((unit for unit, parts in rows if f"team:{team}" in parts), None)
    if unit is None:
        section(HEADING)
        told = "No reporting unit of this survey has the team's name. Its people answered in another."
        show(components.state("", "hatch", "Withheld", text(told)))
        return
    _unit(shown, upto, unit, team, name, headline)


def _unit(
    shown: Snapshot, waves: Sequence[Wave], unit: str, team: str, name: str, headline: Sequence[Figure]
) -> None:
    parts = survey_below.parts_of(shown.path, waves[-1].id, unit)
    others = [survey_below.part_name(shown.path, part) for part in parts if part != f"team:{team}"]
    said = survey_results.load(shown.path, waves, unit)
    closed = words.day(waves[-1].closes_on)
    sub = [f"Survey closed on {closed}. Outline: last time. One person moves a score by several points."]
    if waves[-1].origin == "elsewhere":
        sub.append(f"{survey_words.ELSEWHERE}.")
    section(HEADING, " ".join([*sub, survey_words.together(name, others)]).strip())
    names = [survey_words.wave(wave) for wave in waves[-survey_results.SHOWN_AT_ONCE :]]
    show(survey_tables.topics(f"{HEADING}, {names[-1]}", said, names))
    asks = f"<b>{survey_words.ASK_THE_TEAM}</b> " if _both_moved(headline, said) else ""
    more = components.page_link("survey", "The survey", {"survey": names[-1]})
    show(f'<p class="eo-note">{asks}{text(survey_words.PURPOSE)} {more}</p>')


def _both_moved(headline: Sequence[Figure], said: Sequence[Said]) -> bool:
    """Whether a number changed clearly and a score went up or down."""
    moved = any(one.direction in {"higher", "lower"} for one in said)
    return moved and any(figure.state.startswith("signal_") for figure in headline)
