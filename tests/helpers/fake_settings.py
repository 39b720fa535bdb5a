"""The rules of the made-up organisation, what they match, and what a snapshot of the newest format tells."""

from datetime import UTC, datetime

import duckdb

NEXT_RUN = datetime(2026, 11, 6, 3, 10, tzinfo=UTC)
_TABLES = f"""
alter table run add column snapshot_format INTEGER;
alter table run add column next_run_at TIMESTAMPTZ;
update run set snapshot_format = 2, next_run_at = '{NEXT_RUN:%Y-%m-%d %H:%M}+00';
create table rule as select 24.0::DOUBLE as incident_window_hours, 0.8::DOUBLE as coverage_floor,
  8 as least_answers, 10 as least_unit_size, DATE '2025-03-31' as history_start, 'Europe/Berlin' as time_zone,
  4 as quarter_start_month;
create table rule_match (rule VARCHAR, value VARCHAR, thing VARCHAR, items BIGINT, looked_at BIGINT);
insert into rule_match values
  ('production_environments', 'production', 'deployment', 2000, 3840),
  ('production_environments', 'live', 'deployment', 0, 3840),
  ('hotfix_labels', 'hotfix', 'pull request', 40, 6170),
  ('incident_labels', 'outage', 'issue', 0, 3500),
  ('bots', '*[[]bot]', 'account', NULL, 70),
  ('bots', NULL, 'account', NULL, 70);
create table environment (
  source VARCHAR, name VARCHAR, is_production BOOLEAN, deployments BIGINT, names BIGINT);
insert into environment values
  ('github', 'production', true, 2000, 1), ('github', 'staging', false, 1420, 1),
  ('github', NULL, false, NULL, 31);
create table status_meaning (
  source VARCHAR, status_id VARCHAR, name VARCHAR, means VARCHAR, is_configured BOOLEAN, items BIGINT);
insert into status_meaning values
  ('jira', '1', 'Blocked', 'waiting', true, NULL), ('jira', '2', 'Done', 'done', false, 2930),
  ('jira', '3', 'Parked', 'unknown', false, 20);
create table service_rule (
  service VARCHAR, deployments_from VARCHAR, deployments_match VARCHAR, is_recognised BOOLEAN);
insert into service_rule values
  ('basket', 'deployments', '', true), ('search', 'tags', '^v[0-9]', true), ('ledger', 'inbox', '', false);
create table agreed_hours (service VARCHAR, weekday INTEGER, begins TIME, ends TIME, time_zone VARCHAR);
insert into agreed_hours
  select service, weekday, TIME '08:00', TIME '18:00', 'Europe/Berlin'
  from (values ('basket'), ('search')) as s(service), unnest([1, 2, 3, 4]) as d(weekday);
insert into agreed_hours values
  ('ledger', 6, TIME '22:00', NULL, 'UTC'), ('ledger', 1, TIME '22:00', NULL, 'UTC');
create table open_survey (wave_id VARCHAR, kind VARCHAR, title VARCHAR, opens_on DATE, closes_on DATE,
  state VARCHAR, answered VARCHAR, asked VARCHAR);
create table unowned (kind VARCHAR, source VARCHAR, name VARCHAR, why VARCHAR, items BIGINT);
insert into unowned values
  ('repository', 'github', 'fennel/old-shop', 'belongs to no service', 1),
  ('repository', 'github', 'fennel/tools', 'belongs to no service', 1),
  ('incident_service', 'pagerduty', 'Mainframe', 'no service names it under incident_services', 4),
  ('members', NULL, 'atlas', 'no source knows these members by the names in the configuration', 2);
"""


def add(con: duckdb.DuckDBPyConnection) -> None:
    """Put the tables beside the others."""
    con.execute(_TABLES)


def of_the_oldest_format(con: duckdb.DuckDBPyConnection) -> None:
    """Take away all that the oldest format does not have."""
    con.execute("alter table run drop column snapshot_format; alter table run drop column next_run_at")
    for table in (
        *("rule", "rule_match", "environment", "status_meaning", "service_rule", "agreed_hours"),
        *("open_survey", "unowned"),
    ):
        con.execute(f"drop table {table}")
