"""Every record type of the inbox: what its rows become, what is refused, and that the page is true."""

import json
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from connectors.base import Cursor, InputError, SourceContext
from connectors.inbox.schema import row_schema
from connectors.inbox.source import STREAMS, InboxSource, Settings
from connectors.inbox.types import ROWS, type_of
from connectors.records import (
    AgreedAction,
    ArchitectureDecision,
    CatalogOwner,
    CatalogService,
    CoverageReport,
    DebtReading,
    Exercise,
    Experiment,
    Joiner,
    Membership,
    Mentorship,
    MentorshipOffer,
    OnboardingChecklist,
    PersonAccount,
    Postmortem,
    PostmortemAction,
    RegisterEntry,
    RetentionCount,
    SatisfactionCount,
    ServiceLevelObjective,
    ServiceLevelReading,
)

ROOT = Path(__file__).parent.parent.parent
RECORDED = ROOT / "tests" / "recorded" / "inbox"
SIX = datetime(2026, 10, 1, 6, tzinfo=UTC)
FILES = {
    "deployments": "deployments.ndjson",
    "incidents": "incidents_every_column.csv",
    **{name: f"{name}.csv" for name in ROWS if (RECORDED / f"{name}.csv").exists()},
    **{name: f"{name}.ndjson" for name in ROWS if (RECORDED / f"{name}.ndjson").exists()},
}


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "inbox"
    made.mkdir()
    return made


def source(folder, known_names=()):
    context = SourceContext(None, (), str(folder.parent), known_names=frozenset(known_names))
    return InboxSource(Settings(name="inbox", kind="inbox"), context)


def records(folder, stream, known_names=()):
    shutil.copy(RECORDED / FILES["memberships" if stream == "person_accounts" else stream], folder)
    inbox = source(folder, known_names)
    (scope,) = inbox.scopes(stream)
    (batch,) = inbox.fetch(stream, scope, Cursor())
    return batch.records


def refusal(folder, name, content):
    (folder / name).write_text(content)
    with pytest.raises(InputError) as raised:
        list(source(folder).fetch(type_of(name), name, Cursor()))
    return str(raised.value)


def test_there_is_a_recorded_file_of_every_type():
    assert set(FILES) == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
def test_the_first_recorded_row_has_every_column_and_the_last_one_the_least(name):
    """So that no column is untried, and none is required by accident."""
    row = ROWS[name]
    path = RECORDED / FILES[name]
    if path.suffix == ".csv":
        head, *lines = path.read_text("utf-8").splitlines()
        first, last = (
            dict(zip(head.split(","), line.split(","), strict=False)) for line in (lines[0], lines[-1])
        )
    else:
        lines = path.read_text("utf-8").splitlines()
        first, last = json.loads(lines[0]), json.loads(lines[-1])
    of_all_rows = {"updated_at", "deleted", "source"}
    fields = {row.names(field)[0]: row.names(field) for field in row.fields()}
    assert {one for one, names in fields.items() if not first.keys() & set(names)} <= of_all_rows
    written = {column for column, value in last.items() if value not in ("", None)}
    required = {column for column, needed in row.columns().items() if needed}
    assert required <= written


def test_services(folder):
    assert records(folder, "services") == [
        CatalogService(
            id="checkout",
            name="Checkout",
            lifecycle="production",
            active_from=date(2025, 2, 1),
            retired_at=date(2026, 7, 1),
            repositories=["acme/checkout", "acme/checkout-web"],
            url="https://catalogue.example.org/checkout",
        ),
        CatalogService(
            id="search",
            name=None,
            lifecycle=None,
            active_from=None,
            retired_at=None,
            repositories=[],
            url=None,
        ),
    ]


def test_ownership(folder):
    assert records(folder, "ownership") == [
        CatalogOwner(
            id="checkout|payments|2025-02-01",
            service_id="checkout",
            team="payments",
            valid_from=date(2025, 2, 1),
            valid_to=date(2026, 1, 1),
        ),
        CatalogOwner(id="checkout|till|", service_id="checkout", team="till", valid_from=None, valid_to=None),
    ]


