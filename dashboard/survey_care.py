"""What a survey is for and not for, whose words were asked, and what is known of them."""

from collections.abc import Sequence

from dashboard import components, snapshot_survey, survey_words
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
    attributions: list[str] = []
    for wave in waves:
        attributions += snapshot_survey.items(shown.path, wave.id)["attribution"].drop_nulls().to_list()
    lines = dict.fromkeys([survey_words.NOT_VALIDATED, *attributions, survey_words.NO_REASONS])
    show(f'<ul class="eo-list">{"".join(f"<li>{text(line)}</li>" for line in lines if line)}</ul>')
