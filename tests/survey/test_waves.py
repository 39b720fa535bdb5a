"""Plans and waves in the warehouse, and which series are broken from one survey to the next."""

from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from survey_people import configured, several

from pipelines.privacy.units import Partition, Unit
from pipelines.survey.calendar import Quarter
from pipelines.survey.people import Known
from pipelines.survey.planning import PlanError, make_draft
from pipelines.survey.roster import Person, Roster, configured_roster
from pipelines.survey.series import asked_before, broken_series
from pipelines.survey.tables import SURVEY_TABLES
from pipelines.survey.wave_roster import wave_roster
from pipelines.survey.waves import (
    NewWave,
    earlier_waves,
    first_quarter,
    freeze_wave,
    in_tens,
    load_plan,
    refuse_replanning,
    save_plan,
    wave_partition,
)
from pipelines.warehouse import Warehouse

DAY = date(2026, 11, 4)
NOW = datetime(2026, 11, 4, 6, tzinfo=UTC)
PLACES = configured(
    {"sea": None, "land": None},
    {
        "harbour": ("sea", several("h", 12)),
        "pier": ("sea", several("p", 5)),
        "mole": ("sea", several("m", 8)),
        "road": ("land", several("r", 9)),
    },
)
ROSTER = configured_roster(PLACES, DAY, Known())
QUARTERS = [Quarter(2026, 4).later(number) for number in range(6)]


