"""What was deleted is noticed by counting, and only a census that is sound and complete marks anything."""

import tomllib
from datetime import timedelta

import pytest
import time_machine

from connectors.base import SourceContext, SourceUnavailable
from connectors.inbox import source as inbox
from pipelines.config_model import Configuration
from pipelines.ingest import Census, ingest
from pipelines.sources import censuses

EVERY_RUN = Census("pull_request", timedelta(0))
WEEKLY = Census("pull_request", timedelta(days=6, hours=12))
DOWN = SourceUnavailable("github", "the server answers 503", "Check base_url")


@pytest.fixture
def run(warehouse, records):
    """Run once: what each scope delivers, and what its census finds."""
    count = 0

    def run_once(delivered, present, *, census=EVERY_RUN, **options):
        nonlocal count
        count += 1
        batches = {
            scope: [records.batch([records.pull_request(number, base_ref=scope) for number in numbers], "m")]
            for scope, numbers in delivered.items()
        }
        source = records.source("github", {"s": batches}, scopes=list(delivered), present=present)
        results = ingest(
            warehouse,
            f"run-{count}",
            {"github": (source, ["s"])},
            censuses={("github", "s"): census},
            **options,
        )
        return {one.scope: one for one in results}

    return run_once


@pytest.fixture
def gone(warehouse):
    def numbers():
        rows = warehouse.con.execute("SELECT number FROM raw.pull_request WHERE gone_at IS NOT NULL")
        return sorted(number for (number,) in rows.fetchall())

    return numbers


def test_what_is_read_for_the_first_time_is_not_counted(run, gone):
    result = run({"a": [1, 2]}, [])["a"]
    assert (result.status, result.calls) == ("ok", 1)
    assert gone() == []


def test_a_row_that_the_census_does_not_find_is_gone_and_counts_as_changed(run, gone):
    run({"a": [1, 2, 3]}, [])
    result = run({"a": []}, ["1", "3"])["a"]
    assert gone() == [2]
    assert (result.status, result.rows_read, result.rows_changed) == ("ok", 0, 1)
    assert result.calls == 3  # one batch, two ids


def test_with_nothing_deleted_nothing_changes(run, gone):
    run({"a": [1, 2]}, [])
    assert run({"a": [1]}, ["1", "2"])["a"].rows_changed == 0
    run({"a": []}, ["1"])
    assert run({"a": []}, ["1"])["a"].rows_changed == 0
    assert gone() == [2]


def test_a_row_that_reappears_is_there_again(run, gone):
    run({"a": [1, 2, 3]}, [])
    run({"a": []}, ["1"])
    assert gone() == [2, 3]
    # 2 is delivered again; 3 is found by the census alone, as after a restore that changed no date.
    result = run({"a": [2]}, ["1", "2", "3"])["a"]
    assert gone() == []
    assert result.rows_changed == 2


def test_a_census_that_is_cut_short_marks_nothing_and_fails_the_stream(run, gone):
    run({"a": [1, 2]}, [])
    result = run({"a": [2]}, ["1", DOWN])["a"]
    assert gone() == []
    assert (result.status, result.error) == ("failed", str(DOWN))
    assert run({"a": []}, ["1"])["a"].status == "ok"
    assert gone() == [2]


def test_a_bug_in_a_census_is_reported_and_marks_nothing(run, gone):
    run({"a": [1]}, [])
    assert "internal error (KeyError)" in run({"a": []}, [KeyError("x")])["a"].error
    assert gone() == []


def test_a_stream_that_could_not_be_read_is_not_counted(run, gone, warehouse, records):
    run({"a": [1, 2]}, [])
    source = records.source("github", {"s": [DOWN]}, scopes=["a"], present=["1"])
    ingest(warehouse, "run-x", {"github": (source, ["s"])}, censuses={("github", "s"): EVERY_RUN})
    assert gone() == []


