"""The health check on the made-up organisation: what it says, what it never does, and how it is frozen."""

import ast
import json
import re
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from zoneinfo import ZoneInfo

import duckdb
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from connectors.journal import entries as written
from connectors.journal.entries import Action, Agreement, Body, Indicator, Theme
from connectors.journal.journal import Journal
from connectors.journal.where import SQLITE
from dashboard.health import people, survey_test
from dashboard.health.chosen import PAIRS
from dashboard.health.compose import compose
from dashboard.health.document import HealthCheck, Mix
from dashboard.health.dump import dump
from dashboard.health.first_look import opens_to_leaders
from dashboard.health.numbers import Numbers, Unknown
from dashboard.health.pairs import pairs
from dashboard.health.results import budget_policy
from dashboard.health.tables import extract, thaw
from dashboard.health.talk import talk
from dashboard.health.written import Entries, Note, read
from dashboard.report import html, markdown

BLAME = re.compile(r"because|\bdrives?\b|\bdriven\b|leads? to|\bdue to\b|burn-?out|caused? by", re.IGNORECASE)
SCOPES = ["organisation", "department:market", "department:platform"]
SCOPES += [f"team:{name}" for name in ("atlas", "beacon", "cedar", "fjord", "harvest")]
HOSTILE = "<script>alert(1)</script> ![x](http://evil.example) =1+1 #eval(1) $x$ | | \n\n* *"
WEEK = date(2026, 9, 28)


@pytest.fixture(scope="module")
def path(published: Path) -> str:
    return str(next((published / "snapshots").glob("*.duckdb")))


@pytest.fixture(scope="module")
def beacon(path: str) -> HealthCheck:
    return compose(path, notes(), "team:beacon", "2026-Q3")


def action(what: str, **told: object) -> Action:
    said = {
        "scope": "team:beacon",
        "quarter": "2026-Q2",
        "what": what,
        "answers": "Pace",
        "owner": "Beacon, lead",
        "due": date(2026, 9, 1),
        "known_by": "waiting to deploy under 6 h",
        "effort": "small",
    }
    return Action.model_validate(said | told)


def notes(*bodies: Body) -> Entries:
    return Entries(tuple(Note(body, WEEK) for body in bodies))


def value(path: str, scope: str, metric: str, quarter: str) -> float:
    query = """select value from metric_values where scope = ? and metric = ? and period = ?
               and statistic in ('p50', 'ratio')"""
    with duckdb.connect(path, read_only=True) as con:
        row = con.execute(query, [scope, metric, quarter]).fetchone()
    assert row is not None
    return float(row[0])


def spoken(check: HealthCheck) -> str:
    return re.sub(r"<[^>]+>", " ", html.head(check) + "".join(part.markup for part in html.sections(check)))


def test_what_changed_is_said_in_words_with_its_evidence_and_a_question(
    path: str, beacon: HealthCheck
) -> None:
    now, before = (value(path, "team:beacon", "change_lead_time", q) for q in ("2026-Q3", "2026-Q2"))
    first = beacon.talk.points[0]
    assert first.sentence == f"Change lead time is clearly shorter: {now:.0f} h, in Q2 2026 {before:.0f} h."
    assert "half of 99 changes" in first.evidence
    assert first.question.endswith("?")
    # fake_survey: pace of the third quarter went from 65 to 55, and seven of eight answered
    assert first.beside is not None
    assert first.beside.startswith("Sustainable pace: about 55, last time about 65; 7 of 8 answered.")
    assert first.beside.endswith("These two facts do not tell us why.")
    assert beacon.lede.endswith("Two changes stand out, and each comes with a question.")


def test_the_question_of_a_pair_stands_with_its_number_whichever_pairs_are_missing(path: str) -> None:
    numbers = Numbers(path, "team:beacon", "2026-Q3")
    said = people.load(path, "team:beacon", "Beacon", "2026-Q3", sees_survey=True)
    shown = pairs(numbers, said, None)
    pace = next(pair for pair in shown if pair.name == "Pace")
    # Pace is the first of five pairs. Where others are missing, its place among those left says nothing.
    for left in ((pace,), tuple(reversed(shown))):
        first = talk(numbers, said, left, (), is_first=False).points[0]
        assert first.figure.definition.metric == "change_lead_time"
        assert first.question == pace.question
        assert first.beside is not None
    assert talk(numbers, said, (), (), is_first=False).points[0].beside is None


