"""What a survey is for and not for, whose words were asked, and what is known of them."""

from collections.abc import Sequence

from dashboard import components, snapshot_survey, survey_words, words
from dashboard.components import section, show
from dashboard.markup import text
from dashboard.snapshot import Snapshot
from dashboard.survey_results import Wave


def purpose() -> None:
    """What it is for and not for, and where to read how answers are protected."""
    link = components.page_link("protection", "How we protect your answers", {})
    show(f'<p class="eo-note">{text(survey_words.PURPOSE)} {link}</p>')


def draw(shown: Snapshot, waves: Sequence[Wave]) -> None:
    """Whose words were asked, and what is known of them."""
    section("Read it with care")
    said = [line for wave in waves for line in of_words(shown.path, wave)]
    lines = dict.fromkeys([*said, survey_words.NO_REASONS])
    show(f'<ul class="eo-list">{"".join(f"<li>{text(line)}</li>" for line in lines)}</ul>')


def of_words(path: str, wave: Wave) -> list[str]:
    """What each bank and module of a survey says of its own words, and whom it has to name.

    The first is the survey's own, under its title; a module beside it goes by its topics.
    """
    banks = snapshot_survey.items(path, wave.id).group_by(["wording", "attribution"], maintain_order=True)
    found: list[str] = []
    for wording, attribution, topics in banks.agg("dimension_name").rows():
        whose = words.listed(dict.fromkeys(topics)) if found else wave.title.removesuffix(f", {wave.id}")
        found.append(
            f"{whose}: {' '.join([wording or survey_words.NOTHING_SAID, attribution or '']).strip()}"
        )
    return found


def attributions(path: str, wave: str) -> None:
    """Below statements: the source of those that are somebody else's."""
    of_others = snapshot_survey.items(path, wave).drop_nulls("attribution")
    for attribution, ids in (
        of_others.group_by("attribution", maintain_order=True).agg("dimension_name").rows()
    ):
        topics = words.listed(dict.fromkeys(ids))
        show(f'<p class="eo-note">{text(f"{topics}: {attribution}")}</p>')
