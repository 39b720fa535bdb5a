"""What is withheld among numbers of people's work cannot be worked out from what is shown.

`metric_attack` reads a published snapshot as an outsider would and uses nothing of the product. Here it is
let loose on a small organisation with planted small teams, and on the same one with each protection switched
off: there it has to find what it looks for. Who was active where is counted from what was planted.
"""

import shutil
from dataclasses import replace
from datetime import timedelta

import duckdb
import planted_work
import polars as pl
from metric_attack.published import measures, organisation
from metric_attack.solving import leaks
from planted_work import PEOPLE, TEAMS, by_day, planted, publish_planted

from pipelines.aggregate import aggregate_days_between
from pipelines.stored_values import VALUES_OF

LEAST = 3
BY_DAY = by_day(planted())
DEPLOYMENTS, INCIDENTS = "deployment_frequency n", "incident_load n"


def work_in(cell):
    """Who did something in a cell, once for each thing."""
    days = [cell.first + timedelta(days=number) for number in range((cell.end - cell.first).days)]
    return [person for day in days for person in BY_DAY.get((cell.scope, day), ())]


def is_few(cell):
    return len({*work_in(cell)}) < LEAST


def exposed(path, name=None, scopes=None):
    """What an outsider works out of somebody's work in cells of fewer than three people.

    Of a sum of none every part is none: that tells that nobody did anything, and is left out.
    """
    with duckdb.connect(str(path), read_only=True) as con:
        known, counts = organisation(con), measures(con)
    found = []
    for one in counts:
        if name is None or name in one.names:
            cells = [
                cell for cell in one.withheld if is_few(cell) and (scopes is None or cell.scope in scopes)
            ]
            found += leaks(one, known, cells)
    return [one for one in found if one.how != "range" or abs(one.value) > 0.5]


def test_no_withheld_count_of_few_people_can_be_worked_out(published):
    assert [str(one) for one in exposed(published[1])] == []


def test_what_was_planted_is_withheld_and_what_is_shown_was_counted_by_the_attack(published):
    with duckdb.connect(str(published[1]), read_only=True) as con:
        counts = {name: one for one in measures(con) for name in one.names}
    deployments = counts["deployment_frequency n"]
    few = {cell for cell in deployments.withheld if is_few(cell)}
    assert not [cell for cell in deployments.shown if is_few(cell)]
    # The small teams and services, and the week of May in which two of five worked on w2.
    small = {f"service:{one}" for one, count in PEOPLE.items() if count < LEAST} | {"team:pair", "team:solo"}
    assert {cell.scope for cell in few} >= small | {"service:w2"}
    for cell, count in deployments.shown.items():
        assert count == len(work_in(cell)), cell
    assert len(deployments.shown) > len(TEAMS) * 20


# --- each protection switched off


def mutated(published, tmp_path, *names):
    return publish_planted(published[0], tmp_path / "mutated.duckdb", *names)


def test_without_complementary_suppression_counts_are_differences(published, tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.statistics.adding_up._hide_smallest", lambda *_: None)
    found = exposed(mutated(published, tmp_path, "deployment_frequency"), DEPLOYMENTS, ["service:l2"])
    # In the lone team l1 is shown: what the team has without it is l2's.
    assert {one.how for one in found} == {"linear"}
    assert all(one.value == len(work_in(one.cell)) for one in found)


def test_without_weeks_withheld_together_small_counts_leave_one_value(published, tmp_path, monkeypatch):
    def alone(grid):
        weeks = grid.select("grain", "period_start").unique()
        return weeks.with_row_index("block").with_columns(pl.col("block").cast(pl.Int64))

    def none(told):
        return pl.repeat(False, told.height, eager=True)

    monkeypatch.setattr("pipelines.statistics.few_people._blocks", alone)
    monkeypatch.setattr("pipelines.statistics.few_people._is_beside_a_lone_week", none)
    path = mutated(published, tmp_path, "deployment_frequency")
    found = exposed(path, DEPLOYMENTS, ["service:l2"])
    assert all(one.value == len(work_in(one.cell)) for one in found)
    assert found


def test_an_n_beside_a_withheld_number_is_found(published, tmp_path):
    path = shutil.copy(published[1], tmp_path / "told.duckdb")
    with duckdb.connect(str(path)) as con:
        for table in VALUES_OF.values():
            con.execute(
                f"UPDATE {table} SET n = 7 WHERE withheld_reason = 'few_people' "
                "AND metric = 'incident_load' AND scope = 'service:s1' AND statistic = 'count'"
            )
    found = exposed(path, INCIDENTS, ["service:s1"])
    assert {(one.value, one.how) for one in found} == {(7, "told")}


def test_counts_of_data_checks_are_found(published, tmp_path, monkeypatch):
    write = planted_work.write_check
    monkeypatch.setattr(planted_work, "write_check", lambda con, check, _: write(con, check))
    found = exposed(mutated(published, tmp_path, "deployment_frequency"), DEPLOYMENTS, ["team:solo"])
    assert "told" in {one.how for one in found}


def test_charts_of_the_days_between_rare_events_are_found(published, tmp_path, monkeypatch):
    def unprotected(metric, items, frames):
        return aggregate_days_between(
            metric, items, replace(frames, few_in_period=frames.few_in_period.clear())
        )

    monkeypatch.setattr("pipelines.compute.aggregate_days_between", unprotected)
    found = exposed(mutated(published, tmp_path, "incident_load"), INCIDENTS)
    assert all(one.value > 0 for one in found)
    assert found
