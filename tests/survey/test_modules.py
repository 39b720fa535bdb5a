"""Modules: beside the quarterly survey once a year, or asked apart, and what the rules make of them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from asked_waves import NOW, TEAMS, codes_of, configuration_text, query
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.config import load
from pipelines.privacy.scores import Response
from pipelines.privacy.units import Group, Partition, Unit
from pipelines.survey.asking import close_wave, open_wave
from pipelines.survey.bank import BankError, asked, shipped
from pipelines.survey.calendar import CalendarError, Quarter, Wave, months_between, opening
from pipelines.survey.importing.publishing import publish_imported
from pipelines.survey.importing.reading import Imported
from pipelines.survey.modules import apart, cohort, due, told_of
from pipelines.survey.planning import Plan, PlanError
from pipelines.survey.publishing import publish_wave
from pipelines.survey.roster import Person
from pipelines.survey.tables import SURVEY_TABLES
from pipelines.survey.wave_codes import make_codes
from pipelines.survey.wave_items import save_items

JULY = datetime(2026, 7, 6, 8, tzinfo=UTC)
WHOLE = asked(None, ["dora_culture"], Path())
DORA = frozenset(item.id for item in shipped("dora_culture").items)
QUARTER = frozenset(item.id for item in shipped("quarterly").items)


def held(place, module, now=JULY, answer=lambda number: number % 5 + 1):
    """A module from its opening to its publication; everybody answers."""
    done = open_wave(place.configuration, place.home, place.key, now, "module", module=module)
    make_codes(place.configuration, place.home, place.slips, now, is_mail_merge=False)
    items = [item.id for item in apart(module, place.home.path).items]
    for number, (_, code) in enumerate(codes_of(place)):
        place.box.cast(done.wave_id, code, dict.fromkeys(items, answer(number)), None, now)
    close_wave(place.home, now + timedelta(days=11))
    publish_wave(place.configuration, place.home, place.key, now + timedelta(days=11))
    place.slips.unlink()
    return done


# ---- beside the quarterly survey, once a year -----------------------------------------------------


def quarterly(quarter, items):
    day = quarter.month(2, 1)
    return Wave(quarter.label, "quarterly", day, day + timedelta(days=10), items)


def test_a_yearly_module_is_asked_in_every_fourth_survey():
    """Nine quarters on end: it is due in the first, the fifth and the ninth."""
    waves, asking = [], []
    for quarter in (Quarter(2026, 3).later(number) for number in range(9)):
        asks = due(WHOLE, quarter, waves)
        items = frozenset(item.id for item in asks.bank.items)
        assert items >= QUARTER
        asking += [quarter.label] if items & DORA else []
        assert asks.asked_by == ({} if items & DORA else {"dora_culture": asking[-1]})
        waves.append(quarterly(quarter, items))
    assert asking == ["2026-Q3", "2027-Q3", "2028-Q3"]


def test_where_it_is_not_due_nothing_of_it_is_left_in_the_bank():
    asks = due(WHOLE, Quarter(2026, 4), [quarterly(Quarter(2026, 3), QUARTER | DORA)])
    assert "DORA" not in asks.bank.wording
    assert asks.bank.attribution is None
    assert [one.id for one in asks.bank.dimensions] == [one.id for one in shipped("quarterly").dimensions]


def test_a_wave_keeps_what_each_module_says_of_its_words(planned):
    survey = planned.configuration.survey.model_copy(update={"modules": ["dora_culture"]})
    configuration = planned.configuration.model_copy(update={"survey": survey})
    open_wave(configuration, planned.home, planned.key, NOW)
    rows = query(planned, "SELECT DISTINCT bank, wording, attribution FROM survey.wave_item ORDER BY bank")
    assert rows == [
        ("dora_culture", shipped("dora_culture").wording, shipped("dora_culture").attribution),
        ("quarterly", shipped("quarterly").wording, None),
    ]


# ---- asked apart ----------------------------------------------------------------------------------


def test_a_module_asked_apart_is_published_by_the_same_rules(planned):
    """Answers are 1 to 5 in turn, so 35 people have 50 on average.

    Land has 10 people, fewer than twelve. Sea has 25, but 35 less 25 would be Tide's ten alone.
    """
    done = held(planned, "one_to_one")
    assert done.wave_id == "2026-Q3-one_to_one-07"
    assert "below a department" in done.note
    rows = query(
        planned,
        "SELECT scope, value, n, withheld_reason FROM survey.published_cell WHERE statistic = 'score' "
        "ORDER BY scope",
    )
    shown = {scope: (value, n, reason) for scope, value, n, reason in rows}
    assert shown["organisation"] == (50.0, 35, None)
    assert shown["department:sea"] == (None, None, "would_tell_a_team")
    assert shown["department:land"] == (None, None, "too_few_answers")
    units = [reason for scope, (_, _, reason) in shown.items() if scope.startswith("team:")]
    assert units == ["not_below_department"] * 3
    ((kind, title, opens_on),) = query(planned, "SELECT kind, title, opens_on FROM survey.published_wave")
    assert (kind, title, opens_on) == ("module", "The last 1:1, 2026-Q3-one_to_one-07", date(2026, 7, 6))


def test_a_check_of_meetings_needs_eight_answers_of_a_unit(planned):
    """Of 35 who are asked six of Tide's ten answer, which would do in a quarterly survey: they are merged."""
    done = open_wave(planned.configuration, planned.home, planned.key, JULY, "module", module="meeting")
    assert "cannot be asked of one team or one meeting alone" in done.note
    make_codes(planned.configuration, planned.home, planned.slips, JULY, is_mail_merge=False)
    of_tide = 0
    for number, (unit, code) in enumerate(codes_of(planned)):
        of_tide += unit == "Tide"
        if unit != "Tide" or of_tide <= 6:
            planned.box.cast(done.wave_id, code, {"M1": number % 5 + 1}, None, JULY)
    close_wave(planned.home, JULY + timedelta(days=11))
    publish_wave(planned.configuration, planned.home, planned.key, JULY + timedelta(days=11))
    rows = query(
        planned, "SELECT scope, n, label FROM survey.published_cell WHERE scope_kind = 'unit' ORDER BY scope"
    )
    assert all(n >= 8 and label for _, n, label in rows)
    assert "team:tide" not in {scope for scope, _, _ in rows}


