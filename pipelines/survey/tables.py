"""The warehouse's schema `survey`. It alone knows who was asked; answers are never in it.

`published_*`, `unit_sum` and the view `published_wave` hold no persons; `plan_member`, `wave_member` and
`asked` do, and never leave the warehouse.
"""

SURVEY_TABLES = """
CREATE SCHEMA IF NOT EXISTS survey;
CREATE TABLE IF NOT EXISTS survey.plan (
    plan_id VARCHAR, year_label VARCHAR, made_at TIMESTAMPTZ, bank VARCHAR, least_members INTEGER
);
CREATE TABLE IF NOT EXISTS survey.plan_group (
    plan_id VARCHAR, group_id VARCHAR, name VARCHAR, kind VARCHAR, parent VARCHAR
);
CREATE TABLE IF NOT EXISTS survey.plan_unit (
    plan_id VARCHAR, unit_id VARCHAR, name VARCHAR, parent VARCHAR, parts JSON, is_newcomers BOOLEAN
);
CREATE TABLE IF NOT EXISTS survey.plan_member (
    plan_id VARCHAR, account VARCHAR, unit_id VARCHAR, since VARCHAR
);
CREATE TABLE IF NOT EXISTS survey.wave (
    wave_id VARCHAR PRIMARY KEY, plan_id VARCHAR, kind VARCHAR, title VARCHAR, bank VARCHAR,
    bank_version JSON, opens_at TIMESTAMPTZ, closes_at TIMESTAMPTZ, state VARCHAR,
    closed_at TIMESTAMPTZ, published_at TIMESTAMPTZ, origin VARCHAR, languages VARCHAR[], reliability JSON,
    least_answers INTEGER, time_zone VARCHAR
);
CREATE TABLE IF NOT EXISTS survey.wave_item (
    wave_id VARCHAR, position INTEGER, item VARCHAR, version INTEGER, dimension VARCHAR,
    dimension_name VARCHAR, text VARCHAR, is_reversed BOOLEAN, least_level VARCHAR, scale VARCHAR[],
    attribution VARCHAR
);
ALTER TABLE survey.wave_item ADD COLUMN IF NOT EXISTS bank VARCHAR;
ALTER TABLE survey.wave_item ADD COLUMN IF NOT EXISTS wording VARCHAR;
CREATE TABLE IF NOT EXISTS survey.wave_group (
    wave_id VARCHAR, group_id VARCHAR, name VARCHAR, kind VARCHAR, parent VARCHAR
);
CREATE TABLE IF NOT EXISTS survey.wave_unit (
    wave_id VARCHAR, unit_id VARCHAR, name VARCHAR, parent VARCHAR, parts JSON, is_newcomers BOOLEAN,
    members INTEGER
);
CREATE TABLE IF NOT EXISTS survey.wave_member (wave_id VARCHAR, account VARCHAR, unit_id VARCHAR);
CREATE TABLE IF NOT EXISTS survey.asked (
    plan_id VARCHAR, wave_id VARCHAR, kind VARCHAR, account VARCHAR, unit_id VARCHAR
);
CREATE TABLE IF NOT EXISTS survey.published_cell (
    wave_id VARCHAR, scope_kind VARCHAR, scope VARCHAR, scope_name VARCHAR, parent VARCHAR,
    dimension VARCHAR, item VARCHAR, item_version INTEGER, statistic VARCHAR, position INTEGER,
    value DOUBLE, low DOUBLE, high DOUBLE, label VARCHAR, n INTEGER, "of" INTEGER,
    withheld_reason VARCHAR, is_series_broken BOOLEAN
);
CREATE TABLE IF NOT EXISTS survey.published_unit (
    wave_id VARCHAR, unit_id VARCHAR, name VARCHAR, parent VARCHAR, members INTEGER
);
CREATE TABLE IF NOT EXISTS survey.unit_sum (
    wave_id VARCHAR, unit_id VARCHAR, dimension VARCHAR, item VARCHAR, total BIGINT, n INTEGER
);
CREATE VIEW IF NOT EXISTS survey.published_wave AS
    SELECT
        wave_id, kind, title,
        CAST(opens_at AT TIME ZONE coalesce(time_zone, 'UTC') AS DATE) AS opens_on,
        CAST(
            (greatest(opens_at, least(closed_at, closes_at)) - INTERVAL 1 MICROSECOND)
            AT TIME ZONE coalesce(time_zone, 'UTC') AS DATE
        ) AS closes_on,
        CAST(published_at AT TIME ZONE coalesce(time_zone, 'UTC') AS DATE) AS published_on,
        origin, reliability
    FROM survey.wave WHERE state = 'published';
"""
"""Made where they are missing. A wave is `open`, `closed`, `published`, or `discarded` without publication;
`least_answers` is what `[privacy] k` was when people were asked. Days are those of its time zone, and what
closes at midnight was open until the day before. `asked` keeps who was asked in each wave of the current
plan, in which unit: it tells by how many people a unit's roster differs, after
`wave_member` is gone. `wave_item.bank` is the bank or module that an item comes from, `attribution` and
`wording` what that one says of its words; an older version's waves have neither `bank` nor `wording`.
`plan_member.since` is the quarter from which on a person is in the plan."""
