"""Codes forgive how they are typed; seals open with one key, tell no length and keep no order."""

import hashlib
import hmac
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey, SealedBox

from connectors.ballots import seal
from connectors.ballots.codes import ALPHABET, hash_of, new_code, read_code
from connectors.ballots.seal import Ballot, SealError


def test_a_code_is_80_random_bits_in_groups_of_four():
    made = {new_code() for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", one) for one in made)
    assert len(ALPHABET) ** 16 == 2**80
    assert set("".join(made)) == set(ALPHABET) | {"-"}


@pytest.mark.parametrize(
    "typed",
    ["01AB-CDEF-GHJK-M0N1", "01abcdefghjkm0n1", " o1ab cdef ghjk mOnI ", "OlAB\tCDEF--GHJK\u00a0MoNi"],
)
def test_a_code_may_be_typed_in_many_ways(typed):
    assert read_code(typed) == "01ABCDEFGHJKM0N1"


@pytest.mark.parametrize("typed", ["", "01AB", "01ABCDEFGHJKM0N12", "01ABCDEFGHJKM0NU", "😀" * 16, "٣" * 16])
def test_what_is_no_code_is_told_without_repeating_it(typed):
    with pytest.raises(ValueError, match="^a code has 16 letters and digits$"):
        read_code(typed)


def test_a_hash_is_hmac_sha256_of_the_sixteen_characters():
    expected = hmac.new(b"a salt", b"01ABCDEFGHJKM0N1", hashlib.sha256).digest()
    assert hash_of(b"a salt", "o1ab-cdef-ghjk-m0n1") == expected
    assert hash_of(b"another", "o1ab-cdef-ghjk-m0n1") != expected


BALLOT = Ballot("team:a", {"E1": 5, "E2": None}, "More time")


def test_every_seal_has_the_same_length_and_none_is_like_another():
    public, _ = seal.new_keys()
    sealed = [seal.seal(public, one) for one in (None, None, BALLOT, Ballot("u", {}, "x" * 500))]
    assert {len(one) for one in sealed} == {4096 + 48}
    assert len(set(sealed)) == 4


def test_a_ballot_that_would_stick_out_is_refused():
    public, _ = seal.new_keys()
    with pytest.raises(SealError, match="longer than 4096"):
        seal.seal(public, Ballot("u", {}, "x" * 4096))


answers = st.dictionaries(st.text("EPSW12", min_size=1, max_size=3), st.sampled_from([None, 1, 2, 3, 4, 5]))
ballots = st.builds(
    Ballot, st.text(max_size=20), answers, st.none() | st.text(st.characters(codec="utf-8"), max_size=100)
)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.none() | ballots, max_size=4), st.randoms())
def test_what_is_opened_is_what_was_sealed_whatever_the_order(given, random):
    public, private = seal.new_keys()
    sealed = [seal.seal(public, one) for one in given]
    opened = seal.open_all(private, sealed)
    random.shuffle(sealed)
    assert seal.open_all(private, sealed) == opened
    left = [one for one in given if one is not None]
    assert len(opened) == len(left)
    assert all(one in left for one in opened)


def test_nothing_but_the_private_key_opens_one():
    public, private = seal.new_keys()
    sealed = [seal.seal(public, BALLOT)]
    for key in (public, bytes(32), seal.new_keys()[1], private[::-1]):
        with pytest.raises(SealError, match="another wave's"):
            seal.open_all(key, sealed)
    assert seal.open_all(private, sealed) == [BALLOT]


def test_a_changed_bit_is_seen():
    public, private = seal.new_keys()
    sealed = bytearray(seal.seal(public, BALLOT))
    sealed[100] ^= 1
    with pytest.raises(SealError, match="cannot be opened"):
        seal.open_all(private, [bytes(sealed)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"{}",
        b'{"unit":1,"answers":{},"comment":null}',
        b'{"unit":"u","answers":{"E1":6},"comment":null}',
        b'{"unit":"u","answers":{"E1":true},"comment":null}',
        b'{"unit":"u","answers":{},"comment":null,"name":"x"}',
        b"[" * 4000,
    ],
)
def test_what_somebody_else_put_in_is_refused_without_showing_it(content):
    private = PrivateKey.generate()
    sealed = SealedBox(private.public_key).encrypt(content)
    with pytest.raises(
        SealError, match="^a ballot was not made by the ballot box: its content has another form$"
    ):
        seal.open_all(bytes(private), [sealed])
