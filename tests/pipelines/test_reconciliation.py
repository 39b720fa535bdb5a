"""What the source has and the warehouse lacks is noticed by counting, and read again."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import Batch, Cursor, Pass, RateLimited, SourceUnavailable
from pipelines.config import load
from pipelines.ingest import Census, ingest
from pipelines.sources import field_prints
from pipelines.warehouse import Warehouse

ALWAYS = {("github", "s"): Census("pull_request", timedelta(0))}
DOWN = SourceUnavailable("github", "the server answers 503", "Check base_url")
START = datetime(2026, 1, 1, tzinfo=UTC)
ALL_OF_A = [1, 2, 3, 4, 5]


class Server:
    """A source that has rows, and gives of them what it is told to give from each position.

    `gives` maps a watermark (None: the beginning) to the numbers that a reading from there brings.
    """

    name = "github"

    def __init__(self, records, has, gives, *, fails_from_the_start=False):
        self.traffic = records.source("x", {}).traffic
        self.begun_at = []
        self._records = records
        self._has = has
        self._gives = gives
        self._fails_from_the_start = fails_from_the_start

    def scopes(self, stream):
        return ["a"]

    def fetch(self, stream, scope, cursor):
        self.begun_at.append(cursor.watermark)
        rows = [self._records.pull_request(number) for number in self._gives.get(cursor.watermark, [])]
        if cursor.watermark is None and self._fails_from_the_start:
            half = Cursor(None, Pass("new", "page-2"))
            yield Batch(rows, half, False, self._records.now, self._records.now)
            raise DOWN
        yield self._records.batch(rows, f"{cursor.watermark or ''}+")

    def census(self, stream, scope):
        yield from map(str, self._has)

    def close(self):
        pass


@pytest.fixture
def night(warehouse, records):
    """One run over a server; the server and the one result."""
    count = 0

    def run(has, gives, *, fails_from_the_start=False, **options):
        nonlocal count
        count += 1
        server = Server(records, has, gives, fails_from_the_start=fails_from_the_start)
        sources = {"github": (server, ["s"])}
        (result,) = ingest(warehouse, f"run-{count}", sources, **{"censuses": ALWAYS, **options})
        return server, result

    return run


@pytest.fixture
def stored(warehouse):
    def numbers(condition="true"):
        found = warehouse.con.execute(f"SELECT number FROM raw.pull_request WHERE {condition}").fetchall()
        return sorted(number for (number,) in found)

    return numbers


def test_rows_that_the_source_has_and_the_warehouse_lacks_are_read_again(night, stored, warehouse):
    """apache/devlake#8834: rows that were skipped without a word stay lost for ever."""
    night(ALL_OF_A, {None: [1, 2]})
    server, result = night(ALL_OF_A, {"+": [], None: ALL_OF_A})
    # On from the watermark, as every night; once more, for what may have come meanwhile; from the beginning.
    assert server.begun_at == ["+", "++", None]
    assert (result.status, result.error, result.reread_count) == ("ok", None, 3)
    assert stored() == ALL_OF_A
    assert warehouse.cursors()["github", "a", "s"] == Cursor("+")
    # Nothing that was there is lost or written again.
    assert stored("changed_run = 'run-1'") == [1, 2]
    assert result.rows_changed == 3
    server, result = night(ALL_OF_A, {"+": []})
    assert (server.begun_at, result.reread_count) == (["+"], 0)


def test_a_row_that_came_between_reading_and_counting_is_no_loss(night, stored):
    night([1, 2], {None: [1, 2]})
    server, result = night([1, 2, 3], {"+": [], "++": [3]})
    assert server.begun_at == ["+", "++"]
    assert (result.status, result.reread_count) == ("ok", 0)
    assert stored() == [1, 2, 3]


def test_rows_that_do_not_come_at_all_are_told_once_and_not_asked_for_in_every_night(night):
    night([1, 2, 3], {None: [1]})
    server, result = night([1, 2, 3], {"+": [], "++": [], None: [1]})
    assert server.begun_at == ["+", "++", None]
    assert result.status == "failed"
    assert result.error == (
        "github/a/s: 2 rows that the source counts do not come, although everything was read again. "
        "Report this with the server's version; it is not tried again for these"
    )
    server, result = night([1, 2, 3], {"+": []})
    assert (server.begun_at, result.status) == (["+"], "ok")
    assert result.gap == "2 rows that the source counts and does not give"
    _, result = night([1, 3], {"++": [3]})
    assert result.gap is None, "one was deleted, the other one came"