def test_clear_changes_that_the_rule_did_not_choose_are_named_where_it_says_that_nothing_else_stands_out(
    path: str,
) -> None:
    numbers = Numbers(path, "team:beacon", "2026-Q3")
    said = people.load(path, "team:beacon", "Beacon", "2026-Q3", sees_survey=True)
    lead = numbers.figure("change_lead_time")
    assert lead is not None
    steady = numbers.figure("change_failure_rate")
    assert steady is not None
    other = replace(lead, definition=replace(lead.definition, metric="reviews", title="Reviews in time"))
    assert talk(numbers, said, (), (lead, steady), is_first=False).close == "Nothing else stands out."
    assert talk(numbers, said, (), (lead, steady, other), is_first=False).close == (
        "Nothing else stands out. Clear by itself below, but not chosen by this rule: reviews in time."
    )


def test_every_course_of_a_pair_has_its_own_question() -> None:
    moved = {(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)} - {(0, 0)}
    assert len(moved) == 8
    for kind in PAIRS:
        assert set(kind.questions) == moved, kind.name
        assert len({*kind.questions.values(), kind.steady}) == 9, kind.name


def test_a_team_has_two_facts_in_words_and_no_field(beacon: HealthCheck) -> None:
    assert [pair.name for pair in beacon.pairs] == ["Pace", "Review", "Quality"]
    assert all(pair.course is None and pair.course_before is None for pair in beacon.pairs)
    assert all(pair.note == "The numbers do not say why. Ask." for pair in beacon.pairs)


def test_above_teams_each_side_moves_by_its_own_test_alone(path: str) -> None:
    pace = compose(path, notes(), "organisation", "2026-Q3").pairs[0]
    # 37 h after 39 h is no clear change, and of 58 answers each time the favourable share stayed the same
    assert pace.course == (0, 0)
    assert pace.question == "Steady on both sides: is this the pace we want?"


def test_a_first_quarter_is_a_baseline(path: str) -> None:
    check = compose(path, notes(), "team:fjord", "2026-Q3")
    assert check.is_first_quarter
    assert "baseline" in check.lede
    assert check.pairs == ()
    assert check.talk.points == ()
    assert "0 numbers" not in check.talk.rule
    assert all("We could see" not in line for outcome in check.outcomes for line in outcome.foot)


def test_in_a_first_quarter_scores_are_a_baseline_even_where_a_survey_was_before(path: str) -> None:
    said = people.load(path, "team:beacon", "Beacon", "2026-Q3", sees_survey=True)
    assert any(one.before for one in said.said)
    first = people.as_baseline(said)
    assert [one.before for one in first.said] == [None] * len(said.said)
    assert [one.now for one in first.said] == [one.now for one in said.said]
    gaps = {before.name: now.gap for before, now in zip(said.said, first.said, strict=True) if before.before}
    assert set(gaps.values()) == {"baseline"}


def test_where_too_few_people_work_for_a_number_no_quarter_is_the_first_one(
    path: str, tmp_path: Path
) -> None:
    few = tmp_path / "few.duckdb"
    shutil.copy(path, few)
    with duckdb.connect(str(few)) as con:
        con.execute(
            """update metric_values set value = null, low = null, high = null, n = 0,
               withheld_reason = 'few_people' where scope = 'team:beacon'"""
        )
    check = compose(str(few), notes(), "team:beacon", "2026-Q3")
    assert not check.is_first_quarter
    assert "baseline" not in check.lede
    assert "Nothing is compared in a first quarter." not in spoken(check)


@pytest.mark.parametrize(
    ("held", "said"),
    [
        # The quarter is July to September: what ends with it held to its last day.
        ([("organisation", "2026-01-01", None)], "organisation"),
        (
            [("organisation", "2026-01-01", None), ("department:market", "2026-01-01", None)],
            "department:market",
        ),
        (
            [("department:market", "2026-01-01", "2026-09-30"), ("organisation", "2026-01-01", None)],
            "organisation",
        ),
        ([("department:market", "2026-01-01", "2026-10-01")], "department:market"),
        ([("department:platform", "2026-01-01", None)], None),
        ([("team:beacon", "2026-10-01", None)], None),
    ],
)
def test_the_line_for_a_low_budget_is_the_nearest_that_holds(
    path: str, held: list[tuple[str, str, str | None]], said: str | None
) -> None:
    policies = [
        Agreement.model_validate(
            {"scope": s, "kind": "error_budget_policy", "text": s, "valid_from": a, "valid_to": b}
        )
        for s, a, b in held
    ]
    assert budget_policy(Numbers(path, "team:beacon", "2026-Q3"), notes(*policies)) == said
    thawed, kept = thaw(extract(path, notes(*policies), "team:beacon", "2026-Q3"))
    assert budget_policy(Numbers(thawed, "team:beacon", "2026-Q3"), kept) == said


