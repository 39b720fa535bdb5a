"""A night while a survey is open: the run publishes nothing of it, and leaves box and key as they are."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import duckdb
import pytest
import time_machine

from connectors.ballots.box import Box, BoxError
from pipelines.config import load
from pipelines.survey.asking import open_wave
from pipelines.survey.bank import shipped
from pipelines.survey.wave_codes import codes_in_memory
from pipelines.survey.year import Wish, plan_year

NIGHT = datetime(2026, 11, 2, 3, 10, tzinfo=UTC)
"""The last moment of the sandbox organisation: within the days of the survey."""
OPENS = NIGHT - timedelta(days=4)
PEOPLE = [f"person-{number:02}" for number in range(20)]
ANSWERED = 14
COMMENT = "Canary: fewer meetings"


def rows(place, sql):
    with duckdb.connect(str(place.home.warehouse), read_only=True) as con:
        return con.sql(sql).fetchall()


def asked(place):
    """What the warehouse holds of the survey."""
    tables = ("plan", "plan_unit", "plan_member", "wave", "wave_unit", "wave_item", "wave_member", "asked")
    return {name: rows(place, f"SELECT * FROM survey.{name} ORDER BY ALL") for name in tables}


@pytest.fixture(scope="module")
def night(built, tmp_path_factory):
    """A home whose open survey fourteen of twenty have answered, and what a nightly run changed of it."""
    place = built.copy_to(tmp_path_factory.mktemp("night"))
    text = place.config.read_text(encoding="utf-8")
    place.config.write_text(f'{text}[survey]\nroster = "people.csv"\n', encoding="utf-8")
    people = "\n".join(["account,unit", *(f"{one},basket" for one in PEOPLE)])
    (place.home.path / "people.csv").write_text(people, encoding="utf-8")
    key, configuration = place.folder / "wave.key", load(place.config)
    plan_year(configuration, place.home, Wish(is_frozen=True), OPENS)
    open_wave(configuration, place.home, key, OPENS)
    codes = sorted(codes_in_memory(place.home).values())
    box, answers = Box(place.home.path / "ballots.sqlite"), {one.id: 5 for one in shipped("quarterly").items}
    for code in codes[:ANSWERED]:
        box.cast("2026-Q4", code, answers, COMMENT, NIGHT - timedelta(days=1))
    files = (place.home.path / "ballots.sqlite", key)
    before = [file.read_bytes() for file in files], asked(place)
    snapshot = place.current
    done = place.outcomes("run", "--as-of", NIGHT.isoformat())
    after = [file.read_bytes() for file in files], asked(place)
    return SimpleNamespace(
        place=place, box=box, key=key, codes=codes, done=done, before=before, after=after, snapshot=snapshot
    )


def test_the_run_is_as_any_other(night):
    assert (night.done.code, night.done.errors) == (0, [])
    assert night.place.current != night.snapshot


def test_ballots_key_and_rosters_are_as_they_were(night):
    assert night.after == night.before
    assert night.key.stat().st_mode & 0o777 == 0o600
    assert not (night.place.home.path / "comments.sqlite").exists()


def test_nothing_of_the_survey_is_published(night):
    for table in ("survey_wave", "survey_unit", "survey_item", "survey_cell"):
        assert night.place.query(f"SELECT count(*) FROM {table}") == [(0,)], table
    for table in ("published_cell", "published_unit", "unit_sum"):
        assert rows(night.place, f"SELECT count(*) FROM survey.{table}") == [(0,)], table


def test_answers_stay_sealed(night):
    """No file of the home folder holds a code, the key or a comment, and the box gives nothing out."""
    key = night.key.read_text(encoding="ascii").strip()
    secrets = [one.encode() for one in (*night.codes, key, COMMENT)] + [bytes.fromhex(key)]
    files = [file for file in night.place.home.path.rglob("*") if file.is_file()]
    assert any(file.suffix == ".duckdb" for file in files)
    for file in files:
        content = file.read_bytes()
        assert not any(secret in content for secret in secrets), file
    assert not any(one in night.done.out + night.done.err for one in (*night.codes, key, COMMENT, *PEOPLE))
    with pytest.raises(BoxError, match="is open"):
        night.box.sealed("2026-Q4")


def test_the_turnout_is_told_by_status_alone_and_in_tens(night):
    """Fourteen of twenty; it is open for ten days after 29 October, until midnight in Berlin."""
    with time_machine.travel(NIGHT, tick=False):
        told = night.place.outcomes("survey", "status")
    assert (told.code, told.out) == (
        0,
        "2026-Q4: open until 2026-11-08 23:00 UTC. Answers: about 10 of 20, in the whole organisation.\n",
    )
    assert "2026-Q4" not in night.done.out + night.done.err