def test_rows_older_than_the_history_that_is_wanted_are_no_gap(night):
    options = {"history_start": START}
    night([1, 2, 3], {None: [2, 3]}, **options)
    server, result = night([1, 2, 3], {"+": [], "++": [], None: [2, 3]}, **options)
    assert server.begun_at == ["+", "++", None], "whether it is too old cannot be seen without asking once"
    assert (result.status, result.gap, result.reread_count) == ("ok", None, 0)
    server, result = night([1, 2, 3], {"+": []}, **options)
    assert (server.begun_at, result.gap) == (["+"], None)


def test_a_loss_is_noticed_also_where_older_rows_are_not_wanted(night, stored):
    options = {"history_start": START}
    night([1, 2, 3], {None: [2]}, **options)
    _, result = night([1, 2, 3], {"+": [], "++": [], None: [2, 3]}, **options)
    assert (result.status, result.reread_count) == ("ok", 1)
    assert stored() == [2, 3]


def test_reading_again_goes_on_in_the_next_night_where_it_was_cut_short(night, stored, warehouse):
    night(ALL_OF_A, {None: [1, 2]})
    _, result = night(ALL_OF_A, {"+": [], None: [3]}, fails_from_the_start=True)
    assert (result.status, result.error) == ("failed", str(DOWN))
    assert warehouse.cursors()["github", "a", "s"].current_pass.after == "page-2"
    assert (stored(), stored("gone_at IS NOT NULL")) == ([1, 2, 3], [])
    _, result = night(ALL_OF_A, {None: [4, 5]})
    assert (result.status, stored()) == ("ok", ALL_OF_A)


def test_a_full_reading_that_takes_several_nights_is_not_begun_again_at_its_end(warehouse, records):
    """What is older than the history that is wanted is lacking, however often everything is read."""
    mark = "2026-03-01T00:00:00+00:00"

    class Rationed(Server):
        """Ten pages of a row each, of fifteen that it counts; so many calls in a night."""

        left = 8

        def _pay(self):
            if self.left == 0:
                raise RateLimited("github", START)
            self.left -= 1

        def fetch(self, stream, scope, cursor):
            if cursor.watermark and not cursor.current_pass:
                self._pay()
                yield self._records.batch([], cursor.watermark)
                return
            for number in range(int(cursor.current_pass.after) if cursor.current_pass else 0, 10):
                self._pay()
                walk = Cursor(cursor.watermark, Pass(mark, str(number + 1)))
                rows, now = [self._records.pull_request(number)], self._records.now
                yield Batch(rows, Cursor(mark) if number == 9 else walk, number == 9, now, now)

        def census(self, stream, scope):
            self._pay()
            yield from map(str, range(15))

    def night(number):
        sources = {"github": (Rationed(records, [], {}), ["s"])}
        (result,) = ingest(warehouse, f"run-{number}", sources, history_start=START, censuses=ALWAYS)
        return result.status

    # Two nights for the first reading; two for the one that looks for what is lacking.
    assert [night(number) for number in range(7)] == ["failed", "ok", "failed", "ok", "ok", "ok", "ok"]


def test_what_was_just_read_from_the_beginning_is_not_read_so_again(night):
    night([1, 2], {None: [1]})
    server, result = night([1, 2], {None: [1], "+": []}, from_the_start=True, is_every_census_due=True)
    assert server.begun_at == [None, "+"]
    assert result.status == "failed"


def test_rows_that_are_gone_are_marked_in_the_same_night(night, stored):
    night([1, 2], {None: [1, 2]})
    _, result = night([2, 3], {"+": [], "++": [], None: [2, 3]})
    assert (stored(), stored("gone_at IS NOT NULL")) == ([1, 2, 3], [1])
    assert result.reread_count == 1


def test_between_two_censuses_nothing_is_compared(night, stored):
    weekly = {"censuses": {("github", "s"): Census("pull_request", timedelta(days=6, hours=12))}}
    night(ALL_OF_A, {None: [1]}, **weekly)
    server, _ = night(ALL_OF_A, {"+": []}, **weekly)
    assert server.begun_at == ["+"]
    assert stored() == [1]


