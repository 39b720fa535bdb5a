"""What sources tell only of now is kept with the days on which it held."""

import json
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Batch, Cursor, Unread
from connectors.records import Account, ServiceTeam, Team
from connectors.registry import discover
from pipelines.export import export_canonical
from pipelines.raw_columns import RECORD_BY_TABLE
from pipelines.state_records import state_tables
from pipelines.warehouse import Warehouse

STREAM = "catalogue"
"""A stream that fills two tables of such records."""
DAY = timedelta(days=1)
FIRST = date(2026, 3, 2)


def team(team_id, name="Payments"):
    return Team(id=team_id, key=f"acme/{team_id}", name=name, parent_id=None)


def batch(day, *records, hour=3, is_final=True, unread=(), fetched_at=None):
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return Batch(list(records), Cursor("w"), is_final, fetched_at or at, at, unread)


def land(warehouse, *batches, scope="acme", run="run"):
    return warehouse.land(run, "backstage", scope, STREAM, list(batches))


def teams(warehouse, columns="id, name, valid_from, valid_to", order="id, valid_from"):
    rows = warehouse.con.execute(f"SELECT {columns} FROM raw.source_team ORDER BY {order}").fetchall()
    return [tuple(one.isoformat() if isinstance(one, date) else one for one in row) for row in rows]


def test_what_is_told_first_holds_from_that_day_on(warehouse):
    assert land(warehouse, batch(FIRST, team("pay"), team("search"))).rows_changed == 2
    assert teams(warehouse) == [
        ("pay", "Payments", "2026-03-02", None),
        ("search", "Payments", "2026-03-02", None),
    ]


def test_nothing_new_the_next_night_writes_nothing(warehouse):
    land(warehouse, batch(FIRST, team("pay")))
    again = land(warehouse, batch(FIRST + DAY, team("pay")), run="second")
    assert (again.rows_read, again.rows_changed) == (1, 0)
    assert teams(warehouse, "valid_from, valid_to, changed_run") == [("2026-03-02", None, "run")]


def test_another_name_the_next_night_ends_one_stretch_and_begins_another(warehouse):
    land(warehouse, batch(FIRST, team("pay")))
    assert land(warehouse, batch(FIRST + DAY, team("pay", "Money"))).rows_changed == 2
    assert teams(warehouse) == [
        ("pay", "Payments", "2026-03-02", "2026-03-03"),
        ("pay", "Money", "2026-03-03", None),
    ]


def test_what_is_no_longer_told_held_up_to_that_day(warehouse):
    land(warehouse, batch(FIRST, team("pay"), team("search")))
    land(warehouse, batch(FIRST + 3 * DAY, team("pay")))
    assert teams(warehouse, "id, valid_to, gone_at IS NOT NULL") == [
        ("pay", None, False),
        ("search", "2026-03-05", True),
    ]


def test_who_comes_back_has_two_stretches(warehouse):
    land(warehouse, batch(FIRST, team("pay")))
    land(warehouse, batch(FIRST + DAY))
    land(warehouse, batch(FIRST + 2 * DAY, team("pay")))
    assert teams(warehouse, "valid_from, valid_to") == [("2026-03-02", "2026-03-03"), ("2026-03-04", None)]


def test_an_emptied_list_ends_everything_in_every_table_of_the_stream(warehouse):
    owner = ServiceTeam(id="till|pay", service_id="till", team="pay")
    land(warehouse, batch(FIRST, team("pay"), owner))
    assert land(warehouse, batch(FIRST + DAY)).rows_changed == 2
    for table in ("source_team", "source_service_team"):
        rows = warehouse.con.execute(f"SELECT valid_to FROM raw.{table}").fetchall()
        assert rows == [(FIRST + DAY,)]


def test_a_second_delivery_of_one_day_takes_the_place_of_the_first(warehouse):
    land(warehouse, batch(FIRST, team("pay")))
    land(warehouse, batch(FIRST + DAY, team("pay", "Money"), team("new")))
    land(warehouse, batch(FIRST + DAY, team("pay", "Cash"), hour=20))
    assert teams(warehouse) == [
        ("pay", "Payments", "2026-03-02", "2026-03-03"),
        ("pay", "Cash", "2026-03-03", None),
    ]


