"""However a history is cut into batches, and in whatever order it arrives, the same rows stand in the end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.warehouse import Warehouse

KEY = ("github", "alder/catalogue", "pull_requests")
FEW, MANY = 5, 300


def version(records, key, number):
    """The pull request as it was after so many updates: another title, and as many reviews."""
    request = replace(
        records.pull_request(key),
        title=f"version {number}",
        updated_at=records.now + timedelta(hours=number),
    )
    return [request, *(records.review(f"{key}-{review}", str(key)) for review in range(number))]


def stored(warehouse):
    titles = warehouse.con.execute("SELECT id, title FROM raw.pull_request ORDER BY id").fetchall()
    reviews = warehouse.con.execute("SELECT id FROM raw.review ORDER BY id").fetchall()
    return titles, [key for (key,) in reviews]


ARRIVALS = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4), st.booleans()), min_size=1, max_size=14)
"""Which pull request, in which version, and whether a transaction ends behind it."""


def check(folder, records, arrivals):
    groups, group = [], []
    for key, number, is_end in arrivals:
        group.append(records.batch(version(records, key, number)))
        if is_end:
            groups, group = [*groups, group], []
    groups += [group] if group else []
    warehouse = Warehouse(folder / "warehouse.duckdb")
    try:
        for batches in groups:
            warehouse.land("run", *KEY, batches)
        latest = {key: max(n for k, n, _ in arrivals if k == key) for key, *_ in arrivals}
        expected = (
            [(str(key), f"version {latest[key]}") for key in sorted(latest)],
            sorted(f"{key}-{review}" for key, number in latest.items() for review in range(number)),
        )
        assert stored(warehouse) == expected
        again = [warehouse.land("again", *KEY, batches).rows_changed for batches in groups]
        assert again == [0] * len(groups), "what has arrived before changes nothing"
    finally:
        warehouse.close()


@settings(max_examples=FEW, deadline=None, suppress_health_check=list(HealthCheck))
@given(arrivals=ARRIVALS)
def test_the_order_of_arrival_does_not_matter(tmp_path_factory, records, arrivals):
    check(tmp_path_factory.mktemp("any"), records, arrivals)


@pytest.mark.soak
@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
@given(arrivals=ARRIVALS)
def test_no_order_of_many_matters(tmp_path_factory, records, arrivals):
    check(tmp_path_factory.mktemp("any"), records, arrivals)


def test_a_reading_from_the_beginning_takes_what_is_there(tmp_path, records):
    """A source that was restored from its backup has older versions, and they are what it has."""
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    warehouse.land("night", *KEY, [records.batch(version(records, 1, 3))])
    warehouse.land("night", *KEY, [records.batch(version(records, 1, 1))])
    assert stored(warehouse)[0] == [("1", "version 3")]
    warehouse.land("full", *KEY, [records.batch(version(records, 1, 1))], accepts_older=True)
    assert stored(warehouse) == ([("1", "version 1")], ["1-0"])
    warehouse.close()