def test_of_two_lines_that_hold_the_later_one_counts(path: str) -> None:
    lines = [
        Agreement(
            scope="organisation", kind="error_budget_policy", text=day, valid_from=date.fromisoformat(day)
        )
        for day in ("2026-02-01", "2026-08-01", "2026-03-01")
    ]
    assert budget_policy(Numbers(path, "organisation", "2026-Q3"), notes(*lines)) == "2026-08-01"


def test_the_line_for_a_low_budget_stands_where_there_is_a_budget(path: str, tmp_path: Path) -> None:
    line = Agreement(
        scope="organisation", kind="error_budget_policy", text="Stop.", valid_from=date(2026, 1, 1)
    )
    having = tmp_path / "having.duckdb"
    shutil.copy(path, having)
    with duckdb.connect(str(having)) as con:
        for table in ("metric_catalog", "metric_values"):
            con.execute(
                f"""insert into {table} select * replace ('error_budget_left_in_quarter' as metric)
                    from {table} where metric = 'change_failure_rate'"""
            )
    told = [compose(str(one), notes(line), "team:beacon", "2026-Q3").budget_policy for one in (path, having)]
    assert told == [None, "Stop."]


@pytest.fixture
def with_kinds(path: str, tmp_path: Path) -> Path:
    """Ten finished items of three kinds in Q3 2026, and four of two in Q2 2026."""
    found = tmp_path / "kinds.duckdb"
    shutil.copy(path, found)
    kinds = [("Task", "2026-Q3", 1), ("Story", "2026-Q3", 6), ("Bug", "2026-Q3", 3)]
    kinds += [("Story", "2026-Q2", 3), ("Bug", "2026-Q2", 1)]
    with duckdb.connect(str(found)) as con:
        con.execute(
            """insert into metric_catalog by name select * replace ('investment_mix' as metric,
               'Investment mix' as title, 'issue' as item_kind) from metric_catalog
               where metric = 'change_failure_rate'"""
        )
        for kind, quarter, count in kinds:
            con.execute(
                """insert into metric_breakdown by name select * replace ('investment_mix' as metric,
                   'count' as statistic, $count as value, $count as n), $kind as category from metric_values
                   where metric = 'change_failure_rate' and scope = 'team:beacon' and period = $quarter""",
                {"kind": kind, "quarter": quarter, "count": count},
            )
    return found


def test_the_mix_is_told_in_shares_of_its_kinds_beside_those_of_the_quarter_before(with_kinds: Path) -> None:
    check = compose(str(with_kinds), notes(), "team:beacon", "2026-Q3")
    now, before = "Story 60 %, Bug 30 %, Task 10 %", "Q2 2026: Story 75 %, Bug 25 %"
    assert check.indicators.mix == Mix("Investment mix", now, "of 10 items", before)
    assert f"| Investment mix | {now} | of 10 items |  | {before} |" in markdown.render(check)
    assert now in re.sub(r"\s", " ", spoken(check))
    thawed, kept = thaw(extract(str(with_kinds), notes(), "team:beacon", "2026-Q3"))
    assert dump(compose(thawed, kept, "team:beacon", "2026-Q3")) == dump(check)


def test_a_kind_that_is_withheld_leaves_no_mix_to_work_it_out_from(with_kinds: Path) -> None:
    with duckdb.connect(str(with_kinds)) as con:
        con.execute("update metric_breakdown set value = null, withheld_reason = 'few_people' where n = 1")
    check = compose(str(with_kinds), notes(), "team:beacon", "2026-Q3")
    assert check.indicators.mix is None


def test_an_open_quarter_compares_nothing(path: str) -> None:
    check = compose(path, notes(), "team:beacon", "2026-Q4")
    assert check.lede == "Beacon. Q4 2026 is still open: 5 of 13 weeks so far."
    assert check.talk.points == ()


def test_nothing_after_the_quarter_is_told(beacon: HealthCheck) -> None:
    for outcome in beacon.outcomes:
        assert outcome.figure.quarters[-1] == "2026-Q3"


@pytest.mark.parametrize(("scope", "quarter"), [("team:nobody", "2026-Q3"), ("organisation", "1999-Q1")])
def test_an_unknown_scope_or_quarter_is_said(path: str, scope: str, quarter: str) -> None:
    with pytest.raises(Unknown, match="published numbers"):
        compose(path, notes(), scope, quarter)
    with pytest.raises(Unknown):
        extract(path, notes(), scope, quarter)


