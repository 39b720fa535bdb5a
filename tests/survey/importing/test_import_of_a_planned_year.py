"""A survey that was held elsewhere in a quarter of the plan: its units are those of the plan."""

import pytest
from asked_waves import NOW

from pipelines.privacy.scores import Response
from pipelines.survey.bank import shipped
from pipelines.survey.held import WaveInputError
from pipelines.survey.importing.publishing import publish_imported
from pipelines.survey.importing.reading import Imported

QUARTERLY = shipped("quarterly")


def import_answers(place, unit, count, members=None):
    answers = tuple(Response(unit, {item.id: 3 for item in QUARTERLY.items}) for _ in range(count))
    return publish_imported(
        place.configuration, place.home, "2026-Q3", Imported(QUARTERLY, answers, members, (), 0), NOW
    )


def test_more_answers_than_the_plan_has_people(planned):
    """The plan has 12 people in Harbour. The mapping may say that there were 14."""
    with pytest.raises(WaveInputError) as error:
        import_answers(planned, "team:harbour", 13)
    assert str(error.value) == (
        "survey import: team:harbour has more answers than people by the plan 2026-Q3 to 2027-Q2. Write "
        "under [members] of the mapping how many people each unit had"
    )
    assert import_answers(planned, "team:harbour", 13, {"team:harbour": 14}).shown > 0


def test_a_unit_that_is_not_in_the_plan(planned):
    with pytest.raises(WaveInputError, match="direct:sea is in no unit of the plan 2026-Q3 to 2027-Q2"):
        import_answers(planned, "direct:sea", 8)
