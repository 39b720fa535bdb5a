"""With the rule on, what is shown is what it was without, and what fewer than three worked on is withheld.

The run of these tests has the rule switched off, so that every planted number can be looked at. Here the same
warehouse is aggregated with it. Who was active is counted from the raw rows, by this file alone.
"""

from collections import defaultdict
from datetime import timedelta
from fnmatch import fnmatch
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipelines.aggregate import aggregate
from pipelines.catalog import load_metrics
from pipelines.compute import aggregation_frames, with_few_people
from pipelines.models import observe

LEAST = 3
FEW = "few_people"
FLOWS = ("change_lead_time", "change_failure_rate", "throughput")
"""A duration, a ratio and a count."""
LEVEL = "work_in_progress"
UP_TO_A_LEVEL = timedelta(weeks=4)
KEY = ("scope", "grain", "period_start", "statistic")
TOLD = ("value", "n", "low", "high", "open_count", "coverage_linked", "coverage_eligible", "withheld_reason")
"""Verdicts are left out: what is expected of a week follows from the weeks that are shown."""
ACTS = """
SELECT p.repository_id, a.account, a.at FROM raw.pull_request p, LATERAL (
    SELECT p.author_id AS account, p.created_at AS at
    UNION ALL SELECT p.author_id, p.merged_at
    UNION ALL SELECT p.merged_by_id, p.merged_at
    UNION ALL
    SELECT r.author_id, r.submitted_at FROM raw.review r
    WHERE r.source = p.source AND r.pull_request_id = p.id AND r.gone_at IS NULL AND r.state <> 'PENDING'
) a
WHERE p.source = 'github' AND p.gone_at IS NULL AND a.at IS NOT NULL
"""


class Activity:
    """Who was active where, and on which local days: by the raw rows alone; GitHub has every pull request."""

    def __init__(self, con):
        self._con = con
        [(zone, self._first, self._end)] = self._rows(
            "SELECT time_zone, (SELECT min(period_start) FROM staged.stg_period), "
            "(SELECT max(period_end) FROM staged.stg_period) FROM config.organisation"
        )
        self._zone = ZoneInfo(zone)
        self._departments = dict(self._rows("SELECT id, department FROM config.team"))
        self._owners = self._spells("SELECT service, team, valid_from, valid_to FROM config.service_owner")
        self._members = self._spells("SELECT team, account, valid_from, valid_to FROM config.team_member")
        self._persons = dict(self._rows("SELECT lower(account), person FROM raw.person_account"))
        self.days = defaultdict(lambda: defaultdict(set))
        """Scope → local day → who was active on it."""
        for service in self._owners.keys() - self._noted_acts():
            self._note_members(service)

    def _rows(self, sql):
        return self._con.execute(sql).fetchall()

    def _spells(self, sql):
        """What belongs to a name, from a day on, until before another one."""
        found = defaultdict(list)
        for name, other, since, until in self._rows(sql):
            found[name].append((other, since or self._first, until or self._end))
        return found

    def _person(self, login):
        return self._persons.get(login.lower(), login.lower())

    def _noted_acts(self):
        """Note what people did in pull requests; the services that any pull request belongs to."""
        bots = [pattern for (pattern,) in self._rows("SELECT pattern FROM config.bot")]
        people = {
            account: self._person(login)
            for account, login, kind in self._rows(
                "SELECT id, login, kind FROM raw.account WHERE source = 'github'"
            )
            if kind != "Bot" and not any(fnmatch(login, pattern) for pattern in bots)
        }
        services = defaultdict(list)
        for repository, service in self._rows(
            "SELECT r.id, s.service FROM config.service_repository s "
            "JOIN raw.repository r ON list_contains(r.configured_names, s.repository)"
        ):
            services[repository].append(service)
        acts = self._rows(ACTS)
        for repository, account, at in acts:
            for service in services[repository] if account in people else ():
                self._note(service, at.astimezone(self._zone).date(), people[account])
        return {service for repository, *_ in acts for service in services[repository]}

    def _note_members(self, service):
        """Nobody is seen at work on it: it may have been anyone of the team that owned it."""
        for team, since, until in self._owners[service]:
            for account, joined, left in self._members[team]:
                day = max(since, joined)
                while day < min(until, left):
                    self._note(service, day, self._person(account))
                    day += timedelta(days=1)

    def _note(self, service, day, person):
        teams = [team for team, since, until in self._owners[service] if since <= day < until]
        departments = [self._departments[team] for team in teams]
        for scope in (
            *("organisation", f"service:{service}"),
            *(f"team:{team}" for team in teams),
            *(f"department:{one}" for one in departments if one),
        ):
            self.days[scope][day].add(person)

    def people(self, scope, first, end):
        """How many were active from a day on, until before another one."""
        days = self.days[scope]
        return len(set().union(*(days[day] for day in days if first <= day < end)))