def test_promises_come_first_and_silence_is_no_update(path: str) -> None:
    entries = notes(
        action("Silent"),
        action("Dropped", state="dropped", reason="Nobody needed it."),
        action("Under way", update="Half of it."),
        action("Kept", state="done"),
        action("Of this review", quarter="2026-Q3", due=date(2026, 12, 1)),
        action("Another team's", scope="team:atlas"),
    )
    check = compose(path, entries, "team:beacon", "2026-Q3")
    told = [(one.what, one.state, one.told) for one in check.promises.items]
    assert told == [
        ("Kept", "done", ""),
        ("Under way", "moving", "Half of it."),
        ("Silent", "no_update", "Last word in the week of 28 Sep 2026."),
        ("Dropped", "dropped", "Nobody needed it."),
    ]
    assert check.promises.sentence == "1 of 4 done, 1 moving, 1 without an update, 1 dropped."
    assert check.lede.startswith("One of four things we promised is done.")
    assert [one.what for one in check.next.actions] == ["Of this review"]


def test_a_theme_shows_its_numbers_from_the_baseline(path: str) -> None:
    numbers = [("change_lead_time", "p50"), ("gone_metric", "p50"), ("change_lead_time", "p99")]
    theme = Theme(
        scope="team:beacon",
        quarter="2026-Q3",
        sentence="Small changes.",
        why="They waited.",
        indicators=tuple(
            Indicator(metric=m, statistic=s, baseline_quarter="2026-Q2", expected="down") for m, s in numbers
        ),
    )
    shown = compose(path, notes(theme), "team:beacon", "2026-Q3").theme
    assert shown is not None
    assert len(shown.indicators) == 1, "what is not published any more is left out"
    assert shown.indicators[0].baseline is not None
    assert shown.indicators[0].baseline.value == value(path, "team:beacon", "change_lead_time", "2026-Q2")


def test_what_is_withheld_is_said_with_its_reason(path: str) -> None:
    limits = [
        (one.kind, one.sentence) for one in compose(path, notes(), "team:harvest", "2026-Q3").cannot_tell
    ]
    assert ("withheld", "Change failure rate: Too few deployments could be linked.") in limits
    assert any(kind == "withheld" and "too few answers, or none" in said for kind, said in limits)
    assert any(kind == "stale" and "2 Nov 2026" in said for kind, said in limits)


@pytest.mark.parametrize(("zone", "week"), [("Europe/Berlin", "2026-10-05"), ("UTC", "2026-09-28")])
def test_a_week_begins_on_the_organisations_clock(tmp_path: Path, zone: str, week: str) -> None:
    """Sunday, 4 October 2026, half past eleven in UTC is half past one on Monday in Berlin."""
    with closing(Journal.open(f"{SQLITE}{tmp_path / 'journal.sqlite'}")) as journal:
        journal.add(action("x"), role="leader", at=datetime(2026, 10, 4, 23, 30, tzinfo=UTC))
        assert [one.week.isoformat() for one in read(journal, ZoneInfo(zone)).notes] == [week]


def test_not_this_time_is_shown(path: str) -> None:
    silence = written.NotKnown(scope="organisation", quarter="2026-Q3")
    limits = compose(path, notes(silence), "organisation", "2026-Q3").cannot_tell
    assert limits[-1].sentence == "What we got wrong or do not know yet: not this time."


def test_the_first_look_keeps_what_people_said_from_leaders(path: str) -> None:
    check = compose(path, notes(), "organisation", "2026-Q3", sees_survey=False)
    assert check.indicators.people == ()
    assert check.pairs == ()
    assert all(point.beside is None for point in check.talk.points)
    assert check.header.answers is None
    assert "Sustainable pace" not in spoken(check)


def test_two_full_days_are_never_less_than_48_hours() -> None:
    zone = ZoneInfo("Europe/Berlin")
    late_evening = datetime(2026, 10, 24, 23, 59, tzinfo=zone)  # the clock goes back in the night
    opens = opens_to_leaders(late_evening.date(), zone)
    assert opens == datetime(2026, 10, 27, tzinfo=zone)
    assert (opens.astimezone(UTC) - late_evening.astimezone(UTC)).total_seconds() >= 48 * 3600


@pytest.mark.parametrize("scope", SCOPES)
def test_frozen_it_is_the_same_to_the_last_byte(path: str, scope: str) -> None:
    entries = notes(
        action(HOSTILE[:80], scope=scope), written.WentWell(scope=scope, quarter="2026-Q3", text=HOSTILE)
    )
    content = extract(path, entries, scope, "2026-Q3")
    thawed, kept = thaw(content)
    live, frozen = compose(path, entries, scope, "2026-Q3"), compose(thawed, kept, scope, "2026-Q3")
    assert dump(frozen) == dump(live)
    assert html.sections(frozen) == html.sections(live)
    assert extract(path, entries, scope, "2026-Q3") == content


