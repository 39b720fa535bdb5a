"""From all bytes of the box, nobody can tell which code belongs to which ballot: no better than by chance."""

import itertools
import random
import shutil
import sqlite3
from contextlib import closing
from math import sqrt
from secrets import token_bytes

import pytest
from ballot_survey import NOW, SALT, Survey
from sqlite_pages import cells

from connectors.ballots import seal
from connectors.ballots.box import Box
from connectors.ballots.codes import hash_of
from connectors.ballots.seal import Ballot

VOTERS = 7


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


def test_rows_are_laid_by_their_random_keys_whatever_the_order_of_the_codes(tmp_path):
    survey = Survey(tmp_path, voters=60)
    for table in ("code", "ballot"):
        rows = cells(survey.path, table)
        keys = [one.values[1] for one in rows]
        assert keys == sorted(keys)
        for _, of_page in itertools.groupby(sorted(rows, key=lambda one: one.page), lambda one: one.page):
            offsets = [one.offset for one in of_page]
            assert offsets == sorted(offsets, reverse=True)  # SQLite fills a page from its end
    assert [hash_of(SALT, one) for one in survey.codes] != [
        one.values[1] for one in cells(survey.path, "code")
    ]


# ---- the matcher -----------------------------------------------------------------------------------


def ranked(rows, by):
    """The rows in an order that can be seen in the file."""
    return sorted(rows, key=by)


SEEN = {
    "place": lambda one: (one.page, one.offset),
    "place in a page": lambda one: (one.offset, one.page),
    "key": lambda one: one.values[1],
    "first page of its rest": lambda one: one.overflow,
}


def hits_by_guess(codes_seen, ballots_seen, truth, order):
    """How many codes each way of guessing matches with their ballots.

    Args:
        codes_seen: cells of used codes.
        ballots_seen: cells of cast ballots.
        truth: hash → key of its ballot.
        order: hashes as people were seen voting.
    """
    lists = {"order of voting": order}
    for name, by in SEEN.items():
        lists[name] = [one.values[1] for one in ranked(codes_seen, by)]
    hits = {}
    for (of_codes, hashes), (of_ballots, by), way in itertools.product(lists.items(), SEEN.items(), (1, -1)):
        keys = [one.values[1] for one in ranked(ballots_seen, by)][::way]
        hits[of_codes, of_ballots, way] = sum(truth[a] == b for a, b in zip(hashes, keys, strict=True))
    return hits


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
            "CREATE TABLE ballot (wave TEXT, key BLOB, is_cast, sealed, PRIMARY KEY (wave, key)) WITHOUT ROWID"
        )
        for one in hashes:
            with con:
                sealed = seal.seal(public, Ballot("u", {}, one.hex()))
                con.execute("INSERT INTO code VALUES ('w', ?)", [one])
                con.execute("INSERT INTO ballot VALUES ('w', ?, 1, ?)", [token_bytes(16), sealed])
    return private, hashes, cells(path, "code"), cells(path, "ballot")


def truth_of(private, cast, as_hash):
    opened = {one.values[1]: seal.open_all(private, [one.values[3]])[0].comment for one in cast}
    return {as_hash(comment): key for key, comment in opened.items()}


def matched(tmp_path, seeds, vote, as_hash):
    """Way of guessing → hits over all seeds. By chance it is one a seed, with a variance of one."""
    total = {}
    for seed in range(seeds):
        private, order, codes_seen, cast = vote(tmp_path, seed)
        assert len(cast) == len(codes_seen) == VOTERS
        hits = hits_by_guess(codes_seen, cast, truth_of(private, cast, as_hash), order)
        total = {guess: total.get(guess, 0) + one for guess, one in hits.items()}
    return total


def most_by_chance(seeds):
    """A random matching has one hit on average, with a variance of one: six standard deviations above."""
    return seeds + 6 * sqrt(seeds)


@pytest.mark.parametrize("seeds", [20, pytest.param(400, marks=pytest.mark.soak)])
def test_codes_and_ballots_are_matched_no_better_than_by_chance(tmp_path, seeds):
    total = matched(tmp_path, seeds, voted, lambda comment: hash_of(SALT, comment))
    assert len(total) == 40
    assert max(total.values()) < most_by_chance(seeds)


def test_the_matcher_finds_the_order_where_votes_are_inserted(tmp_path):
    total = matched(tmp_path, 10, voted_with_inserts, bytes.fromhex)
    assert total["order of voting", "first page of its rest", 1] == 10 * VOTERS
    assert total["place in a page", "place in a page", 1] > most_by_chance(10)
