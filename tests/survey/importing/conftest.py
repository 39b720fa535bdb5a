"""Reads files of answers by a mapping that can be changed, or tells why they are refused."""

from types import SimpleNamespace

import pytest
from answer_sheets import BANK, MAPPING, ORGANISATION

from pipelines.config import load
from pipelines.survey.bank import BankError
from pipelines.survey.importing.faults import SurveyImportError
from pipelines.survey.importing.reading import read_survey


@pytest.fixture
def survey(tmp_path):
    """Write a file and a mapping, and read them."""
    (tmp_path / "small.toml").write_text(BANK, encoding="utf-8")
    config = tmp_path / "outcomes.toml"
    config.write_text(ORGANISATION, encoding="utf-8")
    mapping = tmp_path / "mapping.toml"

    def mapped(top="", columns="", end="", old="", new=""):
        text = MAPPING.replace("#TOP", top).replace("#COLUMNS", columns).replace("#END", end)
        assert old in text
        mapping.write_text(text.replace(old, new) if old else text, encoding="utf-8")

    def read(content, name="answers.csv", **changes):
        mapped(**changes)
        file = tmp_path / name
        if isinstance(content, str):
            file.write_bytes(content.encode())
        elif isinstance(content, bytes):
            file.write_bytes(content)
        else:
            content.save(file)
        return read_survey(file, mapping, load(config))

    return SimpleNamespace(read=read, config=config, mapping=mapping, mapped=mapped, folder=tmp_path)


@pytest.fixture
def refused(survey):
    """Read what must be refused; gives the lines without the file's folder."""

    def read(content, name="answers.csv", **changes):
        with pytest.raises((SurveyImportError, BankError)) as error:
            survey.read(content, name, **changes)
        return [line.replace(f"{survey.folder}/", "") for line in error.value.lines]

    return read
