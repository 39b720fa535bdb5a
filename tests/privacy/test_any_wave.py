"""What holds of any wave: who says nothing, who is withheld, and however often it is published."""

import shutil
from dataclasses import replace

import pytest
from asked_waves import NOW, OVER, codes_of, items_of, opened, place_in, published_once, query
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rosters import waves

from pipelines.privacy.scores import Response
from pipelines.privacy.units import Group
from pipelines.survey import publishing
from pipelines.survey.asking import WaveError
from pipelines.survey.bank import shipped

QUARTERLY = shipped("quarterly")


def published(drawn, responses, partition=None):
    return publishing.published(QUARTERLY, partition or drawn.partition, drawn.members, responses, 6)


def each(count):
    return settings(max_examples=count, deadline=None, suppress_health_check=list(HealthCheck))


def row_of(cell):
    """Which row of the table a cell is."""
    return cell.scope, cell.dimension, cell.item, cell.statistic, cell.position


# ---- one person says nothing --------------------------------------------------------------------------


def check_who_skips(drawn, rng):
    """Somebody prefers not to say: no number changes beyond their unit, what it merges with, and above.

    Elsewhere the count that is one less may change how coarsely the same answers are told, and only that: how
    wide a band is, or whether a group beside theirs is told of exactly.
    """
    if not drawn.responses:
        return
    at = rng.randrange(len(drawn.responses))
    one = drawn.responses[at]
    skipped = rng.sample(sorted(one.answers), rng.choice([1, 1, 3, len(one.answers)]))
    silent = Response(one.unit, one.answers | dict.fromkeys(skipped))
    responses = [*drawn.responses[:at], silent, *drawn.responses[at + 1 :]]
    if dimensions_of_six(drawn, responses) != dimensions_of_six(drawn, drawn.responses):
        return  # a topic is shown nowhere any more, and nothing need be merged for it
    before, after = published(drawn, drawn.responses), published(drawn, responses)
    planned = next(unit.parts for unit in drawn.partition.units if unit.id == one.unit)
    parts = merged_with(planned, (before.partition, after.partition))
    theirs = {scope for shown in (before, after) for scope in scopes_of(shown.partition, parts)}
    was, now = (
        {row_of(cell): cell for cell in shown.cells if cell.scope not in theirs} for shown in (before, after)
    )
    assert was.keys() == now.keys()
    assert not [row for row in was if not are_of_the_same_answers(was[row], now[row])]


def are_of_the_same_answers(was, now):
    """Whether two cells differ in nothing but how coarsely they are told."""
    if was.withheld_reason or now.withheld_reason:
        reasons = {was.withheld_reason, now.withheld_reason}
        return len(reasons) == 1 or (was.scope_kind != "unit" and reasons == {None, "would_tell_a_team"})
    if (was.n, was.of) != (now.n, now.of):
        return False
    if was.label is None or now.label is None:
        return was.value == now.value
    return max(was.low, now.low) < min(was.high, now.high)


def dimensions_of_six(drawn, responses):
    """The topics that six people outside of the newcomers' pools answered in full."""
    pools = {unit.id for unit in drawn.partition.units if unit.is_newcomers}
    return {
        dimension.id
        for dimension in QUARTERLY.dimensions
        if sum(
            one.unit not in pools and all(one.answers[item] for item in dimension.items) for one in responses
        )
        >= 6
    }


def merged_with(parts, partitions):
    """All planned units that are together with one of these, in whichever way."""
    units = [frozenset(unit.parts) for partition in partitions for unit in partition.units]
    found = frozenset(parts)
    while not found.issuperset(more := found.union(*(unit for unit in units if unit & found))):
        found = more
    return found


def scopes_of(partition, parts):
    """The units made of these planned ones, and every group above them."""
    units = {unit.id for unit in partition.units if parts & set(unit.parts)}
    return units | {group for group, below in partition.units_below().items() if below & units}


@given(waves(most_departments=3, most_teams=3), st.randoms(use_true_random=False))
@each(50)
def test_who_prefers_not_to_say_changes_nothing_beyond_what_they_are_merged_with(drawn, rng):
    check_who_skips(drawn, rng)


