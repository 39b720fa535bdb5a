"""A wave in a box, and the box behind its door."""

import pytest
from ballot_survey import Survey, served


@pytest.fixture
def survey(tmp_path):
    return Survey(tmp_path)


@pytest.fixture
def door(survey):
    with served(survey.box) as client:
        yield client
