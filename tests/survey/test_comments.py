"""Comments: which are kept, who reads them first, and that they are gone after two quarters."""

import os
import sqlite3
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from connectors import comments as store
from connectors.comments import FILE, CommentsError
from pipelines.cli import app
from pipelines.cli_errors import CommandError
from pipelines.config_errors import ConfigurationError
from pipelines.privacy.units import Group, Partition, Unit
from pipelines.survey.comments import Reader, by_group, keep_comments, parents_of

PARENTS = {
    "team:a": "department:x",
    "team:b": "department:x",
    "team:c": "department:y",
    "team:d": "department:z",
    "direct:organisation": "organisation",
}
TODAY = date(2026, 9, 20)
COMMENTS = st.lists(
    st.tuples(st.sampled_from([*PARENTS, "team:a+team:b", "newcomers:gone"]), st.text(min_size=1)),
    max_size=60,
)


def written(unit: str, count: int) -> list[tuple[str, str]]:
    return [(unit, f"{unit} {n:02}") for n in range(count)]


def kept(tmp_path: Path, comments: list[tuple[str, str]]) -> Path:
    path = tmp_path / FILE
    keep_comments(path, "2026-Q3", PARENTS, comments, TODAY)
    return path


@pytest.mark.parametrize(
    ("comments", "expected"),
    [
        # Two teams of x together have ten.
        (written("team:a", 4) + written("team:b", 6), {"department:x": 10}),
        # Nine of x and one of y are ten of everybody's; x stays below ten.
        (written("team:a", 9) + written("team:c", 1), {"organisation": 10}),
        (written("team:a", 9), {}),
        # x stands by itself, so the nine of the others are too few.
        (written("team:a", 12) + written("team:c", 9), {"department:x": 12}),
        (
            written("team:a", 12) + written("team:c", 4) + written("direct:organisation", 6),
            {"department:x": 12, "organisation": 10},
        ),
        # A unit that was left out of what is published has no comment either.
        (written("newcomers:gone", 20), {}),
        (written("team:a+team:b", 10), {"department:x": 10}),
    ],
)
def test_counts_decide_which_are_kept(comments: list[tuple[str, str]], expected: dict[str, int]) -> None:
    assert {group: len(texts) for group, texts in by_group(PARENTS, comments).items()} == expected


@given(COMMENTS)
def test_no_group_has_fewer_than_ten_and_no_comment_stands_twice(comments: list[tuple[str, str]]) -> None:
    found = by_group(PARENTS, comments)
    assert all(len(texts) >= 10 for texts in found.values())
    assert Counter(text for texts in found.values() for text in texts) <= Counter(
        text for _, text in comments
    )
    # Nothing of a unit's: every group is one of departments, or the organisation.
    assert set(found) <= {"organisation", "department:x", "department:y", "department:z"}