def test_memberships_and_the_accounts_in_the_same_files(folder):
    assert records(folder, "memberships") == [
        Membership(
            id="p-1|payments|2025-03-01",
            person="p-1",
            team="payments",
            valid_from=date(2025, 3, 1),
            valid_to=date(2026, 2, 1),
        ),
        Membership(
            id="p-1|till|2026-02-01", person="p-1", team="till", valid_from=date(2026, 2, 1), valid_to=None
        ),
        Membership(id="p-2|till|", person="p-2", team="till", valid_from=None, valid_to=None),
    ]
    accounts = records(folder, "person_accounts")
    assert {one.id: one for one in accounts} == {
        "p-1|ada": PersonAccount(id="p-1|ada", person="p-1", account="ada"),
        "p-1|ada@example.org": PersonAccount(
            id="p-1|ada@example.org", person="p-1", account="ada@example.org"
        ),
    }


def test_joiners(folder):
    assert records(folder, "joiners") == [
        Joiner(
            id="p-1|2025-03-01",
            person="p-1",
            joined_on=date(2025, 3, 1),
            team="payments",
            left_on=date(2026, 9, 1),
        ),
        Joiner(id="p-2|2026-01-15", person="p-2", joined_on=date(2026, 1, 15), team=None, left_on=None),
    ]


def test_coverage(folder):
    full, least = records(folder, "coverage")
    assert full == CoverageReport(
        id="checkout|main|unit|2026-10-01T06:00:00+00:00",
        component="checkout",
        sha="0f3a",
        branch="main",
        flag="unit",
        method="lines",
        measured_at=SIX,
        covered_lines=80,
        coverable_lines=100,
        new_covered_lines=9,
        new_coverable_lines=10,
        covered_branches=3,
        coverable_branches=4,
    )
    assert (least.covered_lines, least.coverable_lines, least.new_coverable_lines) == (0, 0, None)
    assert (least.coverage_ratio, least.new_coverage_ratio) == (None, None)


def test_debt(folder):
    full, least = records(folder, "debt")
    assert full == DebtReading(
        id="checkout|main|2026-10-01T06:00:00+00:00",
        component="checkout",
        branch="main",
        measured_at=SIX,
        debt_minutes=620.5,
        debt_ratio=0.05,
        rating="A",
        code_lines=12000,
    )
    assert (least.debt_minutes, least.debt_ratio, least.rating, least.code_lines) == (None, None, None, None)


def test_service_level_objectives_and_readings(folder):
    full, least = records(folder, "service_level_objectives")
    assert full == ServiceLevelObjective(
        id="checkout-availability",
        service="checkout",
        name="Checkout answers",
        target_ratio=0.999,
        window_days=28,
        indicator="availability",
        url="https://slo.example.org/1",
    )
    assert (least.id, least.target_ratio, least.service) == ("search-latency", 0.95, None)
    first, empty = records(folder, "service_levels")
    assert first == ServiceLevelReading(
        id="checkout-availability|2026-10-01T00:00:00+00:00",
        objective_id="checkout-availability",
        period_start=datetime(2026, 10, 1, tzinfo=UTC),
        period_end=datetime(2026, 10, 2, tzinfo=UTC),
        good=99990,
        total=100000,
    )
    assert (empty.good, empty.total) == (0, 0)


def test_retention(folder):
    first, second = records(folder, "retention")
    assert first == RetentionCount(
        id="Shop|week|2026-09-07|0",
        product="Shop",
        grain="week",
        cohort_start=date(2026, 9, 7),
        period_number=0,
        users=120,
        retained=120,
        retained_or_later=120,
    )
    assert (second.retained, second.retained_or_later) == (45, None)


def test_postmortems_and_their_actions_come_apart_and_without_names(folder):
    full, least = records(folder, "postmortems", ["Ada Lovelace"])
    assert full == Postmortem(
        id="PM-1",
        incident="I-1",
        service="checkout",
        title="[name] deployed on a Friday",
        url="https://wiki.example.org/pm-1",
        published_at=datetime(2026, 10, 9, 13, tzinfo=UTC),
        causes=["configuration", "alert by [name]"],
    )
    assert (least.id, least.published_at, least.causes) == ("PM-2", None, [])
    done, still_open = records(folder, "postmortem_actions")
    assert done == PostmortemAction(
        id="PM-1|1",
        postmortem_id="PM-1",
        title="Alert on the queue's length",
        due_on=date(2026, 11, 1),
        closed_on=date(2026, 10, 20),
        state="done",
        url="https://jira.example.org/PAY-12",
    )
    assert (still_open.id, still_open.state, still_open.closed_on) == ("PM-1|2", "open", None)


