"""What becomes of a check's rows: whose they are, in which quarter, how many are published, what warns."""

from datetime import UTC, datetime

import duckdb
import pytest

from pipelines.catalog import load_metrics
from pipelines.catalog_headers import CatalogError
from pipelines.compute import aggregation_frames, compute_metric, prepare_published
from pipelines.data_checks import DataCheck, DataCheckHeader, load_checks, note_error, prepare, write_check
from pipelines.models import observe

READ = ["staged.stg_period", "facts.dim_item", "facts.dim_service_owner"]
CHECKS = load_checks()
ORGANISATION = """
CREATE SCHEMA config; CREATE SCHEMA staged; CREATE SCHEMA facts;
CREATE TABLE config.organisation AS SELECT 'UTC' AS time_zone;
CREATE TABLE config.rule AS SELECT 0.8::DOUBLE AS coverage_floor;
CREATE TABLE config.run AS SELECT TIMESTAMPTZ '2026-04-01 12:00:00+00' AS as_of;
CREATE TABLE config.department AS FROM (VALUES ('all', NULL), ('web', 'all')) AS t(id, parent);
CREATE TABLE config.team AS FROM (VALUES ('old', 'web'), ('new', 'web')) AS t(id, department);
CREATE TABLE staged.stg_period AS FROM (VALUES
    ('quarter', '2025-Q4', DATE '2025-10-01', DATE '2026-01-01'),
    ('quarter', '2026-Q1', DATE '2026-01-01', DATE '2026-04-01'),
    ('quarter', '2026-Q2', DATE '2026-04-01', DATE '2026-07-01'),
    ('month', '2026-03', DATE '2026-03-01', DATE '2026-04-01')
) AS t(grain, period, period_start, period_end);
CREATE TABLE facts.dim_service_owner AS FROM (VALUES
    ('shop', 'old', NULL, TIMESTAMPTZ '2026-02-01 00:00:00+00'),
    ('shop', 'new', TIMESTAMPTZ '2026-02-01 00:00:00+00', NULL),
    ('till', 'new', NULL, NULL)
) AS t(service_id, team_id, valid_from_at, valid_to_at);
CREATE TABLE facts.dim_item AS
    SELECT 'thing' AS item_kind, 'named' AS item_id, 'thing 1' AS label, 'https://x' AS url;
"""
"""Now is noon of 1 April 2026: 2026-Q1 is the last closed quarter. The shop changed hands on 1 February."""


def row(item, at, reason=None, service="shop", team=None):
    moment = "NULL" if at is None else f"TIMESTAMPTZ '{at}'"
    told = "NULL" if reason is None else f"'{reason}'"
    owner = "NULL" if team is None else f"'{team}'"
    shop = "NULL" if service is None else f"'{service}'"
    return (
        f"SELECT 'thing'::VARCHAR AS item_kind, '{item}'::VARCHAR AS item_id, NULL::VARCHAR AS label, "
        f"NULL::VARCHAR AS url, {shop}::VARCHAR AS service_id, {owner}::VARCHAR AS team_id, "
        f"{moment}::TIMESTAMPTZ AS occurred_at, {told}::VARCHAR AS reason, NULL::DOUBLE AS hours"
    )


def made_of(*rows, counted="quarter", severity="warning", has_floor=False):
    """A check that returns these rows."""
    header = DataCheckHeader(
        title="Odd things",
        question="Which things are odd?",
        meaning="They are odd.",
        action="Mend them.",
        about="join" if has_floor else "order",
        things=["thing", "things"],
        counted=counted,
        severity=severity,
        has_floor=has_floor,
        reasons={"odd": "it is odd"},
        depends_on=["facts.dim_item"],
    )
    return DataCheck("odd", header, " UNION ALL ".join(rows))


@pytest.fixture
def counts():
    """Make a check on that organisation, after these statements."""
    con = duckdb.connect()
    con.execute(f"SET TimeZone = 'UTC'; {ORGANISATION}")

    def made(check, *changes):
        for change in changes:
            con.execute(change)
        prepare(con, [check])
        return con, write_check(con, check)

    yield made
    con.close()