@given(COMMENTS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(comments: list[tuple[str, str]], dice) -> None:
    other = dice.sample(comments, len(comments))
    sets = [
        {group: sorted(texts) for group, texts in by_group(PARENTS, one).items()} for one in (comments, other)
    ]
    assert sets[0] == sets[1]


def test_units_merged_after_closing_stand_under_their_merged_group() -> None:
    top = Group("organisation", "All", "organisation", None)
    both = Group("department:x+department:y", "X with Y", "department", "organisation")
    unit = Unit("team:a+team:c", "A with C", both.id, ("team:a", "team:c"))
    assert parents_of(Partition((top, both), (unit,))) == {"team:a": both.id, "team:c": both.id}


def test_fewer_than_ten_are_refused_by_the_file_too(tmp_path: Path) -> None:
    with pytest.raises(CommentsError, match="fewer than 10"):
        store.add(tmp_path / FILE, "2026-Q3", {"department:x": ["one"] * 9}, TODAY)
    assert not (tmp_path / FILE).exists()


def test_nothing_is_shown_before_it_is_released(tmp_path: Path) -> None:
    path = kept(tmp_path, written("team:a", 11))
    assert store.released(path, "2026-Q3", "department:x", TODAY) == []
    first, second, *_ = store.to_read(path, "2026-Q3", "department:x")
    assert store.decide(path, first.number, is_released=True, reader="outside")
    assert store.decide(path, second.number, is_released=False, reader="outside")
    assert store.released(path, "2026-Q3", "department:x", TODAY) == [first.text]
    # What was dropped is in no byte of the file, and counts as written.
    assert second.text.encode() not in path.read_bytes()
    assert not store.decide(path, second.number, is_released=True, reader="outside")
    assert store.groups(path) == [store.Waiting("2026-Q3", "department:x", 9, 10)]


def test_a_file_with_fewer_rows_shows_nothing(tmp_path: Path) -> None:
    path = kept(tmp_path, written("team:a", 10))
    for comment in store.to_read(path, "2026-Q3", "department:x"):
        store.decide(path, comment.number, is_released=True, reader="outside")
    assert len(store.released(path, "2026-Q3", "department:x", TODAY)) == 10
    with sqlite3.connect(path) as con:
        con.execute("DELETE FROM comment WHERE number = (SELECT min(number) FROM comment)")
    assert store.released(path, "2026-Q3", "department:x", TODAY) == []


def test_the_file_has_no_unit_no_time_and_no_order(tmp_path: Path) -> None:
    path = tmp_path / FILE
    texts = [f"text {n:03}" for n in range(60)]
    keep_comments(path, "2026-Q3", PARENTS, [("team:a", one) for one in texts], TODAY)
    with sqlite3.connect(path) as con:
        columns = [name for _, name, *_ in con.execute("PRAGMA table_info(comment)")]
        laid = [text for (text,) in con.execute("SELECT text FROM comment")]
    assert columns == ["number", "wave", "group", "text", "is_released", "delete_on", "reader"]
    assert sorted(laid) == texts
    assert laid != texts
    assert b"team:a" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    assert os.listdir(tmp_path) == [FILE]  # noqa: PTH208 - hidden files too


def test_keeping_a_wave_again_replaces_it(tmp_path: Path) -> None:
    kept(tmp_path, written("team:a", 12))
    path = kept(tmp_path, written("team:a", 10))
    assert store.groups(path) == [store.Waiting("2026-Q3", "department:x", 10, 10)]


def test_after_two_quarters_any_command_deletes_them(tmp_path: Path) -> None:
    path = tmp_path / FILE
    long_ago = datetime.now(UTC).date() - timedelta(weeks=26)
    keep_comments(path, "2026-Q1", PARENTS, written("team:a", 10), long_ago + timedelta(days=2))
    assert CliRunner().invoke(app, ["--home", str(tmp_path), "catalog"]).exit_code == 0
    assert len(store.groups(path)) == 1
    keep_comments(path, "2026-Q1", PARENTS, written("team:a", 10), long_ago)
    assert store.released(path, "2026-Q1", "department:x", datetime.now(UTC).date()) == []
    CliRunner().invoke(app, ["--home", str(tmp_path), "catalog"])
    assert store.groups(path) == []
    assert b"team:a 01" not in path.read_bytes()


def test_publishing_the_next_wave_deletes_what_is_old(tmp_path: Path) -> None:
    path = kept(tmp_path, written("team:a", 10))
    keep_comments(path, "2027-Q1", PARENTS, [], TODAY + timedelta(weeks=26))
    assert store.groups(path) == []


CONFIGURATION = """
[organisation]
id = "a"
name = "A"
""" + "".join(
    f'[[department]]\nid = "{one}"\nname = "{one.title()}"\n' + (f'parent = "{above}"\n' if above else "")
    for one, above in [("top", None), ("x", "top"), ("below", "x"), ("y", None), ("z", None)]
)


def invoke(home: Path, *options: str, reader: str | None = "y", more: str = ""):
    (home / "outcomes.toml").write_text(CONFIGURATION + more, encoding="utf-8")
    start = ["--home", str(home), "--config", str(home / "outcomes.toml"), "survey", "comments"]
    return CliRunner().invoke(app, [*start, *options, *(["--reader-department", reader] if reader else [])])


def refusal(home: Path, *options: str, reader: str | None) -> str:
    """Why it was not done; nothing was shown, released or dropped."""
    done = invoke(home, *options, reader=reader)
    assert isinstance(done.exception, CommandError)
    assert (done.stdout, done.exception.code) == ("", 2)
    with sqlite3.connect(home / FILE) as con:
        untouched = con.execute("SELECT sum(is_released), count(reader), count(text) FROM comment").fetchone()
    assert untouched == (0, 0, 10)
    return str(done.exception)


@pytest.mark.parametrize("reader", ["x", "top", "below"])
@pytest.mark.parametrize("option", ["--of", "--release", "--drop"])
def test_nobody_reads_what_their_own_department_wrote(tmp_path: Path, reader: str, option: str) -> None:
    """Neither those of x, nor those whose department has x in it, nor those whose department is in x."""
    path = kept(tmp_path, written("team:a", 10))
    first = store.to_read(path, "2026-Q3", "department:x")[0].number
    told = refusal(tmp_path, option, "department:x" if option == "--of" else str(first), reader=reader)
    assert told == (
        f"--reader-department {reader}: those of department:x wrote these, and they are read in a department "
        "that is neither theirs nor above nor below it, or by somebody from outside"
    )


def test_who_reads_is_said_and_known(tmp_path: Path) -> None:
    path = kept(tmp_path, written("team:a", 10))
    first = str(store.to_read(path, "2026-Q3", "department:x")[0].number)
    whose = "name your department with --reader-department, or `outside` if it is none that was asked"
    assert refusal(tmp_path, "--release", first, reader=None) == f"survey comments: {whose}"
    assert "commerce: is no department. Name one of" in refusal(
        tmp_path, "--release", first, reader="commerce"
    )
    listed = invoke(tmp_path, reader=None).stdout.splitlines()
    assert listed == [f"To read them: {whose}", "--wave 2026-Q3 --of department:x: 10 of 10 wait"]


@pytest.mark.parametrize("reader", ["z", "outside"])
def test_a_release_says_of_which_department_its_reader_was(tmp_path: Path, reader: str) -> None:
    path = kept(tmp_path, written("team:a", 10))
    one, two, *_ = (comment.number for comment in store.to_read(path, "2026-Q3", "department:x"))
    assert invoke(tmp_path, "--release", str(one), "--drop", str(two), reader=reader).exit_code == 0
    with sqlite3.connect(path) as con:
        rows = con.execute("SELECT number, is_released, reader FROM comment WHERE reader IS NOT NULL")
        assert sorted(rows) == sorted([(one, 1, reader), (two, 0, reader)])


@pytest.mark.parametrize(
    ("group", "reader", "may"),
    [
        # Of everybody's: no department is another one.
        ("organisation", "z", False),
        ("organisation", "outside", True),
        # Two departments that were published as one.
        ("department:x+department:y", "y", False),
        ("department:x+department:y", "top", False),
        ("department:x+department:y", "z", True),
        # One that is not configured any more, by its name alone.
        ("department:gone", "z", True),
        # With it those who report to the head of what it is in: beside is part of that too.
        ("department:x+direct:top", "beside", False),
        ("department:x+team:few", "beside", False),
        ("department:x+direct:top", "z", True),
        ("department:x+team:few", "z", True),
        # Of no department, or of a team that is not configured any more: they may be of any.
        ("department:x+direct:organisation", "z", False),
        ("department:x+team:gone", "z", False),
        ("department:x+team:gone", "outside", True),
    ],
)
def test_whose_comments_a_reader_may_read(group: str, reader: str, may: bool) -> None:
    parents = {"top": None, "x": "top", "beside": "top", "below": "x", "y": None, "z": None}
    if may:
        Reader(reader, parents, {"few": "top"}).refuse(group)
    else:
        with pytest.raises(CommandError):
            Reader(reader, parents, {"few": "top"}).refuse(group)


def test_comments_of_an_older_version_are_released_too(tmp_path: Path) -> None:
    path = kept(tmp_path, written("team:a", 10))
    with sqlite3.connect(path) as con:
        con.execute("ALTER TABLE comment DROP COLUMN reader")
    first = store.to_read(path, "2026-Q3", "department:x")[0]
    assert invoke(tmp_path, "--release", str(first.number)).exit_code == 0
    assert store.released(path, "2026-Q3", "department:x", TODAY) == [first.text]


def test_a_floor_below_six_stops_the_reader(tmp_path: Path) -> None:
    kept(tmp_path, written("team:a", 10))
    done = invoke(tmp_path, more="[privacy]\nk = 5\n")
    assert isinstance(done.exception, ConfigurationError)
    assert "privacy" in str(done.exception)


def test_a_reader_sees_one_group_at_a_time(tmp_path: Path) -> None:
    assert invoke(tmp_path).stdout == "No comments are kept.\n"
    kept(tmp_path, written("team:a", 10) + written("team:c", 11))
    several = invoke(tmp_path)
    assert several.stdout.splitlines() == [
        "One group at a time, please:",
        "--wave 2026-Q3 --of department:x: 10 of 10 wait",
        "--wave 2026-Q3 --of department:y: 11 of 11 wait",
    ]
    assert "must be of another department" in several.stderr
    one = invoke(tmp_path, "--of", "department:x", reader="z").stdout
    assert one.count("team:a") == 10
    assert "team:c" not in one


def test_a_comment_steers_no_terminal(tmp_path: Path) -> None:
    kept(tmp_path, [("team:a", f"\x1b[2Jgone\n{n}") for n in range(10)])
    shown = invoke(tmp_path).stdout
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 12


def test_numbers_are_released_and_dropped_or_refused_together(tmp_path: Path) -> None:
    path = kept(tmp_path, written("team:a", 10))
    one, two, *_ = (comment.number for comment in store.to_read(path, "2026-Q3", "department:x"))
    wrong = invoke(tmp_path, "--release", str(one), "--drop", "7")
    assert wrong.exit_code != 0
    assert store.released(path, "2026-Q3", "department:x", TODAY) == []
    done = invoke(tmp_path, "--release", str(one), "--drop", str(two))
    assert done.stdout.splitlines() == [f"{one} released", f"{two} dropped for good"]
    assert invoke(tmp_path, "--release", str(one), "--drop", str(one)).exit_code != 0


def test_a_broken_file_is_one_line_and_stops_no_other_command(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database" * 100)
    told = CliRunner().invoke(app, ["--home", str(tmp_path), "catalog"])
    assert told.exit_code == 0
    assert told.stderr.startswith("warning: comments.sqlite: cannot be used (DatabaseError).")