def test_decisions(folder):
    full, least = records(folder, "decisions")
    assert full == ArchitectureDecision(
        id="D-1",
        title="One queue per team",
        service="checkout",
        team="payments",
        status="superseded",
        proposed_on=date(2026, 1, 10),
        decided_on=date(2026, 1, 24),
        reversed_on=date(2026, 9, 1),
        decided_by_level="team",
        url="https://wiki.example.org/d-1",
        risk="low",
        reach="organisation",
    )
    assert (least.status, least.proposed_on, least.decided_on) == ("proposed", None, None)


def test_registers(folder):
    full, least = records(folder, "registers")
    assert full == RegisterEntry(
        id="model-risk|scoring",
        register="model-risk",
        subject="Credit scoring",
        team="payments",
        service="checkout",
        risk_class="high",
        last_reviewed_on=date(2026, 3, 1),
        due_on=date(2026, 9, 1),
        retired_on=date(2026, 12, 1),
        url="https://grc.example.org/1",
    )
    assert (least.id, least.due_on) == ("data-access|1", None)


def test_exercises(folder):
    full, least = records(folder, "exercises")
    assert full == Exercise(
        id="E-1",
        kind="game day",
        team="payments",
        service="checkout",
        planned_on=date(2026, 9, 10),
        held_on=date(2026, 9, 11),
        url="https://wiki.example.org/e-1",
    )
    assert (least.kind, least.held_on) == ("restore test", None)


def test_experiments(folder):
    full, least = records(folder, "experiments", ["Ada Lovelace"])
    assert full == Experiment(
        id="X-1",
        title="Does [name]'s cache halve the wait?",
        team="payments",
        service="checkout",
        started_on=date(2026, 8, 3),
        concluded_on=date(2026, 9, 14),
        outcome="stopped",
        url="https://wiki.example.org/x-1",
    )
    assert (least.id, least.started_on, least.concluded_on, least.outcome) == ("X-2", None, None, None)


def test_satisfaction_is_told_by_week_or_day_and_never_by_answer(folder):
    week, day = records(folder, "satisfaction")
    assert week == SatisfactionCount(
        id="checkout|2026-10-05|2026-10-12",
        service="checkout",
        starts_on=date(2026, 10, 5),
        ends_on=date(2026, 10, 12),
        answers=40,
        satisfied=31,
    )
    assert (day.id, day.ends_on, day.answers) == ("checkout|2026-10-12|", date(2026, 10, 13), 6)


def test_mentorships_tell_neither_who_nor_where(folder):
    assert records(folder, "mentorships") == [
        Mentorship(id="1", started_on=date(2026, 7, 1), ended_on=date(2026, 9, 30), state="broken_off"),
        Mentorship(id="2", started_on=date(2026, 7, 1), ended_on=date(2026, 9, 30), state="completed"),
        Mentorship(id="3", started_on=None, ended_on=None, state="active"),
    ]


def test_counts_of_mentorship_offers_and_checklists(folder):
    assert records(folder, "mentorship_offers") == [
        MentorshipOffer(id="2026-Q2", quarter="2026-Q2", eligible=24, offered=9),
        MentorshipOffer(id="2026-Q3", quarter="2026-Q3", eligible=25, offered=0),
    ]
    counts = {"quarter": "2026-Q2", "team": None, "joiners": 3, "steps": 60, "done": 60}
    assert records(folder, "onboarding_checklists") == [
        OnboardingChecklist(
            id="2026-Q2|payments", **counts | {"team": "payments", "joiners": 2, "steps": 44, "done": 39}
        ),
        OnboardingChecklist(id="2026-Q2|", **counts),
        OnboardingChecklist(
            id="2026-Q3|", **counts | {"quarter": "2026-Q3", "joiners": 0, "steps": 0, "done": 0}
        ),
    ]


