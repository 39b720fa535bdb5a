"""Two hundred invented people: how they are planted in a world, and how they are found in files."""

import csv
import dataclasses
import re
import sqlite3
import zlib
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from itertools import cycle

import duckdb
import pdf_text

from connectors.ballots.box import Box
from connectors.journal.entries import Action, Indicator, Theme
from connectors.journal.journal import Journal
from connectors.journal.where import url_of
from pipelines.survey.asking import close_wave, open_wave
from pipelines.survey.held import BALLOTS, warehouse_of
from pipelines.survey.publishing import publish_wave
from pipelines.survey.wave_codes import codes_in_memory
from pipelines.survey.year import Wish, plan_year

PLANTED = 200
TYPED = {b"900", b"901", b"902"}
"""Whom people name in the journal: where it is read they stand as they were typed, and nowhere else."""
CANARY = re.compile(rb"zqv(\d{3})")
"""In small letters: to look for both kinds of letters takes four times as long as to turn them."""
ASKED = datetime(2026, 9, 14, 8, tzinfo=UTC)


def login(number):
    return f"zqv{number:03d}"


def person(number):
    return f"Zqv{number:03d} Vorhees <zqv{number:03d}@canary.example>"


# --- planting


def names():
    """All of them in turn, so that two hundred texts name everybody."""
    return map(person, cycle(range(PLANTED)))


def plant(world):
    """Give the accounts of people planted logins, and name planted people in every text of the world."""
    people = sorted(key for key, one in world.accounts.items() if one.kind == "User")
    renamed = {key: login(number) for number, key in enumerate(people)}
    world.accounts = {renamed.get(key, key): one for key, one in world.accounts.items()}
    everyone, seen = names(), set()

    def visit(thing):
        if isinstance(thing, list | dict):
            for one in thing.values() if isinstance(thing, dict) else thing:
                visit(one)
        if not dataclasses.is_dataclass(thing) or id(thing) in seen:
            return
        seen.add(id(thing))
        for field in dataclasses.fields(thing):
            value = getattr(thing, field.name)
            if isinstance(value, str):
                setattr(thing, field.name, spoilt(field.name, renamed.get(value, value)))
            elif field.name == "labels":
                value.append(next(everyone).split()[0].lower() + "-asked")
            else:
                visit(value)

    def spoilt(name, value):
        if name in ("title", "headline", "summary", "text", "details"):
            return f"{value} for {next(everyone)}"
        return f"{value}-{next(everyone).split()[0].lower()}" if name == "head_ref" else value

    visit(world)


def plant_in_inbox(folder):
    """Name planted people in every text of the inbox; its people are told by their addresses."""
    everyone = names()
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for name in row:
                if name in ("title", "summary", "text", "note", "cause"):
                    row[name] += f" for {next(everyone)}"
                if name == "person":
                    row[name] += "@canary.example"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def hold_a_survey(configuration, home, key_file):
    """Everybody answers, and names somebody where they may write what they like; it is published."""
    over = ASKED + timedelta(days=11)
    with warehouse_of(home, makes_it=True) as con:
        plan_year(configuration, home, Wish(is_frozen=True), ASKED)
        wave = open_wave(configuration, home, key_file, ASKED).wave_id
        items = [item for (item,) in con.execute("SELECT DISTINCT item FROM survey.wave_item").fetchall()]
        box = Box(home.path / BALLOTS)
        for number, (code, whom) in enumerate(zip(codes_in_memory(home).values(), names(), strict=False)):
            given = dict.fromkeys(items, number % 4 + 2)
            box.cast(wave, code, given, f"More help from {whom}", ASKED)
        close_wave(home, over)
        publish_wave(configuration, home, key_file, over)


def typed(number):
    """A name alone: addresses and logins the journal refuses."""
    return person(number).partition(" <")[0]


def write_in_the_journal(home, team):
    """A theme and two promises whose day is over, each naming somebody; digests have something to say."""
    lead_time = Indicator(
        metric="change_lead_time", statistic="p50", baseline_quarter="2026-Q2", expected="down"
    )
    of_review = {"quarter": "2026-Q3", "answers": "", "owner": "the team", "effort": "small"}
    journal = Journal.open(url_of(home.path))
    try:
        for body in (
            Theme(
                scope="organisation", quarter="2026-Q3", sentence=f"Fewer interruptions, says {typed(900)}",
                why=f"As {typed(900)} asked", indicators=(lead_time,),
            ),
            *(
                Action(
                    scope=scope, what=f"Ask {typed(number)} less", due=date(2026, 9, 30),
                    known_by=f"{typed(number)} is asked less", **of_review,
                )
                for scope, number in (("organisation", 901), (f"team:{team}", 902))
            ),
        ):  # fmt: skip
            journal.add(body, role="leader", at=ASKED)
    finally:
        journal.close()


# --- searching


def found_by(content):
    """Who is named in these bytes, in whatever letters."""
    return set(CANARY.findall(content.lower()))


def named_in(con):
    """Who is named in a DuckDB database, by table."""
    tables = con.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database()"
    ).fetchall()
    for schema, table in tables:
        rows = con.execute(
            "SELECT DISTINCT unnest(regexp_extract_all(lower(t::VARCHAR), 'zqv([0-9]{3})', 1)) "
            f'FROM "{schema}"."{table}" AS t'
        ).fetchall()
        yield f"{schema}.{table}", {who.encode() for (who,) in rows}


def named_in_file(path):
    """Who is named in a file: in its bytes, and in what is packed in them."""
    content = path.read_bytes()
    yield "", found_by(content)
    if path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            yield from named_in(con)
    if path.suffix == ".parquet":
        with duckdb.connect() as con:
            con.execute(f"CREATE TABLE file AS FROM read_parquet('{path}')")
            yield from named_in(con)
    if path.suffix == ".pdf":
        yield "streams", found_by(b"\n".join(pdf_text.unpacked(content)))
        yield "drawn", found_by("\n".join(pdf_text.drawn(content)).encode())
    if content[:15] == b"SQLite format 3":
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as con:
            yield "dump", found_by("\n".join(con.iterdump()).encode())
            yield "packed", found_by(b"\n".join(unpacked(con)))


def unpacked(con):
    """What Dagster has packed, as it packs the description of a job."""
    for (table,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for row in con.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                if isinstance(value, bytes):
                    with suppress(zlib.error):
                        yield zlib.decompress(value)


def found_in(folder, leaving_out=()):
    """Where a planted person is named: the file, the table in it, who. Parts of it may be left out."""
    return [
        (str(path.relative_to(folder)), where, who.decode())
        for path in sorted(one for one in folder.rglob("*") if one.is_file())
        if path.relative_to(folder).parts[0] not in leaving_out
        for where, named in named_in_file(path)
        for who in sorted(named)
    ]
