"""A bank's file to spoil: the one of docs/survey.md."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs/survey.md").read_text(encoding="utf-8")
SHOWN = [text for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "[[item]]" in text]


@pytest.fixture
def files(tmp_path):
    """The documented bank and its translation, as files."""
    bank = tmp_path / "our-survey.toml"
    bank.write_text(SHOWN[0], encoding="utf-8")
    translation = tmp_path / "translations/our-survey.de.toml"
    translation.parent.mkdir()
    translation.write_text(SHOWN[1], encoding="utf-8")
    return bank, translation


@pytest.fixture
def spoilt(files):
    """Replace a text of the documented bank, or of its translation."""

    def spoil(old, new, which=0):
        text = files[which].read_text(encoding="utf-8")
        assert old in text
        files[which].write_text(text.replace(old, new), encoding="utf-8")
        return files[0]

    return spoil