def test_it_keeps_the_distances_of_a_pulse():
    planned = [Wave("2026-Q3", "quarterly", date(2026, 9, 14), date(2026, 9, 24), QUARTER)]
    with pytest.raises(CalendarError, match="2026-Q3 is asked in the same month, and nothing else is"):
        opening("module", date(2026, 9, 1), ["T1"], [], 1, planned, name="one_to_one")
    first = opening("module", date(2026, 7, 6), ["T1"], [], 1, planned, name="one_to_one").wave
    assert first.id == "2026-Q3-one_to_one-07"
    # Closed on 16 July: 60 days later is 14 September.
    with pytest.raises(CalendarError, match="is asked in another survey within 60 days"):
        opening("module", date(2026, 8, 10), ["T1"], [first], 1, planned, name="one_to_one")
    assert opening("module", date(2026, 8, 10), ["M1"], [first], 1, planned, name="meeting").wave.items == {
        "M1"
    }
    with pytest.raises(CalendarError, match="is asked in the same month"):
        opening("quarterly", date(2026, 7, 20), list(QUARTER), [first], 1)


def test_the_months_between_are_those_without_a_quarterly_survey():
    # Of a year from July, the last months of its quarters are September, December, March and June.
    months = [f"{month:%Y-%m}" for month in months_between(Quarter(2026, 3), 1)]
    assert months == [
        "2026-07", "2026-08", "2026-10", "2026-11", "2027-01", "2027-02", "2027-04", "2027-05",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["quarterly", "pulse", "dora_culture"])
def test_what_is_not_asked_apart_is_refused(name):
    with pytest.raises(BankError, match=r"is no module that is asked apart\. List a module"):
        apart(name, Path())


def test_a_module_that_is_asked_apart_says_how_where_it_is_listed_beside():
    with pytest.raises(BankError, match=r"it is asked apart\. .* `outcomes survey open --module`"):
        asked(None, ["one_to_one"], Path())


def test_a_department_and_the_organisation_are_told_apart():
    assert told_of(shipped("one_to_one")).startswith("Nothing of it is shown below a department")
    assert "joined 45 days ago or more" in told_of(shipped("onboarding"))


# ---- of newcomers alone ---------------------------------------------------------------------------

PLAN = Plan(
    Quarter(2026, 3),
    8,
    Partition(
        (Group("organisation", "Alder", "organisation", None),),
        (Unit("team:harbour", "Harbour", "organisation", ("team:harbour",)),),
    ),
    {},
)
ONBOARDING = shipped("onboarding")


def people(days):
    return [Person(f"p{n}", "team:harbour", joined=day) for n, day in enumerate(days)]


def earlier(day):
    items = frozenset(item.id for item in ONBOARDING.items)
    return Wave("2026-Q3-onboarding-07", "module", day, day + timedelta(days=10), items)


def test_newcomers_of_45_to_180_days_answer_as_one_unit():
    """On 1 October: up to 17 August (45 days), and after 4 April (180 days)."""
    today = date(2026, 10, 1)
    there = [date(2026, 8, 17)] * 7 + [date(2026, 4, 5)] * 5
    others = [date(2026, 8, 18), date(2026, 4, 4), None, date(2026, 10, 1)]
    found = cohort(ONBOARDING, PLAN, people([*there, *others]), today, [], 6)
    assert sorted(found.members) == sorted(f"p{n}" for n in range(12))
    assert set(found.members.values()) == {"newcomers:organisation"}
    assert [unit.id for unit in found.partition.units] == ["newcomers:organisation"]


