"""The box takes each code once, all or nothing, and gives its ballots to nobody but the private key."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from ballot_survey import ANSWERS, CLOSES, NOW, OPENS, SALT, Survey, form
from nacl.public import PrivateKey
from sqlite_pages import cells

from connectors.ballots import ballot_file, seal
from connectors.ballots.box import REFUSED, BadAnswer, Box, BoxError, Refused
from connectors.ballots.codes import hash_of, new_code
from connectors.ballots.seal import Ballot, SealError

ROOT = Path(__file__).parents[3]


def test_what_was_cast_comes_out_sorted_and_nothing_else(survey):
    survey.vote(survey.codes[1], comment=" Fewer meetings ")
    survey.vote(survey.codes[0].lower().replace("-", ""), answers={"E1": None, "E2": None, "P2R": 5})
    assert survey.box.turnout(survey.id) == (7, 2)
    assert survey.opened() == [
        Ballot("team:quay", ANSWERS, "Fewer meetings"),
        Ballot("team:harbour", {"E1": None, "E2": None, "P2R": 5}, None),
    ]


# ---- refused codes ---------------------------------------------------------------------------------


def refusals(survey):
    """Every kind of code that opens nothing now: (how it is called, code, when)."""
    used, fresh, *_ = survey.codes
    survey.vote(used)
    (survey.path.parent / "other").mkdir()
    foreign = Survey(survey.path.parent / "other").codes[0]
    return {
        "used": (used, NOW),
        "forged": (new_code(), NOW),
        "foreign": (foreign, NOW),
        "no code": ("hello", NOW),
        "too early": (fresh, OPENS - timedelta(seconds=1)),
        "too late": (fresh, CLOSES),
    }


def test_every_code_that_opens_nothing_is_refused_in_one_sentence(survey):
    kinds = refusals(survey)
    before = survey.path.read_bytes()
    for code, when in kinds.values():
        for attempt in (
            lambda code=code, when=when: survey.box.place_of(code, when),
            lambda code=code, when=when: survey.vote(code, now=when),
        ):
            with pytest.raises(Refused) as refused:
                attempt()
            assert str(refused.value) == REFUSED
    assert survey.path.read_bytes() == before


def test_finding_out_takes_the_same_steps_for_each(survey, monkeypatch):
    kinds = refusals(survey)
    connect, steps = sqlite3.connect, []

    def traced(*args, **more):
        con = connect(*args, **more)
        con.set_trace_callback(steps.append)
        return con

    monkeypatch.setattr(ballot_file.sqlite3, "connect", traced)
    seen = {}
    for kind, (code, when) in kinds.items():
        steps.clear()
        with pytest.raises(Refused):
            survey.box.place_of(code, when)
        seen[kind] = [re.sub(r"[xX]?'[^']*'", "?", one) for one in steps]
    assert len(seen["used"]) > 5
    assert all(one == seen["used"] for one in seen.values())


def test_a_closed_wave_takes_no_more(survey):
    survey.box.close(survey.id, NOW)
    survey.box.close(survey.id, NOW)
    with pytest.raises(Refused):
        survey.vote(survey.codes[0])
    assert survey.box.turnout(survey.id) == (7, 0)
    assert survey.opened() == []


def test_a_code_belongs_to_its_wave_alone(survey, tmp_path):
    other = Survey(tmp_path, wave="2026-Q4", box=survey.box)
    assert survey.box.place_of(other.codes[0], NOW).wave == "2026-Q4"
    assert survey.box.place_of(survey.codes[1], NOW).unit_name == "Quay"
    with pytest.raises(Refused):
        survey.vote(other.codes[0])
    with pytest.raises(Refused):
        survey.box.cast("no wave", survey.codes[0], ANSWERS, None, NOW)


# ---- answers ---------------------------------------------------------------------------------------

WRONG = {
    "partial": {"E1": 1, "E2": 2},
    "unknown": {**ANSWERS, "X9": 1},
    "zero": {**ANSWERS, "E1": 0},
    "six": {**ANSWERS, "E1": 6},
    "text": {**ANSWERS, "E1": "3"},
    "fraction": {**ANSWERS, "E1": 3.0},
    "truth": {**ANSWERS, "E1": True},
    "list": {**ANSWERS, "E1": [3]},
    "none": {},
}


@pytest.mark.parametrize("answers", WRONG.values(), ids=WRONG)
def test_an_answer_of_another_form_uses_nothing_up(survey, answers):
    with pytest.raises(BadAnswer):
        survey.vote(survey.codes[0], answers=answers)
    survey.vote(survey.codes[0])
    assert survey.box.turnout(survey.id) == (7, 1)


@pytest.mark.parametrize("comment", ["x" * 501, 7, ["x"], "a\0b", "\ud800", "\x1b[31m"])
def test_a_comment_of_another_form_uses_nothing_up(survey, comment):
    with pytest.raises(BadAnswer):
        survey.vote(survey.codes[0], comment=comment)
    assert survey.box.turnout(survey.id) == (7, 0)


@pytest.mark.parametrize("comment", ["😀" * 500, '"\\\n' * 166, "<script>alert(1)</script>", "=1+1", "  \n "])
def test_a_comment_of_five_hundred_characters_fits_and_comes_out_as_it_was(survey, comment):
    survey.vote(survey.codes[0], comment=comment)
    assert survey.opened()[0].comment == (comment.strip() or None)


def test_a_wave_without_a_question_for_comments_takes_none(tmp_path):
    survey = Survey(tmp_path, comment=None)
    with pytest.raises(BadAnswer, match="asks for no comment"):
        survey.vote(survey.codes[0], comment="Hello")
    survey.vote(survey.codes[0])


# ---- nothing lost, nothing doubled -----------------------------------------------------------------


def test_one_code_used_by_many_at_once_counts_once(survey):
    together = threading.Barrier(6)

    def attempt(_):
        together.wait()
        try:
            Box(survey.path).cast(survey.id, survey.codes[0], ANSWERS, None, NOW)
        except Refused:
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    assert len(survey.opened()) == 1


VOTER = """
import sys
from pathlib import Path
from ballot_survey import ANSWERS, NOW
from connectors.ballots.box import Box
box = Box(Path(sys.argv[1]))
for code in sys.argv[2:]:
    box.cast("2026-Q3", code, ANSWERS, code, NOW)
    print(code, flush=True)
