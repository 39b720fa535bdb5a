"""What a snapshot tells of the rules: counts by hand, and nobody's name; of open surveys tens alone."""

from datetime import UTC, datetime

import duckdb
import pytest

from pipelines.nights import CRON, next_night
from pipelines.published_settings import ENVIRONMENTS_SHOWN, SETTINGS_TABLES
from pipelines.survey.open_surveys import open_surveys

TABLES = """
CREATE SCHEMA raw; CREATE SCHEMA config; CREATE SCHEMA staged; CREATE SCHEMA survey;
CREATE TABLE raw.issue (source VARCHAR, id VARCHAR, type VARCHAR, labels VARCHAR[], status_id VARCHAR,
    status VARCHAR, gone_at TIMESTAMPTZ);
CREATE TABLE raw.pull_request (source VARCHAR, id VARCHAR, head_ref VARCHAR, labels VARCHAR[],
    gone_at TIMESTAMPTZ);
CREATE TABLE raw.deployment (source VARCHAR, id VARCHAR, environment VARCHAR, original_environment VARCHAR,
    gone_at TIMESTAMPTZ);
CREATE TABLE raw.account (source VARCHAR, id VARCHAR, login VARCHAR, kind VARCHAR, gone_at TIMESTAMPTZ);
CREATE TABLE staged.stg_status (source VARCHAR, status_id VARCHAR, status_name VARCHAR, means VARCHAR);
CREATE TABLE staged.stg_deployment (service_id VARCHAR, item_id VARCHAR);
CREATE TABLE config.incident_label (label VARCHAR); CREATE TABLE config.incident_issue_type (type VARCHAR);
CREATE TABLE config.unplanned_work (name VARCHAR); CREATE TABLE config.user_reported (name VARCHAR);
CREATE TABLE config.decision_issue_type (type VARCHAR); CREATE TABLE config.hotfix_label (label VARCHAR);
CREATE TABLE config.hotfix_branch (pattern VARCHAR); CREATE TABLE config.architecture_label (label VARCHAR);
CREATE TABLE config.production_environment (pattern VARCHAR); CREATE TABLE config.bot (pattern VARCHAR);
CREATE TABLE config.status (source VARCHAR, name VARCHAR, means VARCHAR);
CREATE TABLE config.service (id VARCHAR, deployments_from VARCHAR, deployments_match VARCHAR);
"""


@pytest.fixture
def con():
    with duckdb.connect() as opened:
        opened.execute(TABLES)
        yield opened


def asked(con, table, *statements, times=10):
    """What is published of these rows, when each of a source's stands there ten times: counts are in tens."""
    for statement in statements:
        con.execute(statement)
    for one in ("issue", "pull_request", "deployment", "account"):
        copies = (
            f"SELECT t.* REPLACE (t.id || '-' || i AS id) FROM raw.{one} AS t, range({times - 1}) AS r(i)"
        )
        con.execute(f"INSERT INTO raw.{one} {copies}")
    return con.execute(SETTINGS_TABLES[table]).fetchall()


def matches(con, *statements):
    return {(rule, value): (items, of) for rule, value, _, items, of in asked(con, "rule_match", *statements)}


def test_words_are_counted_over_all_that_was_read_whatever_their_capitals(con):
    found = matches(
        con,
        "INSERT INTO raw.issue VALUES ('j', '1', 'Bug', ['Incident', 'bug'], '1', 'To Do', NULL),"
        "('j', '2', 'Story', ['incident'], '1', 'To Do', NULL), ('j', '3', 'bug', [], '1', 'To Do', now()),"
        "('j', '4', NULL, NULL, '1', 'To Do', NULL)",
        "INSERT INTO config.incident_label VALUES ('incident'), ('outage')",
        "INSERT INTO config.unplanned_work VALUES ('bug')",
    )
    # The third issue is gone; the first is a bug by type and by label, and one issue.
    assert found == {
        ("incident_labels", "incident"): (20, 30),
        ("incident_labels", "outage"): (0, 30),
        ("unplanned_work", "bug"): (10, 30),
    }