# --- a version that reads more of each row


FIELDS, MORE_FIELDS = {("github", "s"): "v1"}, {("github", "s"): "v2"}


def test_a_version_that_reads_more_fields_reads_each_stream_again_once(night, stored):
    night([], {None: [1, 2]}, censuses={}, fields=FIELDS)
    server, _ = night([], {"+": [3]}, censuses={}, fields=FIELDS)
    assert server.begun_at == ["+"]
    server, result = night([], {None: [1, 2, 3, 4]}, censuses={}, fields=MORE_FIELDS)
    assert server.begun_at == [None]
    assert (stored(), result.rows_changed) == ([1, 2, 3, 4], 1), "rows stay, those that differ are written"
    server, _ = night([], {}, censuses={}, fields=MORE_FIELDS)
    assert server.begun_at == ["+"]


def test_what_an_older_version_has_read_is_read_again_once(night, warehouse):
    night([], {None: [1]}, censuses={}, fields=FIELDS)
    warehouse.con.execute("UPDATE ops.cursor SET fields = NULL")  # as it was before it was kept
    server, _ = night([], {None: [1]}, censuses={}, fields=FIELDS)
    assert server.begun_at == [None]
    server, _ = night([], {}, censuses={}, fields=FIELDS)
    assert server.begun_at == ["+"]


def test_reading_again_for_new_fields_goes_on_where_it_was_cut_short(night, stored, warehouse):
    night([], {None: [1, 2, 3]}, censuses={}, fields=FIELDS)
    night([], {None: [1]}, fails_from_the_start=True, censuses={}, fields=MORE_FIELDS)
    assert stored() == [1, 2, 3], "no row is lost meanwhile"
    walk = warehouse.cursors()["github", "a", "s"].current_pass
    night([], {None: [2, 3]}, censuses={}, fields=MORE_FIELDS)
    assert walk.after == "page-2"
    assert warehouse.cursors()["github", "a", "s"] == Cursor("+")


def test_a_column_that_was_added_reads_the_streams_again_that_fill_its_table(built, tmp_path):
    """As after an update: the stored fingerprint is that of another version."""
    place = built.copy_to(tmp_path)
    warehouse = Warehouse(place.home.warehouse)
    warehouse.con.execute("UPDATE ops.cursor SET fields = 'of another version' WHERE stream = 'releases'")
    warehouse.close()
    done = place.outcomes("run", "--as-of", "2026-11-02T03:10:00Z")
    assert done.code == 0, done
    notes = [line.partition(" note ")[2] for line in done.err.splitlines() if " note " in line]
    again = "text=github/releases: this version reads more of each row, so everything is read again once"
    assert [note for note in notes if "kept as they were" not in note] == [again]
    warehouse = Warehouse(place.home.warehouse)
    prints = warehouse.con.execute("SELECT count(*) FROM ops.cursor WHERE fields = 'of another version'")
    assert prints.fetchall() == [(0,)]
    warehouse.close()


PLACES = """
[organisation]
id = "acme"
name = "Acme"
time_zone = "Europe/Berlin"

[[source]]
name = "github"
kind = "github"

[[source]]
name = "jira"
kind = "jira"
base_url = "https://acme.atlassian.net"
"""


def test_what_decides_who_answered_first_reads_the_issues_again_and_nothing_else(tmp_path):
    def prints(rules):
        path = tmp_path / "outcomes.toml"
        path.write_text(f"{PLACES}[rules]\n{rules}\n", encoding="utf-8")
        return field_prints(load(path))

    def changed(before, after):
        first, second = prints(before), prints(after)
        return sorted(key for key in first if first[key] != second[key])

    issues = [("github", "issues"), ("jira", "issues")]
    assert changed("", 'user_reported = ["customer"]') == issues
    assert changed('user_reported = ["customer"]', 'user_reported = ["customer", "support"]') == issues
    both = ('user_reported = ["customer"]', 'user_reported = ["customer"]\nbots = ["ci-*"]')
    assert changed(*both) == issues
    assert changed("", 'bots = ["ci-*"]') == [], "without reports nobody's comments are read"