def test_agreed_actions_come_without_names(folder):
    full, done, least = records(folder, "actions", ["Ada Lovelace"])
    assert full == AgreedAction(
        id="A-1",
        title="Limit what is in progress",
        team="payments",
        agreed_on=date(2026, 7, 6),
        due_on=date(2026, 9, 30),
        closed_on=date(2026, 8, 20),
        state="dropped",
        reason="[name] found that the queue is elsewhere",
        url="https://jira.example.org/PAY-40",
    )
    assert (done.id, done.state, done.reason) == ("A-2", "done", None)
    assert (least.id, least.state, least.due_on) == ("A-3", "open", None)


# --- files and ids


def test_the_longest_type_that_a_name_begins_with_counts():
    assert type_of("postmortem_actions-2026.csv") == "postmortem_actions"
    assert type_of("postmortems-2026.csv") == "postmortems"
    assert type_of("service_level_objectives.csv") == "service_level_objectives"
    assert type_of("service_levels.csv") == "service_levels"
    assert type_of("services.csv") == "services"
    assert type_of("service.csv") is None


def test_parts_of_an_id_cannot_run_into_one_another():
    def key(service, team):
        return ROWS["ownership"].validated({"service": service, "team": team}).id

    assert key("a|b", "c") == "a%7Cb|c|"
    assert len({key("a|b", "c"), key("a", "b|c"), key("a%7Cb", "c"), key("a", "b%7Cc")}) == 4


def test_days_and_times_of_parquet_are_read_as_they_are(folder):
    table = pa.table(
        {
            "component": ["checkout"],
            "measured_at": pa.array([SIX], pa.timestamp("ms", tz="Europe/Berlin")),
            "covered_lines": pa.array([1], pa.int32()),
            "coverable_lines": pa.array([2], pa.int64()),
        }
    )
    pq.write_table(table, folder / "coverage.parquet")
    days = pa.table({"person": ["p"], "joined_on": pa.array([date(2026, 1, 2)], pa.date32())})
    pq.write_table(days, folder / "joiners.parquet")
    inbox = source(folder)
    ((report,), (joiner,)) = (
        next(inbox.fetch(name, f"{name}.parquet", Cursor())).records for name in ("coverage", "joiners")
    )
    assert (report.measured_at, report.covered_lines, report.coverable_lines) == (SIX, 1, 2)
    assert joiner.joined_on == date(2026, 1, 2)