@pytest.fixture(scope="module")
def opened():
    """In memory: a warehouse has the same tables, as the first test sees."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        con.execute(SURVEY_TABLES)
        yield con


@pytest.fixture
def con(opened):
    """An emptied schema: to make a warehouse for each test would take most of the time."""
    empty(opened)
    return opened


def empty(con):
    tables = "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'survey'"
    for (table,) in con.execute(tables).fetchall():
        con.execute(f"DELETE FROM survey.{table}")


def plan_from(con, quarter, made_at=NOW):
    plan = make_draft(PLACES, ROSTER, quarter).plan
    save_plan(con, plan, "quarterly", made_at)
    return plan


def ask(con, quarter, people=ROSTER.people, *, state="published", kind="quarterly", name=None):
    """Opens a wave with these people and publishes a cell of each of its units."""
    plan = load_plan(con)
    opens_at = NOW + timedelta(days=91 * QUARTERS.index(quarter))
    wave = NewWave(
        name or quarter.label, kind, "T", "quarterly", {"E1": 1, "P1": 2}, opens_at,
        opens_at + timedelta(days=10), ("en",),
    )  # fmt: skip
    before = asked_before(con, plan.id, kind, wave.bank)
    freeze_wave(con, plan, wave, wave_roster(PLACES, plan, people, Known(), before))
    partition, _ = wave_partition(con, wave.id)
    return publish(con, wave.id, partition, state)


def publish(con, wave, partition, state="published"):
    broken = broken_series(con, wave, partition)
    for unit in partition.units:
        con.execute(
            "INSERT INTO survey.published_cell (wave_id, scope_kind, scope, is_series_broken) "
            "VALUES (?, 'unit', ?, ?)",
            [wave, unit.id, unit.id in broken],
        )
        con.execute("INSERT INTO survey.published_unit (wave_id, unit_id) VALUES (?, ?)", [wave, unit.id])
    con.execute("UPDATE survey.wave SET state = ? WHERE wave_id = ?", [state, wave])
    con.execute("DELETE FROM survey.wave_member WHERE wave_id = ?", [wave])
    return set(broken)


def asked_in(con, wave):
    rows = con.execute("SELECT account, unit_id FROM survey.asked WHERE wave_id = ?", [wave.label])
    return dict(rows.fetchall())


def without(*accounts):
    return [person for person in ROSTER.people if person.account not in accounts]


def test_a_warehouse_has_the_schema_and_keeps_what_is_in_it(tmp_path):
    path = tmp_path / "warehouse.duckdb"
    for count in (0, 1):
        warehouse = Warehouse(path)
        assert warehouse.con.execute("SELECT count(*) FROM survey.plan").fetchone() == (count,)
        warehouse.con.execute("INSERT INTO survey.plan (plan_id) VALUES ('2026-Q4')")
        warehouse.close()


# ---- plans -------------------------------------------------------------------------------------


def test_a_plan_comes_back_as_it_was_frozen(con):
    assert load_plan(con) is None
    plan = plan_from(con, QUARTERS[0])
    assert load_plan(con) == plan


def test_a_plan_is_replaced_until_a_wave_is_opened(con):
    plan_from(con, QUARTERS[0])
    refuse_replanning(con, QUARTERS[0], new_year=False)
    plan = plan_from(con, QUARTERS[0], NOW + timedelta(days=1))
    assert load_plan(con) == plan
    assert con.execute("SELECT count(*) FROM survey.plan").fetchone() == (1,)
    assert con.execute("SELECT count(*) FROM survey.plan_member").fetchone() == (len(ROSTER.people),)


def test_a_plan_is_found_however_often_it_was_made_anew(con):
    for _ in range(40):
        plan_from(con, QUARTERS[0])
        assert load_plan(con) is not None


def test_a_year_that_has_begun_is_planned_anew_only_when_asked_for(con):
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    with pytest.raises(
        PlanError, match="2026-Q4 to 2027-Q3 are frozen since 2026-Q4 was asked, until 2027-Q3"
    ):
        refuse_replanning(con, QUARTERS[1], new_year=False)
    refuse_replanning(con, QUARTERS[1], new_year=True)
    refuse_replanning(con, QUARTERS[4], new_year=False)  # the year is over
    for quarter in QUARTERS[1:4]:
        ask(con, quarter)
    refuse_replanning(con, QUARTERS[3], new_year=False)  # its last survey was asked


def test_a_pulse_begins_a_year_as_well(con):
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0], kind="pulse", name="2026-Q4-pulse-11")
    with pytest.raises(PlanError, match="frozen since 2026-Q4-pulse-11 was asked"):
        refuse_replanning(con, QUARTERS[0], new_year=False)


@pytest.mark.parametrize("state", ["open", "closed"])
def test_no_plan_while_answers_wait(con, state):
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0], state=state)
    with pytest.raises(PlanError, match="2026-Q4 is not published yet"):
        refuse_replanning(con, QUARTERS[4], new_year=True)


def test_a_plan_begins_with_a_quarter_that_is_free(con):
    assert first_quarter(con, QUARTERS[0]) == QUARTERS[0]
    assert first_quarter(con, QUARTERS[0], QUARTERS[2]) == QUARTERS[2]
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    ask(con, QUARTERS[1])
    assert first_quarter(con, QUARTERS[0]) == QUARTERS[2]
    for wanted, why in ((QUARTERS[1], "planned and asked already"), (QUARTERS[0].later(-1), "is over")):
        with pytest.raises(PlanError, match=why):
            first_quarter(con, QUARTERS[0], wanted)


def imported(con, name):
    con.execute(
        "INSERT INTO survey.wave (wave_id, kind, state, origin) "
        "VALUES (?, 'quarterly', 'published', 'elsewhere')",
        [name],
    )


def test_a_plan_is_replaced_beside_an_imported_wave_too(con):
    imported(con, "2025-Q4")
    for _ in range(2):
        plan = plan_from(con, QUARTERS[0])
    assert load_plan(con) == plan
    for table in ("plan", "plan_group", "plan_unit"):
        rows = con.execute(f"SELECT count(*), count(DISTINCT COLUMNS(*)) FROM survey.{table}").fetchone()
        assert rows[0] == max(rows[1:]), table


def test_the_plan_is_the_last_one_also_after_the_clock_was_set_back(con):
    plan_from(con, QUARTERS[0], NOW + timedelta(days=400))
    ask(con, QUARTERS[0])
    plan = plan_from(con, QUARTERS[1], NOW)
    assert load_plan(con) == plan


# ---- waves -------------------------------------------------------------------------------------


def test_a_wave_is_frozen_with_counts_and_people(con):
    plan_from(con, QUARTERS[0])
    new = [Person(account, "team:road") for account in several("n", 6)]
    ask(con, QUARTERS[0], [*without("h0"), *new], state="open")
    partition, members = wave_partition(con, "2026-Q4")
    assert members == {
        "team:harbour": 11, "team:mole+team:pier": 13, "team:road": 9, "newcomers:land": 6,
    }  # fmt: skip
    assert [unit.id for unit in partition.units if unit.is_newcomers] == ["newcomers:land"]
    assert {group.id for group in partition.groups} == {"organisation", "department:sea", "department:land"}
    (wave,) = earlier_waves(con, "UTC")
    assert (wave.id, wave.is_open, wave.items) == ("2026-Q4", True, {"E1", "P1"})
    assert (wave.opens_on, wave.closes_on) == (date(2026, 11, 4), date(2026, 11, 14))


def test_days_are_the_organisations(con):
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])  # opened at 06:00 UTC
    assert earlier_waves(con, "America/Los_Angeles")[0].opens_on == date(2026, 11, 3)


@pytest.mark.parametrize(
    ("closed", "last"),
    [(-3, date(2026, 11, 4)), (3, date(2026, 11, 7)), (10, date(2026, 11, 14)), (50, date(2026, 11, 14))],
)
def test_a_survey_that_is_closed_late_took_no_answer_after_its_last_day(con, closed, last):
    """It was open from 4 November, 06:00, for ten days; questions rest for 60 days from the last of them."""
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    con.execute("UPDATE survey.wave SET closed_at = ?", [NOW + timedelta(days=closed)])
    assert earlier_waves(con, "UTC")[0].closes_on == last


def test_no_table_that_is_published_has_a_column_of_persons(con):
    columns = con.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'survey' "
        "AND column_name = 'account'"
    ).fetchall()
    assert {table for table, _ in columns} == {"plan_member", "wave_member", "asked"}


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "fewer than ten"), (9, "fewer than ten"), (10, "about 10"), (14, "about 10"), (15, "about 20"),
     (118, "about 120"), (340, "about 340")],
)  # fmt: skip
def test_turnout_is_told_in_tens(count, told):
    assert in_tens(count) == told


# ---- series ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gone", "broken"),
    [
        ([], set()),
        (["h0"], {"team:harbour"}),
        (several("h", 5), {"team:harbour"}),
        (several("h", 6), set()),
        (["h0", "p0"], {"team:harbour", "team:mole+team:pier"}),
    ],
)
def test_one_to_five_people_break_a_series(con, gone, broken):
    plan_from(con, QUARTERS[0])
    assert ask(con, QUARTERS[0]) == set()
    assert ask(con, QUARTERS[1], without(*gone)) == broken


def new_in(team, *accounts):
    return [Person(account, f"team:{team}") for account in accounts]


def test_nobody_joins_a_pool_alone(con):
    """The mean of 7 beside the mean of 6 would be the seventh's answer: of the pool, and of all above it."""
    plan_from(con, QUARTERS[0])
    six, seventh = new_in("road", *several("n", 6)), new_in("road", "late")
    ask(con, QUARTERS[0], [*ROSTER.people, *six])
    assert ask(con, QUARTERS[1], [*ROSTER.people, *six, *seventh]) == set()
    assert asked_in(con, QUARTERS[1]) == asked_in(con, QUARTERS[0])
    # With five others who came since, wherever, they are six: of the organisation, since in no department.
    others = new_in("harbour", *several("x", 5))
    ask(con, QUARTERS[2], [*ROSTER.people, *six, *seventh, *others])
    asked = asked_in(con, QUARTERS[2])
    assert {asked[one.account] for one in [*seventh, *others]} == {"newcomers:organisation"}
    assert {asked[one.account] for one in six} == {"newcomers:land"}


