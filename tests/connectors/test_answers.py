"""Reading lists row by row: one that cannot be read does not cost the others."""

from datetime import UTC, datetime

import pytest

from connectors.answers import each, understand, utc, utc_if_told
from connectors.base import Batch, Cursor, UnexpectedShape, Unread

WHERE = "jira/PAY/issues"


def number_and_double(row):
    """Two records of a row, or none at all."""
    yield row["number"]
    yield row["double"] * 1


@pytest.mark.parametrize(
    "never", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1601-01-01T00:00:00Z"]
)
def test_the_beginning_of_a_calendar_stands_for_no_time(never):
    """A server that has no time to tell may write the zero of its own: weeks would be counted from there."""
    assert utc_if_told(never) is None
    with pytest.raises(ValueError, match="stands for none"):
        utc(never)


def test_a_time_may_be_absent_and_a_commit_may_have_the_zero_of_unix():
    assert utc_if_told(None) is utc_if_told("") is None
    assert utc("1970-01-01T00:00:00+02:00") == datetime(1969, 12, 31, 22, tzinfo=UTC)
    with pytest.raises(ValueError, match="without an offset"):
        utc_if_told("2026-03-01T00:00:00")


def test_all_records_of_each_row_are_found_in_order():
    rows = [{"number": 1, "double": 2}, {"number": 2, "double": 4}]
    assert each(WHERE, rows, number_and_double) == ([1, 2, 2, 4], [])


def test_no_rows_are_no_mistake():
    assert each(WHERE, [], number_and_double) == ([], [])


def test_a_row_is_read_as_a_whole_or_not_at_all():
    rows = [{"number": 1, "double": 2}, {"number": 2}, {"number": 3, "double": 6}]
    found, unread = each(WHERE, rows, number_and_double)
    assert found == [1, 2, 3, 6]
    assert unread == [Unread("jira/PAY/issues row 2", "an answer lacks 'double'")]


def test_a_row_is_called_by_the_id_of_the_source():
    rows = [{"id": "10001", "number": 1, "double": 2}, {"id": "10002", "number": 2}]
    _, unread = each(WHERE, rows, number_and_double, lambda row: row["id"])
    assert [one.place for one in unread] == ["jira/PAY/issues 10002"]


@pytest.mark.parametrize(
    "odd", [{}, {"id": "ada@example.org wrote this"}, {"id": None}, {"id": "x" * 101}, None]
)
def test_a_row_without_a_proper_id_is_called_by_its_number(odd):
    """What stands where an id should be may be anything, also what somebody wrote."""
    rows = [{"id": 1, "number": 1, "double": 2}, odd]
    _, unread = each(WHERE, rows, number_and_double, lambda row: row["id"] or "")
    assert [one.place for one in unread] == ["jira/PAY/issues row 2"]


def test_nothing_that_a_row_holds_is_repeated():
    rows = [{"number": 1, "double": 2}, {"number": 2, "double": {"name": "Ada Lovelace"}}, "Ada Lovelace"]
    _, unread = each(WHERE, rows, number_and_double)
    assert [one.reason for one in unread] == ["an answer has an unknown form (TypeError)"] * 2
    assert "Ada" not in str(unread)


def test_where_no_row_can_be_read_the_form_has_changed():
    with pytest.raises(UnexpectedShape) as changed:
        each(WHERE, [{"nummer": 1}, {"nummer": 2}], number_and_double)
    assert str(changed.value).startswith(
        "jira/PAY/issues: an answer lacks 'number', and no other row can be read either. Check base_url"
    )


def test_a_single_row_that_cannot_be_read_is_one_that_cannot_be_read():
    assert each(WHERE, [{}], number_and_double) == (
        [],
        [Unread("jira/PAY/issues row 1", "an answer lacks 'number'")],
    )


def test_what_is_no_list_is_an_unexpected_shape():
    with pytest.raises(UnexpectedShape):
        understand(WHERE, lambda: each(WHERE, None, number_and_double))


def test_a_batch_has_no_unread_rows_unless_it_says_so():
    assert Batch([], Cursor(), True, None, None).unread == ()