@pytest.fixture(scope="module")
def warehouse(published):
    with duckdb.connect(str(published.home.warehouse), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        yield con


@pytest.fixture(scope="module")
def with_rule(warehouse):
    """What the shared step says of a metric with the rule on, by cell."""
    frames = with_few_people(warehouse, aggregation_frames(warehouse))

    def cells(name):
        metric = load_metrics()[name]
        rows = aggregate(metric, observe(warehouse, metric), frames).select(*KEY, *TOLD, "period_end")
        return {row[: len(KEY)]: row[len(KEY) :] for row in rows.iter_rows()}

    return cells


@pytest.fixture(scope="module")
def activity(warehouse):
    return Activity(warehouse)


def published_cells(published, name):
    rows = published.query(f"SELECT {', '.join(KEY + TOLD)} FROM metric_values WHERE metric = ?", name)
    return {row[: len(KEY)]: row[len(KEY) :] for row in rows}


@pytest.mark.parametrize("name", [*FLOWS, LEVEL])
def test_what_is_shown_is_what_it_is_without_the_rule(published, with_rule, name):
    cells, without = with_rule(name), published_cells(published, name)
    assert cells.keys() == without.keys()
    left = {key: told for key, (*told, _) in cells.items() if told[-1] != FEW}
    assert {key: list(without[key]) for key in left} == left
    assert any(value is not None for value, *_ in left.values())


@pytest.mark.parametrize("name", [*FLOWS, LEVEL])
def test_what_is_withheld_for_few_people_tells_nothing_else(with_rule, name):
    withheld = [told for *told, _ in with_rule(name).values() if told[-1] == FEW]
    assert withheld
    assert {tuple(told) for told in withheld} == {(None, 0, None, None, 0, 0, 0, FEW)}


@pytest.mark.parametrize("name", FLOWS)
def test_what_fewer_than_three_worked_on_is_withheld(with_rule, activity, name):
    few, shown = [], 0
    for (scope, grain, start, statistic), (*_, reason, end) in with_rule(name).items():
        people = activity.people(scope, start, end)
        if people < LEAST and reason != FEW:
            few.append((scope, grain, start, statistic, people, reason))
        shown += people >= LEAST and reason is None
    assert few == []
    assert shown, "else everything could be withheld"


def test_a_level_that_fewer_than_three_worked_up_to_is_withheld(with_rule, activity, published):
    today = published.world.as_of.date()
    few, shown = [], 0
    for (scope, grain, start, statistic), (*_, reason, end) in with_rule(LEVEL).items():
        after = min(end, today + timedelta(days=1))
        people = activity.people(scope, after - UP_TO_A_LEVEL, after)
        if people < LEAST and reason != FEW:
            few.append((scope, grain, start, statistic, people, reason))
        shown += people >= LEAST and reason is None
    assert few == []
    assert shown, "else everything could be withheld"


def test_the_product_counts_as_many_people(warehouse, activity):
    counted = warehouse.execute(
        "SELECT scope, p.period_start, p.period_end, people FROM staged.stg_active_people "
        "JOIN staged.stg_period p USING (grain, period_start) WHERE part_of IS NULL"
    ).fetchall()
    assert len(counted) > 1000
    assert [one for one in counted if activity.people(*one[:3]) != one[3]] == []