@pytest.mark.parametrize(("times", "told"), [(1, None), (9, None), (10, 10), (14, 10), (15, 20)])
def test_counts_are_in_tens_and_few_are_not_told_apart(con, times, told):
    [row] = asked(
        con,
        "rule_match",
        "INSERT INTO raw.issue VALUES ('j', '1', 'Bug', ['outage'], '1', 'To Do', NULL)",
        "INSERT INTO config.incident_label VALUES ('outage')",
        times=times,
    )
    assert row[3:] == (told, told)


def test_changes_are_matched_by_label_and_by_branch(con):
    found = matches(
        con,
        "INSERT INTO raw.pull_request VALUES ('g', '1', 'hotfix/rounding', [], NULL),"
        "('g', '2', 'Hotfix/Tax', ['HOTFIX'], NULL), ('g', '3', 'prices', ['adr'], NULL), ('g', '4', "
        "NULL, NULL, NULL)",
        "INSERT INTO config.hotfix_branch VALUES ('hotfix/*')",
        "INSERT INTO config.hotfix_label VALUES ('hotfix')",
        "INSERT INTO config.architecture_label VALUES ('adr')",
    )
    assert found == {
        ("hotfix_branches", "hotfix/*"): (20, 40),
        ("hotfix_labels", "hotfix"): (10, 40),
        ("architecture_labels", "adr"): (10, 40),
    }


def test_a_pattern_that_is_a_login_is_counted_and_never_said(con):
    found = matches(
        con,
        "INSERT INTO raw.account VALUES ('g', '1', 'dependabot[bot]', 'Bot', NULL), ('g', '2', "
        "'Ada-Weiss', 'User', NULL),"
        "('g', '3', 'acme-ci', 'User', NULL), ('g', '4', 'bela-kaya', 'User', NULL)",
        "INSERT INTO config.bot VALUES ('*[[]bot]'), ('ada-weiss*'), ('acme-ci'), ('renovate*'), "
        "('bela@example.org*')",
    )
    # Not said: a login with a star after it, a login in full, an address. They match two accounts.
    assert found == {("bots", "*[[]bot]"): (10, 40), ("bots", "renovate*"): (0, 40), ("bots", None): (20, 40)}


def test_environments_are_told_by_name_but_previews_that_name_somebody(con):
    found = asked(
        con,
        "environment",
        "INSERT INTO raw.account VALUES ('g', '1', 'ada-weiss', 'User', NULL)",
        "INSERT INTO config.production_environment VALUES ('prod*')",
        "INSERT INTO raw.deployment VALUES ('g', '1', 'Production', NULL, NULL), ('g', '2', 'production', "
        "NULL, NULL),"
        "('g', '3', 'staging', NULL, NULL), ('g', '4', 'preview-Ada-Weiss', NULL, NULL), ('g', '5', "
        "'x@y.org', NULL, NULL),"
        "('g', '6', NULL, 'prod-eu', NULL), ('g', '7', 'staging', NULL, now())",
    )
    assert found == [
        ("g", "production", True, 20, 1),
        ("g", "prod-eu", True, 10, 1),
        ("g", None, False, 20, 2),
        ("g", "staging", False, 10, 1),
    ]


def test_of_thousands_of_previews_the_most_frequent_are_named(con):
    found = asked(
        con,
        "environment",
        "INSERT INTO config.production_environment VALUES ('prod')",
        "INSERT INTO raw.deployment SELECT 'g', i::VARCHAR, 'preview-' || i, NULL, NULL FROM range(100) "
        "AS r(i)",
        "INSERT INTO raw.deployment VALUES ('g', 'p', 'prod', NULL, NULL)",
    )
    assert found[0] == ("g", "prod", True, 10, 1)
    # One name is production's.
    assert len(found) == ENVIRONMENTS_SHOWN + 1
    assert [row[2:] for row in found if row[1] is None] == [(False, 610, 61)]