@pytest.mark.parametrize("meanwhile", [[], [team("pay", "Money")]], ids=["away", "renamed"])
def test_what_is_as_before_in_the_evening_was_never_otherwise(warehouse, meanwhile):
    land(warehouse, batch(FIRST, team("pay")))
    land(warehouse, batch(FIRST + DAY, *meanwhile))
    land(warehouse, batch(FIRST + DAY, team("pay"), hour=20))
    assert teams(warehouse, "name, valid_from, valid_to, gone_at") == [("Payments", "2026-03-02", None, None)]


def test_a_clock_that_goes_back_does_not_undo_days(warehouse):
    land(warehouse, batch(FIRST, team("pay")))
    land(warehouse, batch(FIRST + 5 * DAY, team("pay", "Money")))
    land(warehouse, batch(date(1970, 1, 1), team("pay", "Cash")))
    assert teams(warehouse) == [
        ("pay", "Payments", "2026-03-02", "2026-03-07"),
        ("pay", "Cash", "2026-03-07", None),
    ]


def test_a_clock_far_ahead_of_ours_is_not_believed(warehouse):
    ours = datetime(2026, 3, 2, 3, tzinfo=UTC)
    land(warehouse, batch(date(2099, 1, 1), team("pay"), fetched_at=ours))
    assert teams(warehouse, "valid_from") == [("2026-03-03",)]


def test_two_scopes_of_a_source_do_not_end_one_another(warehouse):
    land(warehouse, batch(FIRST, team("pay")), scope="acme")
    land(warehouse, batch(FIRST + DAY, team("lab")), scope="acme-labs")
    assert teams(warehouse, "id, scope, valid_to") == [("lab", "acme-labs", None), ("pay", "acme", None)]


def test_a_scope_under_a_new_name_is_the_same_scope(warehouse):
    """What is missing under the new name is gone, not left behind under the old one for ever."""
    land(warehouse, batch(FIRST, team("pay"), team("search"), team("shop")), scope="acme")
    land(warehouse, batch(FIRST + DAY, team("pay"), team("shop")), scope="acme-group")
    assert teams(warehouse, "id, scope, valid_from, valid_to") == [
        ("pay", "acme-group", "2026-03-02", None),
        ("search", "acme-group", "2026-03-02", "2026-03-03"),
        ("shop", "acme-group", "2026-03-02", None),
    ]


def test_two_scopes_that_tell_of_the_same_thing_keep_the_rest_of_what_they_tell(warehouse):
    """As where one id stands in two files."""
    for nights in range(3):
        for scope, told in (("a", ("x", "a1", "a2")), ("b", ("x", "b1"))):
            land(warehouse, batch(FIRST + nights * DAY, *map(team, told)), scope=scope, run=f"{nights}")
    assert teams(warehouse, "id, valid_from, valid_to") == [
        (one, "2026-03-02", None) for one in ("a1", "a2", "b1", "x")
    ]


def test_two_scopes_that_tell_mostly_of_the_same_are_not_taken_for_one(warehouse):
    """Whoever copies a file and changes a line of it has two."""
    for nights in range(3):
        for scope, told in (("a", ("x", "y", "a1")), ("b", ("x", "y", "b1"))):
            land(warehouse, batch(FIRST + nights * DAY, *map(team, told)), scope=scope, run=f"{nights}")
    assert [one for one, until in teams(warehouse, "id, valid_to") if until is None] == ["a1", "b1", "x", "y"]


@pytest.mark.parametrize(
    "told",
    [
        batch(FIRST + DAY, is_final=False),
        batch(FIRST + DAY, Account(id="1", login="ada", kind="User"), is_final=False),
        batch(FIRST + DAY, unread=[Unread("a row", "cannot be read")]),
    ],
    ids=["a page before the last", "a page of other records", "a page of which a row could not be read"],
)
def test_a_batch_that_is_not_all_there_is_ends_nothing(warehouse, told):
    land(warehouse, batch(FIRST, team("pay")))
    land(warehouse, told)
    assert teams(warehouse, "id, valid_to") == [("pay", None)]


def test_several_days_in_one_transaction_are_several_days(warehouse):
    land(
        warehouse, batch(FIRST, team("pay")), batch(FIRST + DAY, team("pay", "Money")), batch(FIRST + 2 * DAY)
    )
    assert teams(warehouse, "name, valid_from, valid_to") == [
        ("Payments", "2026-03-02", "2026-03-03"),
        ("Money", "2026-03-03", "2026-03-04"),
    ]