"""


def voter(survey, codes):
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "helpers")])
    command = [sys.executable, "-c", VOTER, str(survey.path), *codes]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": paths})


@pytest.mark.parametrize("kills", [1, pytest.param(10, marks=pytest.mark.soak)])
def test_a_kill_loses_no_vote_that_was_taken_and_leaves_no_half_one(tmp_path, kills):
    for kill in range(kills):
        folder = tmp_path / str(kill)
        folder.mkdir()
        survey = Survey(folder, voters=60)
        process = voter(survey, survey.codes)
        taken = [process.stdout.readline().strip() for _ in range(3 + kill)]
        process.send_signal(signal.SIGKILL)
        taken += process.stdout.read().split()
        process.wait()
        process.stdout.close()
        _, cast = survey.box.turnout(survey.id)
        said = {one.comment for one in survey.opened()}
        assert len(said) == cast
        assert said >= set(taken)
        assert cast - len(taken) in {0, 1}


@pytest.mark.soak
def test_several_processes_fill_one_box(tmp_path):
    survey = Survey(tmp_path, voters=120)
    processes = [voter(survey, survey.codes[i::3]) for i in range(3)]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    assert sorted(one.comment for one in survey.opened()) == sorted(survey.codes)


# ---- what the box's files tell while the wave is open ----------------------------------------------


def test_the_files_hold_no_answer_and_nothing_that_opens_one(survey):
    survey.vote(survey.codes[0], comment="Canary Kestrel said so")
    survey.vote(survey.codes[1])
    (file,) = survey.path.parent.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    assert b"Kestrel" not in content
    assert survey.private not in content
    for code in survey.codes:
        assert code.encode() not in content
        assert code.replace("-", "").encode() not in content
    with closing(sqlite3.connect(file)) as con:
        sealed = [one for (one,) in con.execute("SELECT sealed FROM ballot")]
        everything = [
            cell if isinstance(cell, bytes) else str(cell).encode()
            for table in ("wave", "unit", "code")
            for row in con.execute(f"SELECT * FROM {table}")
            for cell in row
        ]
    assert {len(one) for one in sealed} == {seal.SEALED_BYTES}
    tried = {one[i : i + 32] for one in [*everything, *sealed[:1]] for i in range(0, len(one) - 31, 8)}
    assert survey.public in tried
    assert all(bytes(PrivateKey(one).public_key) != survey.public for one in tried)
    for key in list(tried)[:50]:
        with pytest.raises(SealError):
            seal.open_all(key, sealed)


def test_ballots_of_an_open_wave_are_not_handed_out(survey):
    with pytest.raises(BoxError, match=r"is open\. Close it first"):
        survey.box.sealed(survey.id)
    with pytest.raises(BoxError, match=r"is open\. Close it first"):
        survey.box.destroy(survey.id)


def test_what_is_destroyed_leaves_no_byte(survey):
    survey.vote(survey.codes[0])
    rows = cells(survey.path, "ballot")
    hashes = [hash_of(SALT, one) for one in survey.codes]
    survey.box.close(survey.id, NOW)
    survey.box.destroy(survey.id)
    survey.box.destroy(survey.id)
    content = survey.path.read_bytes()
    assert not any(one in content for one in hashes)
    for row in rows:
        sealed = row.values[3]
        assert not any(sealed[i : i + 16] in content for i in range(0, len(sealed) - 16, 64))
    assert b"Harbour" not in content
    assert survey.public not in content
    with pytest.raises(Refused):
        survey.box.place_of(survey.codes[1], NOW)


# ---- opening ---------------------------------------------------------------------------------------


def test_codes_are_made_once_and_for_units_of_the_form(survey, tmp_path):
    with pytest.raises(BoxError, match="has its codes already"):
        survey.box.add_codes(survey.id, [(bytes(32), "team:quay")])
    with pytest.raises(BoxError, match="is in the box already"):
        survey.box.open_wave(survey.wave)
    box = Box(tmp_path / "fresh.sqlite")
    with pytest.raises(BoxError, match="is not in the box"):
        box.add_codes(survey.id, [])
    box.open_wave(survey.wave)
    for wrong in ([(bytes(32), "team:none")], [(bytes(32), "team:quay")] * 2):
        with pytest.raises(BoxError, match="comes twice or its unit"):
            box.add_codes(survey.id, wrong)
    assert box.turnout(survey.id) == (0, 0)


def test_a_wave_that_does_not_fit_is_refused(survey, tmp_path):
    wave = survey.wave
    three = form(items=("E1", "E2", "X1")).to_bytes()
    many = [f"item-with-a-long-name-{i}" for i in range(200)]
    wrong = [
        replace(wave, id="../2026"),
        replace(wave, id="2026-Q4"),
        replace(wave, public_key=b"short"),
        replace(wave, salt=b"short"),
        replace(wave, opens_at=CLOSES),
        replace(wave, closes_at=CLOSES - timedelta(days=1)),
        replace(wave, opens_at=OPENS.replace(tzinfo=None)),
        replace(wave, form=three),
        replace(wave, form=b"{}"),
        replace(wave, form=b"no form"),
        replace(wave, item_ids=("E1", "E1", "P2R")),
        replace(wave, form=form(items=tuple(many)).to_bytes(), item_ids=tuple(many)),
    ]
    box = Box(tmp_path / "fresh.sqlite")
    for one in wrong:
        with pytest.raises(BoxError) as refused:
            box.open_wave(one)
        assert "\n" not in str(refused.value)
    box.open_wave(wave)


def test_a_file_that_is_no_box_is_told_in_one_line(tmp_path):
    path = tmp_path / "ballots.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(BoxError, match=r"^ballots.sqlite: cannot be used \(it is damaged\)\. Put"):
        Box(path).turnout("2026-Q3")
    path.unlink()
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE mine (x)")
    with pytest.raises(BoxError, match="of another version"):
        Box(path).turnout("2026-Q3")
