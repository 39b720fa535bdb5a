"""Guesses which code belongs to which ballot, by everything that can be seen in a box's file."""

import itertools
from math import sqrt

from connectors.ballots import seal

VOTERS = 7


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


def truth_of(private, cast, as_hash):
    opened = {one.values[1]: seal.open_all(private, [one.values[3]])[0].comment for one in cast}
    return {as_hash(comment): key for key, comment in opened.items()}


def most_by_chance(seeds):
    """A random matching has one hit on average, with a variance of one: six standard deviations above."""
    return seeds + 6 * sqrt(seeds)