def published(con, scope):
    return con.execute(
        "SELECT period, looked_at, found, severity FROM published.data_check WHERE scope = ? ORDER BY ALL",
        [scope],
    ).fetchall()


def test_a_thing_is_its_owners_of_that_day_and_counts_once_above(counts):
    # `two` is the shop's and the till's, both of which `new` owns on 1 February 00:00: once for the team.
    con, found = counts(
        made_of(
            row("one", "2026-01-31 23:59:59+00", "odd"),
            row("two", "2026-02-01 00:00:00+00", "odd"),
            row("two", "2026-02-01 00:00:00+00", service="till"),
            row("stray", "2026-02-01 00:00:00+00", "odd", service=None),
        )
    )
    assert published(con, "team:old") == [("2026-Q1", 1, 1, "warning")]
    assert published(con, "team:new") == [("2026-Q1", 1, 1, "warning")]
    assert (
        published(con, "department:web") == published(con, "department:all") == [("2026-Q1", 2, 2, "warning")]
    )
    assert published(con, "service:till") == [("2026-Q1", 1, 0, "none")]
    assert published(con, "organisation") == [("2026-Q1", 3, 3, "warning")]
    assert (found.looked_at, found.found, found.is_fine) == (3, 3, False)


def test_a_row_may_say_itself_whose_it_is(counts):
    con, _ = counts(made_of(row("one", "2026-03-01 00:00:00+00", "odd", service=None, team="old")))
    assert published(con, "team:old") == [("2026-Q1", 1, 1, "warning")]


def test_a_quarter_begins_at_local_midnight(counts):
    # In Berlin 2026 begins at 23:00 UTC of 31 December.
    con, _ = counts(
        made_of(row("one", "2025-12-31 22:59:59+00"), row("two", "2025-12-31 23:00:00+00")),
        "UPDATE config.organisation SET time_zone = 'Europe/Berlin'",
    )
    assert published(con, "organisation") == [("2025-Q4", 1, 0, "none"), ("2026-Q1", 1, 0, "none")]


def test_what_holds_now_has_no_quarter_and_what_is_older_than_all_is_not_counted(counts):
    con, _ = counts(made_of(row("one", None, "odd"), row("two", "2062-01-01 00:00:00+00"), counted="now"))
    assert published(con, "team:new") == [(None, 2, 1, "warning")]
    con, found = counts(made_of(row("one", "2019-01-01 00:00:00+00", "odd")))
    assert published(con, "organisation") == []
    assert (found.looked_at, found.is_fine) == (0, True)


def test_now_is_part_of_the_quarter_that_ends_at_it(counts):
    con, _ = counts(
        made_of(row("one", "2026-04-01 00:00:00+00")),
        "UPDATE config.run SET as_of = '2026-04-01 00:00:00+00'",
        "DELETE FROM staged.stg_period WHERE period = '2026-Q2'",
    )
    assert published(con, "organisation") == [("2026-Q1", 1, 0, "none")]


@pytest.mark.parametrize(
    ("floor", "odd", "severity"), [(0.8, 1, "note"), (0.8, 2, "warning"), (0.6, 2, "note"), (0.0, 5, "note")]
)
def test_a_join_warns_below_the_configured_floor(counts, floor, odd, severity):
    # Of five: one odd leaves 0.8, just the floor; two leave 0.6.
    rows = [row(f"t{i}", "2026-03-01 00:00:00+00", "odd" if i < odd else None) for i in range(5)]
    con, found = counts(made_of(*rows, has_floor=True), f"UPDATE config.rule SET coverage_floor = {floor}")
    assert published(con, "organisation") == [("2026-Q1", 5, odd, severity)]
    assert found.is_fine == (severity == "note")


def test_a_note_and_an_old_finding_ask_for_nothing(counts):
    _, found = counts(made_of(row("one", "2026-03-01 00:00:00+00", "odd"), severity="note"))
    assert found.is_fine
    _, found = counts(made_of(row("one", "2025-12-01 00:00:00+00", "odd")))
    assert (found.found, found.is_fine) == (1, True)  # neither in Q1, the last closed one, nor since


