"""Properties that hold for every input, tried on thousands: landing in any portions, and the statistics.

What `tests/statistics` compares with other libraries is not repeated: these are properties that need
no second implementation, over wider ranges and many more examples.
"""

import math
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from connectors.base import Batch, Cursor
from connectors.records import PullRequest, Review
from pipelines.statistics import kaplan_meier
from pipelines.statistics.counts import garwood
from pipelines.statistics.quantiles import grouped_interval, grouped_quantile, interval_ranks
from pipelines.statistics.ratios import newcombe_difference, wilson
from pipelines.warehouse import Warehouse

pytestmark = pytest.mark.soak

many = settings(
    max_examples=2000,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
fewer = settings(many, max_examples=150)
"""For what writes to a database in each example."""

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
RUN_COLUMNS = "row_hash, first_seen_run, changed_run"


# ---- landing: the oracle is a dictionary in which the last delivery counts ------------------------


def pull_request(number, title, labels):
    return PullRequest(
        id=str(number),
        repository_id="7",
        number=number,
        title=title,
        url=None,
        state="OPEN",
        is_draft=False,
        created_at=NOW,
        updated_at=NOW,
        merged_at=None,
        closed_at=None,
        base_ref="main",
        head_ref=None,
        head_sha=None,
        additions=3,
        deletions=1,
        changed_files=1,
        author_id=None,
        merged_by_id=None,
        merge_commit_sha=None,
        merge_commit_headline=None,
        labels=labels,
    )


def review(name, number, state):
    return Review(id=name, pull_request_id=str(number), author_id=None, state=state, submitted_at=NOW)


texts = st.none() | st.text(alphabet="ab,'[] \x1f∅", max_size=4)
reviews = st.dictionaries(st.sampled_from(["r", "s", "t"]), st.sampled_from(["APPROVED", "DISMISSED"]))


@st.composite
def deliveries(draw):
    """A pull request with all of its reviews, whose ids no other pull request has."""
    number = draw(st.integers(1, 4))
    parent = pull_request(number, draw(texts), draw(st.lists(st.text("ab, ", max_size=3), max_size=2)))
    return [parent, *(review(f"{name}{number}", number, state) for name, state in draw(reviews).items())]


def batch_of(several, position):
    records = [record for delivery in {one[0].id: one for one in several}.values() for record in delivery]
    return Batch(records, Cursor(str(position)), is_final=False, fetched_at=NOW, server_date=NOW)


walks = st.lists(st.lists(deliveries(), max_size=4), min_size=1, max_size=6).map(
    lambda found: [batch_of(several, number) for number, several in enumerate(found)]
)
"""Batches of one stream, in which later ones may change what earlier ones brought."""


def expected(batches):
    """The rows that remain: of each pull request the last delivery, with the reviews it brought."""
    parents, children = {}, {}
    for batch in batches:
        arrived = [record for record in batch.records if isinstance(record, PullRequest)]
        parents |= {record.id: record for record in arrived}
        renewed = {record.id for record in arrived}
        children = {key: one for key, one in children.items() if one.pull_request_id not in renewed}
        children |= {record.id: record for record in batch.records if isinstance(record, Review)}
    return (
        sorted((one.id, one.title, one.labels) for one in parents.values()),
        sorted((one.id, one.pull_request_id, one.state) for one in children.values()),
    )


def stored(warehouse):
    def select(sql):
        return warehouse.con.execute(sql).fetchall()

    return (
        select("SELECT id, title, labels FROM raw.pull_request WHERE gone_at IS NULL ORDER BY id"),
        select("SELECT id, pull_request_id, state FROM raw.review WHERE gone_at IS NULL ORDER BY id"),
    )


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    warehouse = Warehouse(tmp_path_factory.mktemp("many") / "warehouse.duckdb")
    yield warehouse
    warehouse.close()


@pytest.fixture
def fresh(opened):
    """Empties the warehouse: to make a new one for each example would take most of the time."""

    def empty():
        for table in ("raw.pull_request", "raw.review", "ops.cursor"):
            opened.con.execute(f"DELETE FROM {table}")
        return opened

    return empty


def land(warehouse, batches):
    return warehouse.land("run", "github", "alder/catalogue", "pull_requests", batches)


class Broken:
    """A cursor that fails when it is stored, after the rows."""

    def to_json(self):
        raise RuntimeError("the process dies")


@fewer
@given(batches=walks, data=st.data())
def test_however_batches_are_grouped_the_last_delivery_counts(fresh, batches, data):
    warehouse = fresh()
    waiting = list(batches)
    while waiting:
        size = data.draw(st.integers(1, len(waiting)))
        land(warehouse, waiting[:size])
        waiting = waiting[size:]
    assert stored(warehouse) == expected(batches)
    assert warehouse.cursors()["github", "alder/catalogue", "pull_requests"] == batches[-1].cursor


@fewer
@given(batches=walks, data=st.data())
def test_an_interrupted_walk_that_goes_on_from_its_cursor_loses_nothing(fresh, batches, data):
    warehouse = fresh()
    reached = 0
    for _ in range(data.draw(st.integers(1, 3))):
        stop = data.draw(st.integers(reached, len(batches)))
        for batch in batches[reached:stop]:
            land(warehouse, [batch])
        before = stored(warehouse)
        if stop < len(batches):
            lost = batches[stop]
            dying = Batch(lost.records, Broken(), lost.is_final, lost.fetched_at, lost.server_date)
            with pytest.raises(RuntimeError, match="dies"):
                land(warehouse, [dying])
        assert stored(warehouse) == before
        cursor = warehouse.cursors().get(("github", "alder/catalogue", "pull_requests"))
        reached = int(cursor.watermark) + 1 if cursor else 0
        assert reached == stop
    for batch in batches[reached:]:
        land(warehouse, [batch])
    assert stored(warehouse) == expected(batches)


@fewer
@given(world=st.lists(deliveries(), min_size=1, max_size=4, unique_by=lambda one: one[0].id), data=st.data())
def test_pages_of_one_moment_may_come_in_any_order_and_twice(fresh, world, data):
    warehouse = fresh()
    pages = st.lists(st.sampled_from(world), min_size=1, max_size=4)
    batches = [batch_of(several, 0) for several in data.draw(st.lists(pages, max_size=2))]
    batches.append(batch_of(world, 0))
    for batch in data.draw(st.permutations(batches)):
        land(warehouse, [batch])
    assert stored(warehouse) == expected([batches[-1]])
    for batch in data.draw(st.permutations(batches)):
        assert land(warehouse, [batch]).rows_changed == 0


# ---- statistics ---------------------------------------------------------------------------------

hours = st.floats(0, 1e9, allow_nan=False, allow_subnormal=False)
samples = st.lists(hours | st.sampled_from([0.0, 1.0, 1.0 + 1e-12, 24.0]), min_size=1, max_size=200)
quantiles = st.floats(0.5, 0.99)


@many
@given(sample=samples, p=st.sampled_from([0.5, 0.85, 0.95]) | quantiles)
def test_an_interval_holds_its_quantile_and_both_lie_in_the_sample(sample, p):
    values, sizes = np.sort(sample), np.array([len(sample)])
    (value,), (low,), (high,) = grouped_quantile(values, sizes, p), *grouped_interval(values, sizes, p)
    assert values[0] <= value <= values[-1]
    if not math.isnan(low):
        assert low <= value <= high
        assert {low, high} <= set(sample)


@many
@given(sample=samples, p=quantiles, q=quantiles)
def test_a_higher_quantile_is_not_smaller(sample, p, q):
    values, sizes = np.sort(sample), np.array([len(sample)])
    lower, upper = (grouped_quantile(values, sizes, one)[0] for one in sorted((p, q)))
    assert lower <= upper * (1 + 1e-12)


@many
@given(n=st.integers(1, 20_000), p=quantiles)
def test_every_quantile_that_may_be_asked_for_has_an_interval_of_95_percent(n, p):
    ranks = interval_ranks(n, p)
    if ranks is not None:
        lower, upper = ranks
        assert lower - 1 <= (n - 1) * p <= upper - 1
        covered = stats.binom.cdf(upper - 1, n, p) - stats.binom.cdf(lower - 1, n, p)
        assert covered >= 0.95 - 1e-9


def survival_quantile(observations, p):
    rows = [("s", float(time), has_ended) for time, has_ended in observations]
    durations = pl.DataFrame(rows, schema=["series", "time", "is_event"], orient="row")
    [row] = kaplan_meier.quantile(kaplan_meier.curve(durations, ["series"]), ["series"], p).to_dicts()
    return tuple(math.inf if row[name] is None else row[name] for name in ("value", "low", "high"))


ages = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=80)
shares = st.sampled_from([0.5, 0.85, 0.95])


