"""What is published of the sandbox's surveys equals what was planted in its people.

They answered through the ballot box, with codes. The planted rows come from their answers themselves, with
plain arithmetic that shares nothing with the product.
"""

import math

import pytest

from connectors.sandbox.opinions import SURVEYS
from connectors.sandbox.organisation import found
from connectors.sandbox.planted_opinions import survey_rows
from pipelines.config import load
from pipelines.demo_surveys import hold_surveys
from pipelines.survey.asking import WaveError
from pipelines.survey.held import warehouse_of

KEY = ("wave_id", "scope", "dimension", "item", "statistic", "position")
VALUES = ("value", "low", "high", "label", "n", "of", "withheld_reason")


@pytest.fixture(scope="module")
def planted(published):
    world = found(published.world.seed)
    rows = [row for survey in SURVEYS for row in survey_rows(world, survey)]
    return {tuple(row[name] for name in KEY): row for row in rows}


@pytest.fixture(scope="module")
def shown(published):
    names = ", ".join(f'"{name}"' for name in KEY + VALUES)
    rows = published.query(f"SELECT {names} FROM survey_cell")
    return {row[: len(KEY)]: row[len(KEY) :] for row in rows}


def differences(shown, planted):
    return [
        (key, shown.get(key), row)
        for key, row in planted.items()
        if key not in shown
        or not all(alike(one, row[name]) for one, name in zip(shown[key], VALUES, strict=True))
    ]


def alike(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, abs_tol=1e-9)
    return one == other


def test_six_quarters_and_a_pulse_are_published(published):
    waves = published.query("SELECT wave_id, kind, opens_on, published_on FROM survey_wave ORDER BY opens_on")
    assert [(wave, kind) for wave, kind, _, _ in waves] == [(survey.id, survey.kind) for survey in SURVEYS]
    assert [opened for _, _, opened, _ in waves] == [survey.opens_on for survey in SURVEYS]
    assert all((published_on - opened).days == 11 for _, _, opened, published_on in waves)


def test_every_planted_number_is_published_so_and_no_other(shown, planted):
    assert differences(shown, planted) == []
    assert shown.keys() == planted.keys()


def test_there_is_something_of_each_kind(planted):
    rows = list(planted.values())
    assert len({row["scope"] for row in rows if row["scope"].startswith("team:")}) > 7
    assert any(row["label"] and row["label"].endswith("or above") for row in rows)
    assert sum(row["withheld_reason"] == "would_tell_a_team" for row in rows) > 20


@pytest.mark.parametrize("name", VALUES)
def test_a_wrong_number_would_be_noticed(shown, planted, name):
    key = next(key for key, row in planted.items() if row[name] is not None)
    place = VALUES.index(name)
    wrong = "other" if isinstance(shown[key][place], str) else shown[key][place] + 1
    changed = (*shown[key][:place], wrong, *shown[key][place + 1 :])
    assert [one[0] for one in differences({**shown, key: changed}, planted)] == [key]


def test_lines_break_where_one_left_and_where_the_year_was_planned_anew(published):
    rows = published.query("SELECT DISTINCT wave_id, scope FROM survey_cell WHERE is_series_broken")
    units = ["basket", "catalogue", "checkout", "harbour", "identity", "routing", "depot+team:tracking"]
    assert set(rows) == {("2025-Q4", "team:routing"), *(("2026-Q2", f"team:{unit}") for unit in units)}


def test_nobody_who_answered_is_in_the_snapshot(published):
    names = {account.encode() for account in published.world.accounts if "-" in account}
    with published.open() as con:
        tables = [name for (name,) in con.execute("SHOW TABLES").fetchall() if name.startswith("survey_")]
        told = "".join(str(con.execute(f"SELECT * FROM {name}").fetchall()) for name in tables).encode()
    assert len(tables) == 4
    assert [name for name in names if name in told] == []


def test_held_again_nothing_is_asked_twice(published):
    configuration = load(published.home.path.parent / "surveys.toml")
    with warehouse_of(published.home) as con:
        before = con.execute("SELECT * FROM survey.published_cell ORDER BY ALL").fetchall()
    hold_surveys(configuration, published.home, found(published.world.seed))
    with warehouse_of(published.home) as con:
        assert con.execute("SELECT * FROM survey.published_cell ORDER BY ALL").fetchall() == before
        assert con.execute("SELECT count(*) FROM survey.wave").fetchall() == [(len(SURVEYS),)]


def test_a_survey_that_was_interrupted_is_named(published):
    configuration = load(published.home.path.parent / "surveys.toml")
    last = SURVEYS[-1].id
    with warehouse_of(published.home) as con:
        con.execute("UPDATE survey.wave SET state = 'closed' WHERE wave_id = ?", [last])
        try:
            with pytest.raises(WaveError, match=rf"{last} was interrupted.*Remove this folder"):
                hold_surveys(configuration, published.home, found(published.world.seed))
        finally:
            con.execute("UPDATE survey.wave SET state = 'published' WHERE wave_id = ?", [last])
