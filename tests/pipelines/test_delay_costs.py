"""Cost of delay from a file and from a snapshot: what is read, refused and said."""

import json

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.answers_delay import print_order
from pipelines.cli import app
from pipelines.cli_errors import CommandError
from pipelines.delay_costs import of_file, of_finished
from pipelines.snapshot_reader import UnknownNameError

MONEY = "item,cost_of_delay_per_week,duration_weeks,finished_on\n"
SCORES = "item,user_business_value,time_criticality,risk_reduction,job_size,finished_on\n"


@pytest.fixture
def file(tmp_path):
    def write(text, encoding="utf-8"):
        path = tmp_path / "jobs.csv"
        path.write_text(text, encoding=encoding)
        return path

    return write


def test_a_file_of_finished_items(file):
    # Three jobs done with the most valuable first: 158 instead of 130, by 15, 10 and 3.
    found = of_file(file(f"{MONEY}A,10,5,2026-03-01\nC,9,3,2026-03-08\nB,4,1,2026-03-09\n"))
    assert found["order"] == [
        {"rank": 1, "item": "B", "cd3": 4.0},
        {"rank": 2, "item": "C", "cd3": 3.0},
        {"rank": 3, "item": "A", "cd3": 2.0},
    ]
    assert [pair["cost"] for pair in found["inversions"]] == [15, 10, 3]
    assert found["cost"] == {"least": 130, "as_done": 158}


def test_without_a_day_there_is_an_order_and_nothing_was_done_wrongly(file, capsys):
    found = of_file(file("duration_weeks,item,cost_of_delay_per_week\n5,A,10\n1,B,4\n", "utf-8-sig"))
    assert ([one["item"] for one in found["order"]], found["inversions"], found["cost"]) == (
        ["B", "A"],
        [],
        None,
    )
    print_order(found, as_json=False)
    assert "finished" not in capsys.readouterr().out


def test_relative_scores_give_ranks_and_no_numbers(file, capsys):
    # A (8 + 5 + 2) ÷ 5 = 3, B (3 + 2 + 1) ÷ 1 = 6.
    found = of_file(file(f"{SCORES}A,8,5,2,5,2026-03-01\nB,3,2,1,1,2026-03-02\n"))
    assert found["order"] == [{"rank": 1, "item": "B"}, {"rank": 2, "item": "A"}]
    assert found["inversions"] == [{"first": "A", "later": "B"}]
    assert found["cost"] is None
    print_order(found, as_json=False)
    said = capsys.readouterr().out
    assert "A before B\n" in said
    assert "÷" not in said
    assert "costs" not in said


def test_an_empty_file_has_no_order(file, capsys):
    found = of_file(file(MONEY))
    print_order(found, as_json=False)
    assert "There is none" in capsys.readouterr().out
    print_order(found, as_json=True)
    assert json.loads(capsys.readouterr().out)["order"] == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "columns are missing"),
        ("item,duration_weeks\nA,1\n", "columns are missing"),
        ("item,cost,duration_weeks\nA,1,1\n", "column cost: unknown"),
        (f"{MONEY},1,1,\n", ":2: column item: is empty"),
        (f"{MONEY}A,1,1,\nB,much,1,\n", ":3: column cost_of_delay_per_week: not a number"),
        (f"{MONEY}A,1,0,\n", ":2: column duration_weeks: not a number above 0"),
        (f"{MONEY}A,-1,1,\n", ":2: column cost_of_delay_per_week: not a number from 0 on"),
        (f"{MONEY}A,nan,1,\n", ":2: column cost_of_delay_per_week: not a number from 0 on"),
        (f"{MONEY}A,1\n", ":2: column duration_weeks: not a number"),
        (f"{MONEY}A,1,1,soon\n", ":2: column finished_on: not a day"),
        (f"{MONEY}A,1,1,\nA,2,1,\n", "A stands there twice"),
    ],
)
def test_a_file_that_is_at_fault_is_refused_with_its_line(file, text, line):
    with pytest.raises(CommandError) as refused:
        of_file(file(text))
    assert line in str(refused.value)
    assert refused.value.code == 2


def test_a_file_that_is_no_text(file):
    with pytest.raises(CommandError, match="not a CSV file in UTF-8"):
        of_file(file(f"{MONEY}Ä,1,1,\n", "latin-1"))


@pytest.fixture
def con():
    """Of the quarter A (10 a week, 35 days), B (4, 7 days, in two services) and one without a cost."""
    with duckdb.connect() as opened:
        opened.execute(
            """
            CREATE TABLE organisation (name VARCHAR); CREATE TABLE department (id VARCHAR, name VARCHAR);
            CREATE TABLE service (id VARCHAR, name VARCHAR);
            CREATE TABLE period (grain VARCHAR, period VARCHAR, period_start DATE, period_end DATE);
            CREATE TABLE team (id VARCHAR, name VARCHAR); INSERT INTO team VALUES ('pay', 'Pay');
            INSERT INTO period VALUES
                ('quarter', '2026-Q1', '2026-01-01', '2026-04-01'),
                ('quarter', '2026-Q2', '2026-04-01', '2026-07-01');
            CREATE TABLE item (item_kind VARCHAR, item_id VARCHAR, label VARCHAR);
            INSERT INTO item VALUES ('issue', 'j:1', 'A'), ('issue', 'j:2', 'B'), ('issue', 'j:3', 'C');
            CREATE TABLE cost_of_delay (item_id VARCHAR, cost_of_delay DOUBLE);
            INSERT INTO cost_of_delay VALUES ('j:1', 10), ('j:2', 4), ('j:4', 1);
            CREATE TABLE counted (scope VARCHAR, item_id VARCHAR, value DOUBLE, on_date DATE, reason VARCHAR);
            INSERT INTO counted VALUES
                ('team:pay', 'j:1', 35, '2026-03-02', NULL), ('team:pay', 'j:2', 7, '2026-03-09', NULL),
                ('team:pay', 'j:3', 7, '2026-03-09', NULL), ('team:pay', 'j:4', 7, '2026-03-09', 'ignored');
            CREATE MACRO items_behind(metric, wanted) AS TABLE
                SELECT 'issue' AS item_kind, scope, item_id, value, on_date, reason AS excluded_reason
                FROM counted WHERE metric = 'cycle_time' AND wanted = '2026-Q1';
            """
        )
        yield opened


def test_what_a_scope_finished_by_its_cycle_times(con):
    # A takes 5 weeks, B 1; A first costs B 4 · 5 and spares A 10 · 1. Best: 4 · 1 + 10 · 6 = 64.
    found = of_finished(con, "team:pay", "2026-Q1")
    assert [(one["item"], one["cd3"]) for one in found["order"]] == [("B", 4.0), ("A", 2.0)]
    assert found["inversions"] == [{"first": "A", "later": "B", "cost": 10.0}]
    assert found["cost"] == {"least": 64.0, "as_done": 74.0}


def test_a_period_without_such_items_and_one_that_is_none(con):
    assert of_finished(con, "team:pay", "2026-Q2")["order"] == []
    with pytest.raises(UnknownNameError, match="is no period"):
        of_finished(con, "team:pay", "2026")


@pytest.mark.parametrize("arguments", [[], ["--scope", "team:pay"], ["x.csv", "--period", "2026-Q1"]])
def test_either_a_file_or_a_scope_with_a_period(arguments):
    refused = CliRunner().invoke(app, ["cost-of-delay", *arguments]).exception
    assert "either a file, or --scope and --period" in str(refused)