@many
@given(times=st.lists(st.integers(0, 40), min_size=1, max_size=120), p=shares)
def test_when_all_have_ended_survival_gives_the_plain_quantile(times, p):
    """The least time by which the share p has ended, counted in whole items."""
    needed = next(rank for rank in range(1, len(times) + 1) if rank * 100 >= round(p * 100) * len(times))
    assert survival_quantile([(time, True) for time in times], p)[0] == sorted(times)[needed - 1]


@many
@given(observations=ages, p=shares, data=st.data())
def test_what_is_open_after_all_never_makes_the_quantile_smaller(observations, p, data):
    value, low, high = survival_quantile(observations, p)
    assert low <= value <= high
    position = data.draw(st.integers(0, len(observations) - 1))
    still_open = [*observations]
    still_open[position] = (observations[position][0], False)
    assert survival_quantile(still_open, p)[0] >= value


counted = st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@many
@given(share=counted)
def test_wilson_holds_the_ratio_within_0_and_1_and_is_its_own_mirror(share):
    events, n = share
    (low, mirrored_low), (high, mirrored_high) = wilson([events, n - events], [n, n])
    assert 0 <= low <= events / n <= high <= 1
    assert (mirrored_low, mirrored_high) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    wider_low, wider_high = wilson([events], [n], 0.01)
    assert wider_low[0] <= low
    assert high <= wider_high[0]


@many
@given(earlier=counted, later=counted)
def test_a_difference_of_shares_lies_in_its_interval_and_turns_with_its_order(earlier, later):
    difference, low, high = newcombe_difference(earlier, later)
    assert -1 - 1e-12 <= low <= difference <= high <= 1 + 1e-12
    turned = newcombe_difference(later, earlier)
    assert turned == pytest.approx((-difference, -high, -low), abs=1e-12)


@many
@given(count=st.integers(0, 10**6))
def test_a_count_lies_in_its_interval_which_grows_with_it(count):
    low, high = garwood(np.array([count, count + 1]))
    assert low[0] <= count <= high[0]
    assert low[0] < low[1]
    assert high[0] < high[1]