def test_what_was_frozen_needs_no_snapshot(fake: ModuleType, tmp_path: Path) -> None:
    fake.build(tmp_path)
    snapshot = next((tmp_path / "snapshots").glob("*.duckdb"))
    content = extract(str(snapshot), notes(), "team:beacon", "2026-Q3")
    before = dump(compose(str(snapshot), notes(), "team:beacon", "2026-Q3"))
    snapshot.unlink()
    thawed, kept = thaw(content)
    assert dump(compose(thawed, kept, "team:beacon", "2026-Q3")) == before


def test_a_frozen_quarter_holds_nothing_that_the_page_does_not_show(path: str) -> None:
    held = json.loads(extract(path, notes(action("x", scope="team:atlas")), "team:beacon", "2026-Q3"))
    tables = {name: table["rows"] for name, table in held["tables"].items()}
    columns = {name: [c for c, _ in table["columns"]] for name, table in held["tables"].items()}

    def of(table: str, column: str) -> set[object]:
        at = columns[table].index(column)
        return {row[at] for row in tables[table]}

    assert of("survey_cell", "scope") == {"team:beacon"}
    assert of("survey_unit", "unit_id") == {"team:beacon"}
    assert of("team", "id") == {"beacon"}
    assert of("metric_values", "scope") <= {"team:beacon", "department:market", "organisation"}
    assert max(str(day) for day in of("metric_values", "period_end")) == "2026-10-01"
    assert held["written"] == []
    assert not {"item", "metric_item", "metric_observation"} & set(tables)


def test_sessions_that_open_the_same_frozen_quarter_at_once_all_read_it(path: str) -> None:
    content = extract(path, notes(action("Opened by many")), "team:beacon", "2026-Q3")
    at_once = threading.Barrier(4)

    def opened(_: int) -> str:
        at_once.wait()
        thawed, _entries = thaw(content)
        with duckdb.connect(thawed, read_only=True) as con:
            return str(con.execute("select name from organisation").fetchall())

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(opened, range(4)))) == 1


@pytest.mark.parametrize("content", ['{"format": 2}', "[]", "{", '{"format": 1, "tables": {}}'])
def test_what_is_no_frozen_quarter_does_not_open(content: str) -> None:
    with pytest.raises(ValueError, match="frozen by another version"):
        thaw(content)


def test_a_frozen_type_is_never_run_as_sql() -> None:
    table = {"columns": [["a", "INTEGER); drop table run; --"]], "rows": []}
    content = json.dumps({"format": 1, "written": [], "tables": {"run": table, "left_out": table}})
    with pytest.raises(ValueError, match="unknown type"):
        thaw(content)


@pytest.mark.parametrize(("now", "before"), [((30, 58), (12, 58)), ((5, 12), (9, 14)), ((40, 40), (10, 35))])
def test_the_survey_test_is_newcombes(now: tuple[int, int], before: tuple[int, int]) -> None:
    low, high = confint_proportions_2indep(*now, *before, method="newcomb", compare="diff", alpha=0.01)
    shares = [(count / n, n) for count, n in (now, before)]
    assert survey_test.difference(*shares) == pytest.approx((low, high), abs=1e-12)
    assert survey_test.moved(*shares) == (1 if low > 0 else -1 if high < 0 else 0)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("quarter", ["2026-Q3", "2026-Q4", "2025-Q2"])
def test_nothing_is_blamed_and_no_name_of_the_code_is_shown(path: str, scope: str, quarter: str) -> None:
    said = spoken(compose(path, notes(), scope, quarter))
    assert not BLAME.search(said)
    assert not re.search(r"\b[a-z]+_[a-z_]+\b|team:|department:|\b20\d\d-Q\d|\bNone\b", said), said


def constants(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield file.name, node.value


@pytest.mark.parametrize("package", [".", "health", "report", "app_pages", "forms", "team_views"])
def test_no_sentence_names_a_cause(package: str) -> None:
    found = list(constants(Path(compose.__code__.co_filename).parents[1] / package))
    assert found
    assert not [(name, said) for name, said in found if BLAME.search(said)]


def test_texts_from_outside_stay_texts(path: str) -> None:
    entries = notes(written.WentWell(scope="organisation", quarter="2026-Q3", text=HOSTILE))
    parts = html.sections(compose(path, entries, "organisation", "2026-Q3"))
    markup = "".join(part.markup for part in parts)
    assert "<script>" not in markup
    assert "&lt;script&gt;" in markup
    assert "\n" not in markup