def test_one_id_twice_in_a_delivery_is_told_by_the_last(warehouse):
    land(warehouse, batch(FIRST, team("pay", "Money"), team("pay", "Cash")))
    assert teams(warehouse, "name") == [("Cash",)]


def test_a_failure_leaves_the_state_as_it_was(warehouse):
    class Broken:
        def to_json(self):
            raise RuntimeError("half way")

    land(warehouse, batch(FIRST, team("pay")))
    told = batch(FIRST + DAY)
    object.__setattr__(told, "cursor", Broken())
    with pytest.raises(RuntimeError, match="half way"):
        land(warehouse, told)
    assert teams(warehouse, "valid_to") == [(None,)]


def test_an_older_warehouse_gets_the_tables(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    older = Warehouse(path)
    for table in ("source_team", "former_name"):
        older.con.execute(f"DROP TABLE raw.{table}")
    older.close()
    opened = Warehouse(path)
    land(opened, batch(FIRST, team("pay")))
    assert len(teams(opened)) == 1
    opened.close()


def test_the_canonical_form_tells_days_and_no_runs(warehouse, tmp_path):
    land(warehouse, batch(FIRST, team("pay"), team("search")))
    land(warehouse, batch(FIRST + DAY, team("pay")))
    export_canonical(warehouse.con, ["raw"], tmp_path / "out")
    lines = (tmp_path / "out" / "raw.source_team.ndjson").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {
            "source": "backstage",
            "scope": "acme",
            "id": name,
            "key": f"acme/{name}",
            "name": "Payments",
            "parent_id": None,
            "valid_from": "2026-03-02",
            "valid_to": end,
            "is_gone": end is not None,
        }
        for name, end in (("pay", None), ("search", "2026-03-03"))
    ]


# --- any history, by another implementation


def stretches(nights):
    """(id, name) → its stretches, from what held at the end of each night: one list of days after another."""
    last_of_day = dict(nights)
    found, held = defaultdict(list), {}
    for day, told in sorted(last_of_day.items()):
        for key in [key for key in held if told.get(key[0]) != key[1]]:
            found[key].append((held.pop(key), day))
        for key in told.items():
            held.setdefault(key, day)
    for key, since in held.items():
        found[key].append((since, None))
    return {key: sorted(spans, key=str) for key, spans in found.items()}


NIGHT = st.tuples(
    st.integers(0, 2),  # days since the night before; 0 is a second reading of the day
    st.dictionaries(st.sampled_from("abc"), st.sampled_from(["Payments", "Money"]), max_size=3),
)


@settings(max_examples=8, deadline=None)
@given(steps=st.lists(NIGHT, min_size=1, max_size=8))
def test_any_nights_leave_what_each_day_ended_with(tmp_path_factory, steps):
    nights, day = [], FIRST
    for distance, told in steps:
        day += distance * DAY
        nights.append((day, told))
    opened = Warehouse(tmp_path_factory.mktemp("any") / "warehouse.duckdb")
    for on, told in nights:
        land(opened, batch(on, *(team(key, name) for key, name in told.items())))
    found = defaultdict(list)
    for key, name, since, until in opened.con.execute(
        "SELECT id, name, valid_from, valid_to FROM raw.source_team"
    ).fetchall():
        found[key, name].append((since, until))
    again = land(opened, batch(day, *(team(key, name) for key, name in nights[-1][1].items())))
    opened.close()
    assert {key: sorted(spans, key=str) for key, spans in found.items()} == stretches(nights)
    assert again.rows_changed == 0


# --- which tables a stream fills


def test_streams_of_one_name_do_not_end_what_another_stream_of_the_source_tells():
    """Tables are found by the stream's name alone: that must not reach into a kind's other streams."""
    kinds = discover().values()
    assert any(state_tables(stream) for kind in kinds for stream in kind.streams)
    for kind in kinds:
        for stream in kind.streams:
            others = {
                table for other, tables in kind.streams.items() if other != stream for table in tables
            } - set(kind.streams[stream])
            assert not others & set(state_tables(stream)), f"{kind.kind}/{stream}"


def test_only_records_of_now_are_dated(warehouse):
    for table, record in RECORD_BY_TABLE.items():
        names = [row[0] for row in warehouse.con.execute(f"DESCRIBE raw.{table}").fetchall()]
        assert names.count("valid_from") == int(record.is_state or "valid_from" in record.__slots__), table