def test_whoever_comes_back_alone_waits_for_others(con):
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    ask(con, QUARTERS[1], without("h0", "p0"))
    assert ask(con, QUARTERS[2]) == set()
    assert asked_in(con, QUARTERS[2]) == asked_in(con, QUARTERS[1])
    # With four who are new they are six, but the first survey had these two: it would tell of the four.
    new = new_in("harbour", *several("n", 6))
    ask(con, QUARTERS[3], [*ROSTER.people, *new[:4]])
    assert asked_in(con, QUARTERS[3]) == asked_in(con, QUARTERS[1])
    ask(con, QUARTERS[4], [*ROSTER.people, *new])
    asked = asked_in(con, QUARTERS[4])
    assert {asked[account] for account in ("h0", "p0", *several("n", 6))} == {"newcomers:sea"}


def test_three_of_six_who_came_are_not_told_from_those_before_them(con):
    """The second survey without the first is six people's; the third without the first would be three's."""
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    six = new_in("road", *several("n", 6))
    ask(con, QUARTERS[1], [*ROSTER.people, *six])
    ask(con, QUARTERS[2], [*ROSTER.people, *six[:3]])
    assert asked_in(con, QUARTERS[2]) == asked_in(con, QUARTERS[0])


def test_whoever_comes_back_is_not_told_of_by_a_difference(con):
    """The sea's number less that of its bay is harbour's and pier's: with 8 who came back it would be two's.

    Each planned unit has 8 people or more. Six of the bay and two of the harbour are away once.
    """
    places = configured(
        {"sea": None, "bay": "sea"},
        {
            "harbour": ("sea", several("h", 9)),
            "pier": ("sea", several("p", 9)),
            "creek": ("bay", several("c", 9)),
            "cove": ("bay", several("v", 9)),
        },
    )
    people = configured_roster(places, DAY, Known()).people
    plan = make_draft(places, Roster(people), QUARTERS[0]).plan
    away = {*several("c", 6), "h0", "h1"}
    first = wave_roster(places, plan, people, Known()).members
    there = [person for person in people if person.account not in away]
    second = wave_roster(places, plan, there, Known(), [first]).members
    third = wave_roster(places, plan, people, Known(), [second, first])
    assert {third.members.get(account) for account in several("c", 6)} == {"team:creek"}
    assert third.not_asked == ("h0", "h1")