FAULTS = {
    "a time for a day": (
        "joiners.csv",
        "person,joined_on\np,2026-10-01T09:00:00Z\n",
        "inbox/joiners.csv line 2 column joined_on: is not a date. Write it as 2026-10-01",
    ),
    "a number for a day": (
        "joiners.csv",
        "person,joined_on\np,1790000000\n",
        "inbox/joiners.csv line 2 column joined_on: is not a date. Write it as 2026-10-01",
    ),
    "a day without hyphens": (
        "joiners.csv",
        "person,joined_on\np,20261001\n",
        "inbox/joiners.csv line 2 column joined_on: is not a date. Write it as 2026-10-01",
    ),
    "a day that is not": (
        "joiners.csv",
        "person,joined_on\np,2026-02-30\n",
        "inbox/joiners.csv line 2 column joined_on: is not a date. Write it as 2026-10-01",
    ),
    "an end before the beginning": (
        "memberships.csv",
        "person,team,from,to\np,t,2026-02-01,2026-02-01\n",
        "inbox/memberships.csv line 2 column to: ends before it begins. Mend one of both",
    ),
    "more covered than there is": (
        "coverage.csv",
        "component,measured_at,covered_lines,coverable_lines\nc,2026-10-01T00:00:00Z,3,2\n",
        "inbox/coverage.csv line 2 column covered_lines: is more than there are. Mend one of both",
    ),
    "a negative count": (
        "coverage.csv",
        "component,measured_at,covered_lines,coverable_lines\nc,2026-10-01T00:00:00Z,-1,2\n",
        "inbox/coverage.csv line 2 column covered_lines: input should be greater than or equal to 0. ",
    ),
    "more good than all": (
        "service_levels.csv",
        "objective_id,period_start,period_end,good,total\no,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,2,1\n",
        "inbox/service_levels.csv line 2 column good: is more than there are. Mend one of both",
    ),
    "no number": (
        "service_levels.csv",
        "objective_id,period_start,period_end,good,total\no,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,nan,1\n",
        "inbox/service_levels.csv line 2 column good: input should be a finite number. Mend the value",
    ),
    "a target above all": (
        "service_level_objectives.csv",
        "objective_id,target_ratio\no,99.9\n",
        "inbox/service_level_objectives.csv line 2 column target_ratio: input should be less than or",
    ),
    "more came back than there were": (
        "retention.csv",
        "product,grain,cohort_start,period_number,users,retained\nS,week,2026-09-07,1,10,11\n",
        "inbox/retention.csv line 2 column retained: is more than there are. Mend one of both",
    ),
    "decided before it was proposed": (
        "decisions.csv",
        "decision_id,status,proposed_on,decided_on\nD,accepted,2026-02-01,2026-01-01\n",
        "inbox/decisions.csv line 2 column decided_on: is before the decision was proposed. Mend one of both",
    ),
    "a month of answers": (
        "satisfaction.csv",
        "service,from,to,answers,satisfied\nshop,2026-10-01,2026-11-01,40,31\n",
        "inbox/satisfaction.csv line 2 column to: is more than a week after the first day. Write a row for",
    ),
    "a single answer": (
        "satisfaction.csv",
        "service,from,customer,score\nshop,2026-10-01,Ada,5\n",
        "inbox/satisfaction.csv line 1: unknown column",
    ),
    "concluded before it began": (
        "experiments.csv",
        "experiment_id,started_on,concluded_on\nX,2026-02-01,2026-01-31\n",
        "inbox/experiments.csv line 2 column concluded_on: is before the experiment began. Mend one of both",
    ),
    "a pair with a name": (
        "mentorships.csv",
        "pair_id,mentor\n1,Ada\n",
        "inbox/mentorships.csv line 1: unknown column 'mentor'. Remove it",
    ),
    "a pair that ended on no day": (
        "mentorships.csv",
        "pair_id,started_on,state\n1,2026-07-01,completed\n",
        "inbox/mentorships.csv line 2 column ended_on: is missing, and the pair is no longer active. Fill",
    ),
    "more offered than there are people": (
        "mentorship_offers.csv",
        "quarter,eligible,offered\n2026-Q3,5,6\n",
        "inbox/mentorship_offers.csv line 2 column offered: is more than the rotation is meant for. Mend",
    ),
    "a quarter that is none": (
        "mentorship_offers.csv",
        "quarter,eligible,offered\n2026-Q5,5,5\n",
        "inbox/mentorship_offers.csv line 2 column quarter: ",
    ),
    "more steps done than there are": (
        "onboarding_checklists.csv",
        "quarter,joiners,steps,done\n2026-Q3,5,50,51\n",
        "inbox/onboarding_checklists.csv line 2 column done: is more than there are. Mend one of both",
    ),
    "joiners without a step": (
        "onboarding_checklists.csv",
        "quarter,joiners,steps,done\n2026-Q3,5,0,0\n",
        "inbox/onboarding_checklists.csv line 2 column steps: is none, and people joined. Mend one of both",
    ),
    "a reason for what was not dropped": (
        "actions.csv",
        "action_id,reason\nA,no time\n",
        "inbox/actions.csv line 2 column reason: is the reason for which an action was dropped, and this one",
    ),
    "a misspelt column": (
        "registers.csv",
        "register,entry,subject\n",
        "inbox/registers.csv line 1: unknown column 'entry'. Did you mean entry_id? Known: register, ",
    ),
    "a list that is none": (
        "memberships.ndjson",
        '{"person": "p", "team": "t", "accounts": {"ada": 1}}\n',
        "inbox/memberships.ndjson line 1 column accounts: is not a list of texts. Separate them by ;",
    ),
    "a person as the one who noticed": (
        "incidents.csv",
        "incident_id,service,started_at,title,reported_by\nI,s,2026-10-01T00:00:00Z,x,Ada\n",
        "inbox/incidents.csv line 2 column reported_by: input should be 'monitor', 'team', 'user' or 'other'",
    ),
    "a key twice": (
        "exercises.ndjson",
        '{"exercise_id": "E", "kind": "game day", "kind": "other"}\n',
        "inbox/exercises.ndjson line 1: a column comes twice. Remove one of them",
    ),
    "no number in JSON": (
        "debt.ndjson",
        '{"component": "c", "measured_at": "2026-10-01T00:00:00Z", "debt_ratio": NaN}\n',
        "inbox/debt.ndjson line 1: is not a complete JSON object. ",
    ),
    "a count that no machine holds": (
        "debt.ndjson",
        '{"component": "c", "measured_at": "2026-10-01T00:00:00Z", "code_lines": 1' + "0" * 30 + "}\n",
        "inbox/debt.ndjson line 1 column code_lines: input should be less than or equal to 92",
    ),
}