def test_an_empty_census_of_known_rows_is_not_believed(run, gone):
    run({"a": [1, 2]}, [])
    result = run({"a": []}, [])["a"]
    assert gone() == []
    assert result.status == "failed"
    assert result.error.startswith("github/a/s: the source shows none of the 2 rows that are known, ")


def test_an_empty_census_is_believed_where_it_was_asked_for(run, gone):
    run({"a": [1, 2]}, [])
    result = run({"a": []}, [], from_the_start=True, is_every_census_due=True)["a"]
    assert (result.status, result.rows_changed) == ("ok", 2)
    assert gone() == [1, 2]
    assert run({"a": []}, [])["a"].status == "ok", "there is nothing left to be missed"


def test_a_census_that_shows_little_of_what_is_known_is_not_believed(run, gone):
    """A lost security level, an index that is being rebuilt: most rows are missing, and none was deleted."""
    run({"a": range(1, 51)}, [])
    result = run({"a": []}, ["1", "2"])["a"]
    assert gone() == []
    assert result.status == "failed"
    assert result.error == (
        "github/a/s: the source shows 2 of the 50 rows that are known, so nothing is marked as deleted. "
        "Let the token see the others; where they were deleted indeed, run once with --full"
    )
    assert run({"a": []}, ["1", "2"], is_every_census_due=True)["a"].rows_changed == 48


def test_a_census_that_shows_half_or_misses_a_few_is_believed(run, gone):
    run({"a": range(1, 51), "b": range(60, 81)}, [])
    run({"a": [], "b": []}, {"a": map(str, range(1, 26)), "b": ["60"]})
    assert gone() == [*range(26, 51), *range(61, 81)]


def test_a_source_that_cannot_lose_sight_of_its_rows_is_believed(run, gone):
    census = Census("pull_request", timedelta(0), is_believed=True)
    run({"a": range(1, 51)}, [])
    assert run({"a": []}, [], census=census)["a"].status == "ok"
    assert len(gone()) == 50


def test_a_row_that_moves_to_a_scope_that_is_read_stays(run, gone):
    run({"a": [1, 2], "b": [3]}, {"a": [], "b": []})
    # 2 has moved from a to b, and is delivered there after a was read.
    results = run({"a": [], "b": [2]}, {"a": ["1"], "b": ["2", "3"]})
    assert gone() == []
    assert {scope: one.rows_changed for scope, one in results.items()} == {"a": 0, "b": 1}
    assert run({"a": [], "b": []}, {"a": ["1"], "b": ["3"]})["b"].rows_changed == 1
    assert gone() == [2]


def test_a_row_that_moved_and_shows_no_other_change_stays(run, gone):
    """As where a project is read under another name."""
    run({"a": [1, 2], "b": [3]}, {"a": [], "b": []})
    run({"a": [], "b": []}, {"a": ["1"], "b": ["2", "3"]})
    assert gone() == []
    assert run({"a": [], "b": []}, {"a": ["1"], "b": ["2", "3"]})["b"].rows_changed == 0


def test_what_the_run_itself_has_just_written_is_not_marked(run, gone):
    """A search may be minutes behind what was read."""
    run({"a": [1]}, [])
    run({"a": [2]}, ["1"])
    assert gone() == []
    run({"a": []}, ["1"])
    assert gone() == [2]


def test_a_weekly_census_waits_for_its_week_unless_everything_is_asked_for(run, gone):
    run({"a": [1, 2]}, [], census=WEEKLY)
    assert run({"a": []}, ["1"], census=WEEKLY)["a"].calls == 1
    assert gone() == []
    with time_machine.travel("2026-11-11T05:00:00+00:00", tick=True):  # a week after the tests' own day
        assert run({"a": []}, ["1"], census=WEEKLY)["a"].calls == 2
        assert gone() == [2]
        assert run({"a": []}, ["1"], census=WEEKLY)["a"].calls == 1
        assert run({"a": []}, ["1"], census=WEEKLY, is_every_census_due=True)["a"].calls == 2