@pytest.mark.parametrize(("k", "least"), [(6, 10), (9, 11)])
def test_fewer_than_eight_and_two_who_may_not_answer_are_not_asked(k, least):
    """Eight answers, or k where it is more, and two who need not answer."""
    today, joined = date(2026, 10, 1), date(2026, 8, 1)
    with pytest.raises(PlanError, match=f"fewer than the {least} it takes for anything to be shown"):
        cohort(ONBOARDING, PLAN, people([joined] * (least - 1)), today, [], k)
    assert len(cohort(ONBOARDING, PLAN, people([joined] * least), today, [], k).members) == least


def test_without_first_days_it_says_where_to_write_them():
    with pytest.raises(PlanError, match="nobody's first day is known"):
        cohort(ONBOARDING, PLAN, people([None] * 20), date(2026, 10, 1), [], 6)


@given(
    days=st.lists(st.integers(0, 700), min_size=40, max_size=80),
    openings=st.lists(st.integers(60, 700), min_size=2, max_size=6, unique=True),
)
@settings(max_examples=50, deadline=None)
def test_nobody_is_asked_of_their_first_weeks_twice(days, openings):
    start, waves, seen = date(2025, 1, 1), [], set()
    everybody = people([start + timedelta(days=one) for one in days])
    for one in sorted(openings):
        today = start + timedelta(days=one)
        there = [person for person in everybody if person.joined <= today]
        try:
            found = set(cohort(ONBOARDING, PLAN, there, today, waves, 6).members)
        except PlanError:
            continue
        assert not found & seen
        seen |= found
        waves.append(earlier(today))


def test_onboarding_is_asked_of_newcomers_and_published_of_all_of_them_in_a_band(planned, tmp_path):
    """Harbour's twelve and two of Quay's have been there since May, the others for ever.

    Fourteen answers of 1 to 5 in turn: twice 1 to 5 and once 1 to 4 are 40; (40 / 14 - 1) / 4 of 100 is 46.4.
    """
    text, place = configuration_text(TEAMS), planned
    for account in [*(f"harbour-{number}" for number in range(12)), "quay-0", "quay-1"]:
        text = text.replace(f'account = "{account}" ', f'account = "{account}", from = 2026-05-04 ')
    (tmp_path / "outcomes.toml").write_text(text, encoding="utf-8")
    place.configuration = load(tmp_path / "outcomes.toml")
    done = held(place, "onboarding")
    assert len(done.roster.members) == 14
    rows = query(
        place,
        'SELECT scope, statistic, low, high, n, "of" FROM survey.published_cell WHERE value IS NOT NULL '
        "ORDER BY scope",
    )
    for (scope, statistic, low, high, *people_of), expected in zip(
        rows, ["newcomers:organisation", "organisation"], strict=True
    ):
        assert (scope, statistic, people_of) == (expected, "score", [14, 14])
        assert low <= (40 / 14 - 1) * 25 <= high
        assert low < high


def test_newcomers_who_were_asked_elsewhere_are_one_unit_too(planned):
    """Five of Harbour and five of Quay: no team's newcomers are told of by themselves."""
    units = ["team:harbour"] * 5 + ["team:quay"] * 5
    answers = tuple(Response(unit, {"O1": 4, "O2": 3}) for unit in units)
    imported = Imported(ONBOARDING, answers, {"team:harbour": 6, "team:quay": 5}, (), 0)
    publish_imported(planned.configuration, planned.home, "2026-Q3-onboarding-08", imported, NOW)
    rows = query(
        planned,
        'SELECT scope, n, "of" FROM survey.published_cell WHERE value IS NOT NULL ORDER BY scope',
    )
    assert rows == [("newcomers:organisation", 10, 11), ("organisation", 10, 11)]


def test_an_older_warehouse_gets_what_its_items_lack():
    with duckdb.connect() as con:
        con.execute(SURVEY_TABLES)
        con.execute("ALTER TABLE survey.wave_item DROP COLUMN bank")
        con.execute("ALTER TABLE survey.wave_item DROP COLUMN wording")
        con.execute("INSERT INTO survey.wave_item (wave_id, item) VALUES ('2026-Q2', 'E1')")
        con.execute(SURVEY_TABLES)
        kept = con.execute("SELECT wave_id, item, bank, wording FROM survey.wave_item").fetchall()
        assert kept == [("2026-Q2", "E1", None, None)]
        save_items(con, "2026-Q3", ONBOARDING)
        asked = con.execute("SELECT DISTINCT bank, wording FROM survey.wave_item WHERE wave_id = '2026-Q3'")
        assert asked.fetchall() == [("onboarding", ONBOARDING.wording)]