def test_five_who_are_left_of_a_pool_wait_for_a_sixth(con):
    """The first survey had the six, so nothing tells of the five; but people are told of five others."""
    plan_from(con, QUARTERS[0])
    six = new_in("road", *several("n", 6))
    ask(con, QUARTERS[0], [*ROSTER.people, *six])
    assert asked_in(con, QUARTERS[0])["n0"] == "newcomers:land"
    ask(con, QUARTERS[1], [*ROSTER.people, *six[:5]])
    assert not asked_in(con, QUARTERS[1]).keys() & {*several("n", 6)}
    # Six who come with them are enough: these are news to the first survey, and all to the second.
    new = new_in("road", *several("x", 6))
    ask(con, QUARTERS[2], [*ROSTER.people, *six[:5], *new])
    asked = asked_in(con, QUARTERS[2])
    assert {asked[account] for account in (*several("n", 5), *several("x", 6))} == {"newcomers:land"}


def test_a_pool_that_was_left_out_in_the_end_counts_as_not_asked(con):
    """Too few of six answered, so the published numbers are without them; seven of them come in together."""
    plan_from(con, QUARTERS[0])
    new = new_in("road", *several("n", 7))
    ask(con, QUARTERS[0], [*ROSTER.people, *new[:6]])
    con.execute("DELETE FROM survey.published_unit WHERE unit_id = 'newcomers:land'")
    ask(con, QUARTERS[1], [*ROSTER.people, *new])
    assert {asked_in(con, QUARTERS[1])[one.account] for one in new} == {"newcomers:land"}


@pytest.mark.parametrize("is_published", [True, False])
def test_a_pool_of_departments_told_of_together_is_known_by_its_whole_name(con, is_published):
    plan = plan_from(con, QUARTERS[0])
    new = new_in("road", *several("n", 6))
    ask(con, QUARTERS[0], [*ROSTER.people, *new])
    for table in ("asked", "published_unit"):
        con.execute(
            f"UPDATE survey.{table} SET unit_id = 'newcomers:land+sea' WHERE unit_id = 'newcomers:land'"
        )
    if not is_published:
        con.execute("DELETE FROM survey.published_unit WHERE unit_id = 'newcomers:land+sea'")
    (asked,) = asked_before(con, plan.id, "quarterly", "quarterly")
    assert ({one.account for one in new} <= asked.keys()) == is_published
    assert {one.account for one in ROSTER.people} <= asked.keys()


def test_a_department_of_one_unit_breaks_with_it(con):
    """It shows what the unit shows: drawn on, nine people would be compared with ten."""
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    assert ask(con, QUARTERS[1], without("r0")) == {"team:road", "department:land"}