@pytest.mark.parametrize(("name", "content", "message"), FAULTS.values(), ids=FAULTS.keys())
def test_what_a_row_must_not_say(folder, name, content, message):
    assert refusal(folder, name, content).startswith(message)


def test_a_half_character_is_refused(folder):
    text = '{"exercise_id": "E", "kind": "\\ud800"}\n'
    assert refusal(folder, "exercises.ndjson", text).startswith("inbox/exercises.ndjson line 1 column kind: ")


def test_a_deep_object_is_refused(folder):
    text = '{"exercise_id": ' + "[" * 100_000 + "]" * 100_000 + "}\n"
    assert "is not a complete JSON object" in refusal(folder, "exercises.ndjson", text)


# --- schemas


@pytest.mark.parametrize("name", ROWS)
def test_the_schema_is_one_and_takes_what_is_recorded(name):
    schema = row_schema(name)
    Draft202012Validator.check_schema(schema)
    path = RECORDED / FILES[name]
    if path.suffix == ".ndjson":
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            # These two are read with more indulgence than JSON Schema can express.
            row |= {"deployment_id": str(row["deployment_id"])} if "deployment_id" in row else {}
            row |= {"status": row["status"].lower()} if "status" in row else {}
            Draft202012Validator(schema).validate(row)


@pytest.mark.parametrize("name", ROWS)
def test_schema_and_model_agree_on_names_and_on_what_is_required(name):
    row, validator = ROWS[name], Draft202012Validator(row_schema(name))
    required = [column for column, needed in row.columns().items() if needed]
    for left_out in required:
        values = {column: "x" for column in required if column != left_out}
        told = {error.message for error in validator.iter_errors(values) if error.validator == "required"}
        assert told == {f"'{left_out}' is a required property"}
        with pytest.raises(ValidationError) as raised:
            row.validated(values)
        assert [one["loc"] for one in raised.value.errors() if one["type"] == "missing"] == [(left_out,)]
    assert set(validator.schema["properties"]) == set(row.columns())
    assert not validator.is_valid({"nobody_knows_this": 1})
    key = dict.fromkeys(row.key_columns(), "x")
    unmet = [one.validator for one in validator.iter_errors({**key, "deleted": True})]
    assert "required" not in unmet


# --- the page


PAGE = (ROOT / "docs" / "inbox.md").read_text("utf-8")


@pytest.mark.parametrize("name", ROWS)
def test_the_page_has_the_columns_as_they_are(name):
    section = re.search(rf"^### `{name}\*`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert section, "the page has no section on it"
    row = ROWS[name]
    own = [field for field in row.fields() if field not in ("updated_at", "deleted", "source")]
    told = re.findall(r"^\| (`.*?`) \| (.*?) \| (.*) \|$", section[1], re.MULTILINE)
    assert told == [
        (
            " or ".join(f"`{name}`" for name in row.names(field)),
            "required" if row.model_fields[field].is_required() else "",
            row.model_fields[field].description,
        )
        for field in own
    ]


def test_the_page_has_no_other_types():
    assert re.findall(r"^### `(\w+)\*`$", PAGE, re.MULTILINE) == list(ROWS)


def test_every_type_has_a_stream():
    assert set(STREAMS) == {*ROWS, "person_accounts"}