def test_the_newest_twenty_rows_are_published_with_how_many_there_are(counts):
    rows = [row(f"t{day:02}", f"2026-03-{day:02} 00:00:00+00", "odd") for day in range(1, 31)]
    con, _ = counts(made_of(*rows))
    found = con.execute(
        "SELECT item_id, found, detail, label, team_id FROM published.data_check_item ORDER BY occurred_at"
    ).fetchall()
    assert [item for item, *_ in found] == [f"t{day:02}" for day in range(11, 31)]
    assert set(found) >= {("t30", 30, "it is odd", "t30", "new")}


def test_label_and_page_are_the_items(counts):
    con, _ = counts(made_of(row("named", "2026-03-01 00:00:00+00", "odd")))
    assert con.execute("SELECT label, url FROM published.data_check_item").fetchall() == [
        ("thing 1", "https://x")
    ]


def test_every_check_can_be_made_where_nothing_has_happened(build):
    con = build({}, [*READ, *{table for one in CHECKS.values() for table in one.header.depends_on}])
    prepare(con, list(CHECKS.values()))
    assert {name: write_check(con, one).found for name, one in CHECKS.items()} == dict.fromkeys(CHECKS, 0)
    columns = con.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name LIKE 'data_check%'"
    ).fetchall()
    assert not {name for (name,) in columns} & {"title_of_item", "author", "account", "person"}


def test_another_shape_and_an_unknown_reason_are_refused(counts):
    with pytest.raises(CatalogError, match=r"odd.sql: reasons: strange not explained"):
        counts(made_of(row("one", "2026-03-01 00:00:00+00", "strange")))
    with pytest.raises(CatalogError, match=r"odd.sql: columns: must be item_kind, item_id"):
        counts(DataCheck("odd", made_of(row("one", None)).header, "SELECT 1 AS one"))


def test_a_check_that_fails_says_so_and_leaves_no_counts(counts):
    con, _ = counts(made_of(row("one", "2026-03-01 00:00:00+00", "odd")))
    broken = DataCheck("odd", made_of(row("one", None)).header, "SELECT * FROM facts.nowhere")
    with pytest.raises(duckdb.CatalogException):
        write_check(con, broken)
    assert not note_error(con, broken, "there is no facts.nowhere").is_fine
    assert con.execute("SELECT error FROM published.data_check_catalog").fetchall() == [("its query fails",)]
    assert published(con, "organisation") == []


@pytest.mark.parametrize(("floor", "reason"), [(0.8, "low_coverage"), (0.5, None)])
def test_the_configured_floor_withholds_a_metric(build, floor, reason):
    # Six changes are merged and deployed, five more into a commit that nobody knows: 6 of 11, 55 %.
    metric = load_metrics()["change_lead_time"]
    merged = [f"2026-03-{day:02}T10:00" for day in range(2, 13)]
    given = {
        "history": {"1": "m0 " + " ".join(f"m{i}" for i in range(1, 7))},
        "pull_request": [
            {"id": i, "first_commit": merged[0], "merged_at": at} for i, at in enumerate(merged, 1)
        ],
        "deployment": [{"id": "m0", "at": "2026-01-02T00:00"}, {"id": "m6", "at": "2026-03-20T00:00"}],
        "config": {"rule": [{"incident_window_hours": 24.0, "coverage_floor": floor}]},
        "as_of": datetime(2026, 4, 1, 12, tzinfo=UTC),
    }
    con = build(given, [*metric.depends_on, *READ, "facts.dim_service_calendar"])
    prepare_published(con, {metric.name: metric})
    compute_metric(con, metric, observe(con, metric), aggregation_frames(con))
    found = con.execute(
        "SELECT coverage_linked, coverage_eligible, withheld_reason, value IS NULL "
        "FROM published.metric_values WHERE scope = 'team:team' AND period = '2026-Q1' AND statistic = 'p50'"
    ).fetchall()
    assert found == [(6, 11, reason, reason is not None)]
