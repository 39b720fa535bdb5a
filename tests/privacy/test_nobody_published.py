"""No person in any column that is published: neither by the column's name, nor by what stands in it.

Every table of a snapshot and everything that leaves it (exports, numbers, explanations) is looked at, for
planted logins and for a stand-in of one: a column by which items fall apart into those of each author.
"""

import csv
import io
import json
import re
import shutil
import sys
from collections import defaultdict
from contextlib import redirect_stdout

import duckdb
import polars as pl
import pytest
from planted_work import PLANTED, planted

from pipelines.cli import main
from pipelines.export import ITEM_TABLES

OF_A_PERSON = re.compile(
    r"(^|_)(account|assignee|author|by|email|employee|login|manager|name_of|owner|people|person|persons|reporter|"
    r"responder|reviewer|reviewers|user|users|who|members?)(_|$)"
)
KNOWN = {
    # Who answers for a definition, in the repository; a bank's items; how many a unit of a survey has.
    *(("metric_catalog", "owner"), ("service_owner", "owner"), ("survey_unit", "members")),
}
AUTHORS = {f"gh:{number}": work.person for number, work in enumerate(planted())}


def columns(con):
    """Every column of every table and view of a database."""
    return con.execute(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_catalog = current_database()"
    ).fetchall()


def tables(con):
    """Every table and view with its columns."""
    found = defaultdict(list)
    for table, column in columns(con):
        found[table].append(column)
    return found


def named_in(con):
    """The columns that hold a planted login, in whatever they hold it."""
    return [
        (table, column)
        for table, column in columns(con)
        if con.execute(
            f'SELECT 1 FROM "{table}" WHERE "{column}"::VARCHAR ILIKE \'%{PLANTED}%\' LIMIT 1'
        ).fetchall()
    ]


def stand_ins(con):
    """The columns that tell of pull requests whose they are: few values, each of one author's alone."""
    found = []
    for table, names in tables(con).items():
        if "item_id" not in names:
            continue
        for column in names:
            authors = defaultdict(set)
            rows = con.execute(f'SELECT DISTINCT item_id, "{column}"::VARCHAR FROM "{table}"').fetchall()
            items = {item for item, _ in rows if item in AUTHORS}
            for item, value in rows:
                if item in AUTHORS:
                    authors[value].add(AUTHORS[item])
            is_of_items = len(authors) > len(items) / 2
            if items and not is_of_items and all(len(who) == 1 for who in authors.values()):
                found.append((table, column))
    return found


@pytest.fixture
def opened(published):
    with duckdb.connect(str(published[1]), read_only=True) as con:
        yield con


def test_no_column_is_called_after_a_person(opened):
    named = {one for one in columns(opened) if OF_A_PERSON.search(one[1])}
    assert named - KNOWN == set()


def test_no_column_holds_a_planted_login_or_stands_for_one(published, opened):
    assert (
        published[0]
        .execute(f"SELECT count(*) > 9 FROM raw.account WHERE login LIKE '{PLANTED}%'")
        .fetchone()[0]
    )
    assert opened.execute(
        "SELECT count(*) > 99 FROM metric_item WHERE item_kind = 'pull_request'"
    ).fetchone()[0]
    assert named_in(opened) == []
    assert stand_ins(opened) == []


def test_a_login_and_a_stand_in_would_be_found(published, tmp_path):
    path = shutil.copy(published[1], tmp_path / "spoilt.duckdb")
    with duckdb.connect(str(path)) as con:
        rows = pl.DataFrame({"item_id": AUTHORS.keys(), "login": AUTHORS.values()})
        con.register("rows", rows.to_arrow())
        con.execute("CREATE TABLE whose AS SELECT item_id, md5(login) AS hashed, login FROM rows")
        assert named_in(con) == [("whose", "login")]
        assert stand_ins(con) == [("whose", "hashed"), ("whose", "login")]


# --- what leaves a snapshot


@pytest.fixture(scope="module")
def told(published, tmp_path_factory):
    """What the command says and writes, by what it was asked."""
    home = tmp_path_factory.mktemp("home")
    (home / "snapshots").mkdir()
    shutil.copy(published[1], home / "snapshots" / "one.duckdb")
    (home / "snapshots" / "CURRENT").write_text("one.duckdb\n", encoding="utf-8")

    def ask(*arguments):
        out = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out):
            patch.setattr(sys, "argv", ["outcomes", "--home", *map(str, (home, *arguments))])
            with pytest.raises(SystemExit) as left:
                main()
        assert not left.value.code, out.getvalue()
        return out.getvalue()

    number = ("merged_without_review_share", "--period", "2026-Q2", "--format", "json", "--scope")
    return {
        "csv": ask("metrics", "--format", "csv"),
        "json": ask("metrics", "--format", "json"),
        "explain": ask("explain", *number, "organisation"),
        "explain few": ask("explain", *number, "team:solo"),
        "export": (ask("export", home / "export", "--format", "csv"), home / "export")[1],
    }


def keys(answer):
    """Every key of an answer in JSON."""
    for one in answer if isinstance(answer, list) else answer.values() if isinstance(answer, dict) else ():
        yield from keys(one)
    if isinstance(answer, dict):
        yield from answer


def test_nothing_that_is_said_or_exported_has_a_column_of_a_person(told):
    files = {path.stem: path.read_text(encoding="utf-8") for path in told["export"].iterdir()}
    headings = {
        (name, one) for name, text in files.items() for one in next(csv.reader([text.splitlines()[0]]))
    }
    headings |= {("metrics", one) for one in next(csv.reader([told["csv"].splitlines()[0]]))}
    for name in ("json", "explain", "explain few"):
        headings |= {("metric_catalog", one) for one in keys(json.loads(told[name]))}
    assert {one for one in headings if OF_A_PERSON.search(one[1])} - KNOWN == set()
    everything = [*files.values(), *(text for text in told.values() if isinstance(text, str))]
    assert [text for text in everything if PLANTED in text.lower()] == []
    assert len(everything) > 20


def test_items_are_listed_twenty_at_most_and_never_exported(told, opened):
    ((behind,),) = opened.execute(
        "SELECT count(*) FROM items_behind('merged_without_review_share', '2026-Q2') "
        "WHERE scope = 'organisation'"
    ).fetchall()
    explained = json.loads(told["explain"])
    assert behind > 20
    assert (len(explained["items"]), len(explained["left_out"])) == (20, 0)
    few = json.loads(told["explain few"])
    assert [few[name] for name in ("items", "left_out", "steps", "neighbours")] == [[], [], [], []]
    items = {f"gh:{number}" for number in range(len(AUTHORS))}
    with_items = {table for table, names in tables(opened).items() if "item_id" in names}
    assert with_items == {*ITEM_TABLES, "metric_observation"}
    exported = {path.stem: path.read_text(encoding="utf-8") for path in told["export"].iterdir()}
    assert not exported.keys() & with_items
    # A metric's definition has an example with made-up items.
    del exported["metric_catalog"]
    assert [name for name, text in exported.items() if items & {*re.split(r"[,\s\"]", text)}] == []
