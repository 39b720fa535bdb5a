"""Folders with a planned year and an open wave, made once and copied for each test."""

import shutil

import pytest
from asked_waves import opened, place_in


@pytest.fixture(scope="session")
def planned_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planned")
    place_in(folder)
    return folder


@pytest.fixture(scope="session")
def opened_once(planned_once, tmp_path_factory):
    folder = shutil.copytree(planned_once, tmp_path_factory.mktemp("opened"), dirs_exist_ok=True)
    opened(place_in(folder))
    return folder


@pytest.fixture
def planned(planned_once, tmp_path):
    """Before its first wave."""
    return place_in(shutil.copytree(planned_once, tmp_path, dirs_exist_ok=True))


@pytest.fixture
def place(opened_once, tmp_path):
    """With an open wave, whose codes are printed."""
    return place_in(shutil.copytree(opened_once, tmp_path, dirs_exist_ok=True))