@pytest.mark.soak
def test_five_hundred_who_prefer_not_to_say_change_nothing_beyond_what_they_are_merged_with():
    each(500)(given(waves(), st.randoms(use_true_random=False))(check_who_skips))()


# ---- withheld, and empty ------------------------------------------------------------------------------

QUIET = Group("department:quiet", "Quiet", "department", "organisation")
"""A department of nobody."""


def check_what_is_withheld(drawn, rng):
    """Where too few answered, the rows are those of a department of nobody; fewer than six are as none."""
    with_quiet = replace(drawn.partition, groups=(*drawn.partition.groups, QUIET))
    cells = published(drawn, drawn.responses, with_quiet).cells
    of_nobody = {row_of(cell)[1:]: cell for cell in cells if cell.scope == QUIET.id}
    for cell in cells:
        if cell.withheld_reason is None:
            continue
        assert (cell.value, cell.low, cell.high, cell.label, cell.n, cell.of) == (None,) * 6
        if cell.withheld_reason == "too_few_answers":
            empty = of_nobody[row_of(cell)[1:]]
            named = {name: getattr(cell, name) for name in ("scope_kind", "scope", "scope_name", "parent")}
            assert replace(empty, **named) == cell
    assert {cell.withheld_reason for cell in of_nobody.values()} == {"too_few_answers"}
    few = rng.sample(drawn.responses, min(5, len(drawn.responses)))
    assert published(drawn, few).cells == published(drawn, []).cells


@given(waves(most_departments=3, most_teams=3), st.randoms(use_true_random=False))
@each(50)
def test_what_is_withheld_of_any_wave_looks_like_what_is_empty(drawn, rng):
    check_what_is_withheld(drawn, rng)


@pytest.mark.soak
def test_what_is_withheld_of_five_hundred_waves_looks_like_what_is_empty():
    each(500)(given(waves(), st.randoms(use_true_random=False))(check_what_is_withheld))()


# ---- published again ----------------------------------------------------------------------------------


def check_made_again(drawn, rng):
    """The same answers, in whichever order they lie, make the same publication: rows, sums and proofs."""
    again = rng.sample(drawn.responses, len(drawn.responses))
    assert published(drawn, again) == published(drawn, drawn.responses)


@given(waves(most_departments=3, most_teams=3), st.randoms(use_true_random=False))
@each(50)
def test_a_wave_made_again_is_identical(drawn, rng):
    check_made_again(drawn, rng)


@pytest.mark.soak
def test_five_hundred_waves_made_again_are_identical():
    each(500)(given(waves(), st.randoms(use_true_random=False))(check_made_again))()


KEPT = (
    "SELECT * FROM survey.published_cell ORDER BY ALL",
    "SELECT * FROM survey.published_unit ORDER BY ALL",
    "SELECT * FROM survey.unit_sum ORDER BY ALL",
    "SELECT wave_id, state, published_at, reliability FROM survey.wave",
)


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """An open wave of thirty-five people, to be copied and answered."""
    folder = tmp_path_factory.mktemp("asked")
    opened(place_in(folder))
    return folder


@pytest.fixture
def publish_twice(asked, tmp_path):
    """Checks one way of answering, in a copy of that wave; None does not answer, 0 prefers not to say."""

    def check(answers):
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(asked, copy)
        place = place_in(copy)
        items = items_of(place)
        for (_, code), answer in zip(codes_of(place), answers, strict=True):
            if answer is not None:
                place.box.cast("2026-Q3", code, dict.fromkeys(items, answer or None), None, NOW)
        published_once(place)
        kept = [query(place, sql) for sql in KEPT]
        with pytest.raises(WaveError, match="A wave is published once"):
            publishing.publish_wave(place.configuration, place.home, place.key, OVER)
        assert [query(place, sql) for sql in KEPT] == kept
        assert kept[-1][0][1] == "published"

    return check


ANSWERED = st.lists(st.sampled_from([None, 0, 1, 2, 3, 4, 5]), min_size=35, max_size=35)


@pytest.mark.parametrize("count", [1, pytest.param(60, marks=pytest.mark.soak)])
def test_however_it_was_answered_a_wave_is_published_once(publish_twice, count):
    each(count)(given(ANSWERED)(publish_twice))()
