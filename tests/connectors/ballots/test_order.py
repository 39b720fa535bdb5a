"""From all bytes of the box, nobody can tell which code belongs to which ballot: no better than by chance."""

import random
import shutil
import sqlite3
from contextlib import closing
from secrets import token_bytes

import pytest
from ballot_matcher import VOTERS, hits_by_guess, most_by_chance, truth_of
from ballot_survey import NOW, SALT, Survey
from sqlite_pages import cells

from connectors.ballots import seal
from connectors.ballots.box import Box
from connectors.ballots.codes import hash_of
from connectors.ballots.seal import Ballot

# ---- the form of the file --------------------------------------------------------------------------


def layout(path):
    """Where each row lies, by its key."""
    return {
        table: [(one.page, one.offset, one.overflow, one.values[:2]) for one in cells(path, table)]
        for table in ("code", "ballot")
    }


def test_votes_in_two_orders_leave_the_same_file_but_for_the_seals(tmp_path):
    survey = Survey(tmp_path, voters=12)
    laid = layout(survey.path)
    left = []
    for name, order in (("first", 1), ("second", -1)):
        path = tmp_path / name
        shutil.copy(survey.path, path)
        for code in survey.codes[:VOTERS][::order]:
            Box(path).cast(survey.id, code, {"E1": 1, "E2": 2, "P2R": 3}, None, NOW)
        assert layout(path) == laid  # nothing has moved, nothing came, nothing went
        left.append(path.read_bytes())
    first, second = left
    assert len(first) == len(second) == survey.path.stat().st_size
    of_ballots = {i for one in cells(survey.path, "ballot") for a, b in one.places for i in range(a, b)}
    differing = {i for i in range(len(first)) if first[i] != second[i]}
    assert differing <= of_ballots
    assert len(differing) > VOTERS * 4000
    assert {one.name for one in tmp_path.iterdir()} == {"ballots.sqlite", "first", "second"}


def test_codes_lie_alike_in_whatever_order_they_were_given(tmp_path):
    survey = Survey(tmp_path, voters=60)
    given = [(hash_of(SALT, one), survey.unit(one)) for one in survey.codes]
    laid = []
    for name, order in (("first", 1), ("second", -1)):
        box = Box(tmp_path / name)
        box.open_wave(survey.wave)
        box.add_codes(survey.id, given[::order])
        laid.append(cells(tmp_path / name, "code"))
    assert laid[0] == laid[1]
    assert [one for one, _ in given] != [one.values[1] for one in laid[0]]


# ---- the matcher -----------------------------------------------------------------------------------


def voted(tmp_path, seed):
    """A box in which seven of nine have voted by chance; each said who they are, to know the truth."""
    folder = tmp_path / str(seed)
    folder.mkdir()
    survey = Survey(folder, voters=9)
    order = random.Random(seed).sample(survey.codes, VOTERS)
    for code in order:
        survey.vote(code, comment=code)
    hashes = [hash_of(SALT, one) for one in order]
    cast = [one for one in cells(survey.path, "ballot") if one.values[2]]
    return survey.private, hashes, [one for one in cells(survey.path, "code") if one.values[3]], cast


def voted_with_inserts(tmp_path, seed):
    """The same in the way that suggests itself: a vote inserts a row here and one there."""
    path = tmp_path / f"{seed}.sqlite"
    public, private = seal.new_keys()
    hashes = [token_bytes(32) for _ in range(VOTERS)]
    with closing(sqlite3.connect(path)) as con:
        con.execute("PRAGMA synchronous = OFF")
        con.execute("CREATE TABLE code (wave TEXT, hash BLOB, PRIMARY KEY (wave, hash)) WITHOUT ROWID")
        con.execute(
            "CREATE TABLE ballot (wave TEXT, key BLOB, is_cast, sealed, PRIMARY KEY (wave, key))"
            " WITHOUT ROWID"
        )
        for one in hashes:
            with con:
                sealed = seal.seal(public, Ballot("u", {}, one.hex()))
                con.execute("INSERT INTO code VALUES ('w', ?)", [one])
                con.execute("INSERT INTO ballot VALUES ('w', ?, 1, ?)", [token_bytes(16), sealed])
    return private, hashes, cells(path, "code"), cells(path, "ballot")


def matched(tmp_path, seeds, vote, as_hash):
    """Way of guessing → hits over all seeds. By chance it is one a seed, with a variance of one."""
    total = {}
    for seed in range(seeds):
        private, order, codes_seen, cast = vote(tmp_path, seed)
        assert len(cast) == len(codes_seen) == VOTERS
        hits = hits_by_guess(codes_seen, cast, truth_of(private, cast, as_hash), order)
        total = {guess: total.get(guess, 0) + one for guess, one in hits.items()}
    return total


@pytest.mark.parametrize("seeds", [12, pytest.param(100, marks=pytest.mark.soak)])
def test_codes_and_ballots_are_matched_no_better_than_by_chance(tmp_path, seeds):
    total = matched(tmp_path, seeds, voted, lambda comment: hash_of(SALT, comment))
    assert len(total) == 40
    assert max(total.values()) < most_by_chance(seeds)


def test_the_matcher_finds_the_order_where_votes_are_inserted(tmp_path):
    total = matched(tmp_path, 10, voted_with_inserts, bytes.fromhex)
    assert total["order of voting", "first page of its rest", 1] == 10 * VOTERS
    assert total["place in a page", "place in a page", 1] > most_by_chance(10)