def test_a_stream_without_a_census_is_never_counted(warehouse, records):
    for number in (1, 2):
        source = records.source("github", {"s": [records.batch([], "mark")]}, present=[DOWN])
        (result,) = ingest(warehouse, f"run-{number}", {"github": (source, ["s"])})
        assert result.status == "ok"


# --- the name of a repository that another one takes over


@pytest.fixture
def night(warehouse, records):
    """Read scopes, each holding numbers of one repository, and count them; the results by scope."""
    count = 0

    def run_once(**holds):
        nonlocal count
        count += 1
        told = {
            scope: [records.batch([records.pull_request(n, repository_id=repository) for n in numbers], "m")]
            for scope, (repository, numbers) in holds.items()
        }
        present = {scope: list(map(str, numbers)) for scope, (_, numbers) in holds.items()}
        source = records.source("github", {"s": told}, list(holds), present)
        always = {("github", "s"): EVERY_RUN}
        results = ingest(warehouse, f"run-{count}", {"github": (source, ["s"])}, censuses=always)
        return {one.scope: one for one in results}

    return run_once


def test_a_repository_whose_name_another_one_takes_over_keeps_its_rows(night, gone):
    night(api=("7", [1, 2, 3]))
    results = night(api=("8", [11]), api_old=("7", [1, 2, 3]))
    assert gone() == []
    assert {scope: one.rows_changed for scope, one in results.items()} == {"api": 1, "api_old": 0}
    night(api=("8", [11]), api_old=("7", [1, 3]))
    assert gone() == [2]


def test_a_repository_that_is_no_longer_read_keeps_its_rows_when_its_name_is_taken_over(night, gone):
    night(api=("7", range(1, 31)))
    for _ in range(2):
        assert night(api=("8", [101, 102]))["api"].status == "ok"
        assert gone() == []
    night(api=("8", [101]))
    assert gone() == [102]


# --- lists of the inbox


@pytest.fixture
def read_memberships(warehouse, tmp_path):
    """Write files of memberships and read them; (person, file, is gone) of each row."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    count = 0

    def run_once(**people):
        nonlocal count
        count += 1
        for name, persons in people.items():
            text = "".join(f"{line}\n" for line in ["person,team", *(f"{one},pay" for one in persons)])
            (folder / f"memberships-{name}.csv").write_text(text, encoding="utf-8")
        settings = inbox.Settings(name="inbox", kind="inbox")
        source = inbox.create(settings, SourceContext(None, (), str(tmp_path)))
        every = {("inbox", "memberships"): censuses_of("inbox")["memberships"]}
        results = ingest(warehouse, f"run-{count}", {"inbox": (source, ["memberships"])}, censuses=every)
        assert [one.error for one in results if one.error] == []
        return warehouse.con.execute(
            "SELECT person, scope[13:13], gone_at IS NOT NULL FROM raw.membership ORDER BY person"
        ).fetchall()

    return run_once


def censuses_of(kind):
    text = f'[organisation]\nid = "a"\nname = "A"\n[[source]]\nname = "{kind}"\nkind = "{kind}"\n'
    configuration = Configuration.model_validate(tomllib.loads(text))
    return {stream: census for (_, stream), census in censuses(configuration).items()}


def test_a_row_that_moves_to_a_new_file_of_the_inbox_is_not_gone_for_a_night(read_memberships):
    """The new file is read for the first time, and so it is not counted."""
    read_memberships(b=["bob", "cleo"])
    assert read_memberships(a=["bob"], b=["cleo"]) == [("bob", "a", False), ("cleo", "b", False)]


def test_a_list_that_is_emptied_on_purpose_is_believed(read_memberships):
    read_memberships(a=["ann"], b=["bob"])
    assert read_memberships(b=[]) == [("ann", "a", False), ("bob", "b", True)]