def test_a_survey_is_held_against_all_since_the_series_began(con):
    """Six leave, then all come back but for another one: seven differ from the last, one from the first."""
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    assert ask(con, QUARTERS[1], without(*several("h", 6))) == set()
    assert ask(con, QUARTERS[2], without("h11")) == {"team:harbour"}
    # The series began anew: what was before does not matter any more.
    assert ask(con, QUARTERS[3], without("h11")) == set()


def test_a_unit_merged_after_closing_is_held_against_the_same_merge(con):
    plan_from(con, QUARTERS[0])
    both = Unit(
        "team:harbour+team:mole+team:pier",
        "B",
        "department:sea",
        ("team:harbour", "team:mole", "team:pier"),
        False,
    )
    for quarter, gone in ((QUARTERS[0], ()), (QUARTERS[1], ("h0",)), (QUARTERS[2], ("h0", "p0"))):
        ask(con, quarter, without(*gone), state="closed")
        con.execute("DELETE FROM survey.published_cell WHERE wave_id = ?", [quarter.label])
        groups = wave_partition(con, quarter.label)[0].groups
        broken = {both.id, "department:sea", "organisation"} if gone else set()  # the only unit is them
        assert publish(con, quarter.label, Partition(groups, (both,))) == broken


def test_a_new_year_breaks_every_series_of_units(con):
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    plan_from(con, QUARTERS[1], NOW + timedelta(days=80))
    assert ask(con, QUARTERS[1]) == {
        "team:harbour", "team:mole+team:pier", "team:road", "department:land",
    }  # fmt: skip
    assert ask(con, QUARTERS[2]) == set()


def test_a_pulse_has_series_of_its_own(con):
    plan_from(con, QUARTERS[0])
    ask(con, QUARTERS[0])
    assert ask(con, QUARTERS[1], without("h0"), kind="pulse", name="2027-Q1-pulse-01") == set()


NEW = [
    *new_in("harbour", *several("a", 5)),
    *new_in("mole", *several("b", 3)),
    *new_in("road", *several("c", 6)),
]
GROUPS = {
    "team:harbour": ("department:sea", "organisation"),
    "team:mole+team:pier": ("department:sea", "organisation"),
    "team:road": ("department:land", "organisation"),
    "newcomers:sea": ("department:sea", "organisation"),
    "newcomers:land": ("department:land", "organisation"),
    "newcomers:organisation": ("organisation",),
}
whoever_comes_and_goes = given(
    rosters=st.lists(
        st.tuples(st.sets(st.sampled_from(ROSTER.people)), st.sets(st.sampled_from(NEW))),
        min_size=2,
        max_size=5,
    )
)


@whoever_comes_and_goes
@settings(max_examples=50, deadline=None)
def test_rosters_of_a_series_differ_by_none_or_six(opened, rosters):
    differ_by_none_or_six(opened, rosters)


@pytest.mark.soak
@whoever_comes_and_goes
@settings(max_examples=500, deadline=None)
def test_rosters_of_many_series_differ_by_none_or_six(opened, rosters):
    differ_by_none_or_six(opened, rosters)


def differ_by_none_or_six(opened, rosters):
    """Two rosters of a unit's unbroken series differ by 0 or by 6 and more; no group ever gains 1 to 5."""
    empty(opened)
    plan_from(opened, QUARTERS[0])
    series = {unit: [] for unit in GROUPS}
    waves = []
    for quarter, (gone, new) in zip(QUARTERS, rosters, strict=False):
        there = [person for person in ROSTER.people if person not in gone] + sorted(
            new, key=lambda one: one.account
        )
        broken = ask(opened, quarter, there)
        asked = asked_in(opened, quarter)
        assert asked.keys() <= {person.account for person in there}
        for unit, before in series.items():
            roster = {account for account, one in asked.items() if one == unit}
            if unit in broken:
                before.clear()
            assert all(len(roster ^ other) in {0, *range(6, 100)} for other in before if roster and other)
            before.append(roster)
        groups = {
            group: {account for account, unit in asked.items() if group in GROUPS[unit]}
            for group in ("department:sea", "department:land", "organisation")
        }
        assert all(len(groups[group] - then[group]) not in range(1, 6) for then in waves for group in groups)
        waves.append(groups)