def test_a_status_tells_what_it_means_by_whom_and_how_many_items_are_in_it(con):
    found = asked(
        con,
        "status_meaning",
        "INSERT INTO staged.stg_status VALUES ('j', '1', 'To Do', 'backlog'), ('j', '2', 'Parked', "
        "'unknown'),"
        "('j', '3', 'Blocked', 'waiting')",
        "INSERT INTO config.status VALUES ('j', 'blocked', 'waiting'), ('other', 'To Do', 'active')",
        "INSERT INTO raw.issue VALUES ('j', '1', 'Bug', [], '2', 'Parked', NULL), ('j', '2', 'Bug', [], "
        "'2', 'Parked', now()),"
        "('j', '3', 'Bug', [], '1', 'To Do', NULL)",
    )
    assert found == [
        ("j", "3", "Blocked", "waiting", True, 0),
        ("j", "2", "Parked", "unknown", False, 10),
        ("j", "1", "To Do", "backlog", False, 10),
    ]


def test_a_service_tells_whether_any_of_its_deployments_is_recognised(con):
    found = asked(
        con,
        "service_rule",
        "INSERT INTO config.service VALUES ('basket', 'tags', '^v'), ('ledger', 'deployments', '')",
        "INSERT INTO staged.stg_deployment VALUES ('basket', 'g:1'), ('basket', 'g:2'), ('basket', 'g:2')",
    )
    assert found == [("basket", "tags", "^v", True), ("ledger", "deployments", "", False)]


# --- open surveys


def test_an_open_survey_without_a_box_has_its_dates_and_no_turnout(con, tmp_path):
    con.execute("SET TimeZone = 'UTC'")
    con.execute(
        "CREATE TABLE survey.wave AS SELECT * FROM (VALUES "
        "('2026-Q3', 'quarterly', 'Old', TIMESTAMPTZ '2026-09-01 22:00:00+00', TIMESTAMPTZ '2026-09-11 "
        "22:00:00+00',"
        " 'published', NULL::TIMESTAMPTZ, 'here', 'Europe/Berlin'),"
        "('2026-Q4', 'quarterly', 'New', TIMESTAMPTZ '2026-11-01 23:00:00+00', TIMESTAMPTZ '2026-11-12 "
        "23:00:00+00',"
        " 'open', NULL, 'here', 'Europe/Berlin'),"
        "('2026-Q2', 'quarterly', 'Elsewhere', TIMESTAMPTZ '2026-05-01 23:00:00+00', TIMESTAMPTZ "
        "'2026-05-12 23:00:00+00',"
        " 'closed', NULL, 'elsewhere', NULL)) AS w(wave_id, kind, title, opens_at, closes_at, state, "
        "closed_at, origin,"
        " time_zone)"
    )
    [row] = open_surveys(con, tmp_path)
    # Midnight in Berlin: the second of November is the first day, the twelfth the last.
    assert [str(one) for one in row] == [
        *("2026-Q4", "quarterly", "New", "2026-11-02", "2026-11-12", "open", "None", "None"),
    ]
    assert list(tmp_path.iterdir()) == [], "no box is made by looking for it"


def test_a_box_that_cannot_be_read_keeps_nothing_from_being_published(con, tmp_path):
    con.execute(
        "CREATE TABLE survey.wave AS SELECT '2026-Q4' AS wave_id, 'quarterly' AS kind, 'New' AS title, "
        "now() AS opens_at, now() + INTERVAL 5 DAY AS closes_at, 'open' AS state, NULL::TIMESTAMPTZ AS "
        "closed_at, "
        "'here' AS origin, 'UTC' AS time_zone"
    )
    (tmp_path / "ballots.sqlite").write_bytes(b"not a box")
    [row] = open_surveys(con, tmp_path)
    assert row[-2:] == (None, None)


# --- the next run


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-11-05T03:09:59", "2026-11-05T03:10:00"),
        ("2026-11-05T03:10:00", "2026-11-06T03:10:00"),
        ("2026-12-31T12:00:00", "2027-01-01T03:10:00"),
    ],
)
def test_the_next_night_is_that_of_the_schedule(now, due):
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert next_night(at) == datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert CRON == "10 3 * * *"
