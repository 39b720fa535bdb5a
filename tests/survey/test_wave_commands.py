"""A wave by its commands, and what can be wrong with them: one clear line, 2 for input, 1 for failures."""

import csv
import fcntl
import os
import re
import sqlite3
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from asked_waves import NOW, OVER, TEAMS, codes_of, configuration_text, items_of, query, vote

from connectors.ballots.box import Refused
from connectors.ballots.seal import new_keys
from pipelines import cli

COMMANDS = ("status", "announce", "open", "codes", "close", "publish", "discard")


@pytest.fixture
def outcomes(tmp_path, monkeypatch, capsys):
    """Runs a command of the survey at a time; gives its exit code, stdout and stderr."""

    def run(*arguments, at=NOW, before=()):
        more = {
            "open": ["--key-file", str(tmp_path / "wave.key")],
            "publish": ["--key-file", str(tmp_path / "wave.key")],
            "codes": ["--sheets", str(tmp_path / "slips.html")],
        }
        told = [str(one) for one in arguments]
        told += more.get(told[0], []) if len(told) == 1 else []
        options = ["--config", str(tmp_path / "outcomes.toml"), "--home", str(tmp_path / "home"), *before]
        monkeypatch.setattr(sys, "argv", ["outcomes", *options, "survey", *told])
        with time_machine.travel(at, tick=False), pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        return ended.value.code, said.out, said.err

    return run


@pytest.fixture
def line(outcomes):
    """Runs a command that fails; gives its exit code and the one line that it says."""

    def run(*arguments, **more):
        code, out, err = outcomes(*arguments, **more)
        assert (out, err.count("\n")) == ("", 1), err
        assert err.startswith("error: ")
        return code, err.removeprefix("error: ").rstrip("\n")

    return run


def test_a_wave_by_its_commands(outcomes, planned):
    assert outcomes("open")[1].startswith(
        "2026-Q3 is open until 2026-09-25 00:00 UTC for 35 people in 3 units."
    )
    assert "35 codes" in outcomes("codes")[1]
    vote(planned, 4)
    assert "about 40 of 40" in outcomes("status", at=NOW + timedelta(days=1))[1]
    over = "2026-Q3: its time was over on 2026-09-25 00:00 UTC. Run `outcomes survey close`"
    assert outcomes("status", at=OVER)[1].startswith(over)
    assert outcomes("close", at=OVER)[1].startswith("2026-Q3 is closed.")
    code, out, _ = outcomes("publish", at=OVER)
    assert code == 0
    assert "2026-Q3 is published" in out
    assert outcomes("status", at=OVER)[1] == "2026-Q3: published.\n"


# ---- too early, too late, twice ------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_before_there_is_anything(line, tmp_path, command):
    (tmp_path / "outcomes.toml").write_text(configuration_text(TEAMS))
    code, told = line(command)
    assert code == 1
    assert re.search(r"no year is planned|there is no survey|none is open|no survey is open", told)
    assert not (tmp_path / "home").exists()
    assert not (tmp_path / "wave.key").exists()


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("codes", "survey: none is open. Run `outcomes survey open`"),
        ("close", "survey: none is open. Run `outcomes survey open`"),
        ("publish", "survey publish: no survey was opened. Run `outcomes survey open`"),
        ("discard", "survey discard: no survey is open or waits to be published. Leave it"),
    ],
)
def test_before_a_wave_is_open(line, planned, command, told):
    assert line(command) == (1, told)
    assert not planned.slips.exists()


def test_twice(line, outcomes, place):
    assert line("open", "--key-file", place.key.with_name("second.key"))[0] == 1
    assert not place.key.with_name("second.key").exists()
    once = "survey codes: those of 2026-Q3 were made already, and they are made once. Use the file that "
    assert line("codes", "--sheets", place.slips.with_name("second.html")) == (1, f"{once}was written then")
    outcomes("close")
    closed = "survey: none is open, and 2026-Q3 is closed. Run `outcomes survey publish`"
    assert line("close") == (1, closed)
    assert line("codes", "--sheets", place.slips.with_name("second.html")) == (1, closed)
    outcomes("publish")
    assert line("publish")[1].endswith("A wave is published once: `outcomes build` puts it on the pages")
    assert line("close") == (1, "survey: none is open. Run `outcomes survey open`")
    assert line("discard", "--yes")[1].startswith("survey discard: no survey is open or waits")


def test_a_wave_whose_time_is_over_is_closed_first(line, place):
    assert line("publish", at=OVER) == (
        1, "survey publish: 2026-Q3 is open. Run `outcomes survey close` first",
    )  # fmt: skip


def test_no_codes_once_the_time_is_over(line, outcomes, planned):
    outcomes("open")
    assert line("codes", at=OVER) == (
        1, "survey codes: the time of 2026-Q3 is over. Run `outcomes survey close`",
    )  # fmt: skip
    assert not planned.slips.exists()


def test_a_wave_waits_for_the_one_before_to_be_published(line, outcomes, place):
    outcomes("close")
    code, told = line("open", "--key-file", place.key.with_name("next.key"), at=NOW + timedelta(days=90))
    assert (code, told.startswith("survey open: 2026-Q3 is closed and not published.")) == (1, True)


def test_a_pulse_has_no_place_in_a_quarterly_month(line, outcomes, place):
    outcomes("close")
    outcomes("publish")
    code, told = line("open", "--pulse", "--key-file", place.key.with_name("pulse.key"), at=OVER)
    assert code == 1
    assert "nothing else is asked in a quarterly month" in told


def test_a_module_is_opened_by_its_name(line, outcomes, planned):
    july, key = datetime(2026, 7, 6, 8, tzinfo=UTC), planned.key
    what = ["--module", "one_to_one", "--key-file", key]
    assert line("open", "--pulse", *what, at=july)[0] == 2
    code, told = line("open", "--module", "dora_culture", "--key-file", key, at=july)
    assert (code, told.partition(". ")[0]) == (2, "dora_culture: is no module that is asked apart")
    assert line("open", "--module", "onboarding", "--key-file", key, at=july)[1].startswith(
        "survey open: onboarding is asked of newcomers, and nobody's first day is known."
    )
    assert not key.exists()
    out = outcomes("open", *what, at=july)[1]
    assert out.startswith(
        "2026-Q3-one_to_one-07 is open until 2026-07-17 00:00 UTC for 35 people in 3 units."
    )
    assert "Nothing of it is shown below a department" in out
    announced = outcomes("announce", at=july)[1]
    assert "2026-Q3-one_to_one-07" in announced.splitlines()[0]
    assert "asks everybody in engineering" in announced


def test_the_clock_is_set_back(line, outcomes, place):
    vote(place, 3)
    outcomes("close", at=NOW - timedelta(days=40))
    assert outcomes("publish", at=NOW - timedelta(days=40))[0] == 0
    for back in (0, 20, 60):
        code, told = line("open", at=NOW - timedelta(days=back))
        assert (code, "2026-Q3 was asked already" in told) == (1, True)


@pytest.mark.parametrize(
    "command", ["plan", "announce", "open", "codes", "serve", "close", "publish", "comments"]
)
def test_a_floor_below_six_stops_each_command_before_it_does_anything(line, place, tmp_path, command):
    config = tmp_path / "outcomes.toml"
    config.write_text(config.read_text(encoding="utf-8") + "[privacy]\nk = 5\n", encoding="utf-8")
    files = {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    code, told = line(command)
    assert (code, told.startswith(f"{config}: privacy.k: ")) == (2, True), told
    assert {one: one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()} == files


# ---- what is named ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("home/slips.html", "lies in the home folder"),
        ("missing/slips.html", "its folder is missing"),
        ("outcomes.toml", "exists already"),
        ("outcomes.toml/slips.html", "its folder is missing"),
        pytest.param("a" * 300, "File name too long", id="long"),
        ("round", "its links go round"),
        ("link", "cannot be written (File exists)"),
    ],
)
@pytest.mark.parametrize("command", ["open --key-file", "codes --mail-merge"])
def test_a_file_that_cannot_be(line, outcomes, planned, tmp_path, command, where, told):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    name, option = command.split()
    if name == "codes":
        outcomes("open")
    code, said = line(name, option, tmp_path / where)
    assert (code, told in said) == (2, True), said
    assert said.startswith(option)
    assert not (tmp_path / "nowhere").exists()
    waves = [("2026-Q3", "open")] if name == "codes" else []
    assert query(planned, "SELECT wave_id, state FROM survey.wave") == waves
    if name == "codes":
        assert planned.box.turnout("2026-Q3") == (0, 0)


def test_codes_need_one_file_and_an_address(line, place):
    assert line("codes", "--sheets", "a", "--mail-merge", "b")[0] == 2
    assert line("codes", "--no-such") == (
        2, "outcomes survey codes: no such option: --no-such. See `outcomes survey codes --help`",
    )  # fmt: skip
    config = place.home.path.parent / "outcomes.toml"
    config.write_text(config.read_text().replace("address =", "# address ="))
    assert line("codes") == (
        2, "survey codes: [survey] address is missing. Write there where people answer",
    )  # fmt: skip


def test_a_mail_merge_says_whom_no_mail_reaches(outcomes, planned):
    """By number alone: twelve of harbour have an address, nine of quay, four of pier and ten of tide none."""
    config = planned.home.path.parent / "outcomes.toml"
    config.write_text(config.read_text().replace("[survey]", '[survey]\nroster = "people.csv"'))
    people = [f"{team}-{number},{team}" for team, (_, size) in TEAMS.items() for number in range(size)]
    rows = [f"{one},{one.split(',')[0]}@example.org" if "harbour" in one else f"{one}," for one in people]
    (planned.home.path / "people.csv").write_text("\n".join(["account,unit,email", *rows]))
    outcomes("open")
    file = planned.slips.with_name("codes.csv")
    code, out, err = outcomes("codes", "--mail-merge", file)
    assert (code, err) == (0, "")
    fix = "print the rows without `email`, and give each person theirs on paper."
    assert out.splitlines()[:2] == [
        f"{file} written, with 35 codes.",
        f"23 of 35 people have no address in the roster, so no mail reaches them: {fix}",
    ]
    assert not any(one.split(",")[0] in out for one in people)
    with file.open(newline="") as table:
        mailed = [(row["email"] != "", len(row["code"])) for row in csv.DictReader(table)]
    assert sorted(mailed) == [(False, 19)] * 23 + [(True, 19)] * 12


def test_slips_reach_everybody(outcomes, planned):
    outcomes("open")
    assert "no address" not in outcomes("codes")[1]


def test_a_box_with_other_ballots_than_used_codes_is_refused_without_a_number(line, outcomes, place):
    """Somebody marks codes as used and lays no ballots: 32 answers would be published as if they were 35."""
    vote(place, lambda number: 4 if number else None)
    outcomes("close")
    with sqlite3.connect(place.home.path / "ballots.sqlite") as con:
        used = con.execute("UPDATE code SET is_cast = 1 WHERE is_cast = 0").rowcount
    con.close()
    assert used == 3, "one in each of three units did not answer"
    code, told = line("publish")
    assert (code, told) == (1, (
        "survey publish: 2026-Q3 has not as many ballots as used codes: something else changed the box. "
        "Nothing is published; put the box back as it was, or run `outcomes survey discard`"
    ))  # fmt: skip
    assert query(place, "SELECT state FROM survey.wave") == [("closed",)]
    assert place.key.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        (lambda key: key[:-2], "holds no whole key"),
        (lambda key: key + "00", "holds no whole key"),
        (lambda _: "", "holds no whole key"),
        (lambda _: "clé", "holds no whole key"),
        (lambda key: key * 10_000, "holds no whole key"),
        (
            lambda _: new_keys()[1].hex(),
            "is another survey's key. Name the one that was written for 2026-Q3",
        ),
    ],
)
def test_a_key_that_does_not_fit(line, outcomes, place, content, told):
    outcomes("close")
    key, other = place.key.read_text().strip(), place.key.with_name("other.key")
    if content is not None:
        other.write_text(content(key))
    code, said = line("publish", "--key-file", other)
    assert (code, told in said) == (2, True), said
    assert key[:16] not in said
    assert query(place, "SELECT state FROM survey.wave") == [("closed",)]
    assert other.exists() == (content is not None)
    assert outcomes("publish")[0] == 0


def test_no_other_key_is_removed_after_publication(line, outcomes, place):
    """Of another organisation's survey, say: once the answers are gone nobody can tell whose it is."""
    outcomes("close")
    outcomes("publish")
    other = place.key.with_name("other.key")
    other.write_text(new_keys()[1].hex())
    assert line("publish", "--key-file", other)[0] == 1
    assert other.exists()


def test_no_secret_is_in_a_traceback(outcomes, place, monkeypatch):
    vote(place, 5)
    outcomes("close")
    key, codes = place.key.read_text().strip(), [code for _, code in codes_of(place)]

    def fail(*_):
        raise ValueError("something")

    monkeypatch.setattr("pipelines.survey.publishing.published", fail)
    with pytest.raises(ValueError, match="something") as failure:
        outcomes("publish", before=["--debug"])
    told = str(failure.getrepr(style="native"))
    assert "publish_wave" in told
    assert not any(secret in told for secret in (key, *codes))
    code, _, err = outcomes("publish")
    assert (code, err.count("\n")) == (1, 1)


# ---- the home folder and its disk --------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_while_a_run_holds_the_home_folder(line, place, command):
    with place.home.lock_file.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        name = place.key.with_name("other")
        more = {"open": ("--key-file", name), "codes": ("--sheets", name)}.get(command, ())
        code, told = line(command, *more)
    assert code == 1
    assert "run is in progress" in told
    assert not name.exists()


@pytest.mark.parametrize("command", ["status", "codes", "close", "publish"])
@pytest.mark.parametrize(
    ("ruin", "told"),
    [
        (
            lambda path: path.write_bytes(b"no database" * 1000),
            "ballots.sqlite: cannot be used (it is damaged)",
        ),
        (lambda path: os.truncate(path, 5000), "ballots.sqlite: cannot be used (it is damaged)"),
        (lambda path: path.unlink(), "wave 2026-Q3 is not in the box"),
        (lambda path: (path.unlink(), path.mkdir()), "ballots.sqlite: cannot be used (it does not open)"),
    ],
)
def test_a_box_that_is_lost(line, outcomes, place, command, ruin, told):
    if command == "publish":
        outcomes("close")
    ruin(place.home.path / "ballots.sqlite")
    code, said = line(command, *(("--sheets", place.slips.with_name("b")) if command == "codes" else ()))
    assert (code, told in said) == (1, True), said
    assert query(place, "SELECT count(*) FROM survey.published_cell") == [(0,)]


def test_a_warehouse_that_is_damaged(line, place):
    place.home.warehouse.write_bytes(b"no database" * 1000)
    code, told = line("status")
    assert (code, "the warehouse does not open" in told) == (1, True)


@pytest.mark.parametrize("command", ["open", "codes"])
def test_a_disk_that_is_full_leaves_no_file(line, outcomes, planned, monkeypatch, command):
    if command == "codes":
        outcomes("open")

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("pipelines.survey.private_files.os.fsync", full)
        code, told = line(command)
    assert (code, "No space left on device" in told) == (1, True)
    assert not (planned.slips if command == "codes" else planned.key).exists()
    assert outcomes(command)[0] == 0


def test_a_box_without_space_takes_no_wave_and_no_codes(line, outcomes, planned, monkeypatch):
    from connectors.ballots.box import Box, BoxError

    def full(*_):
        raise BoxError("ballots.sqlite: cannot be used (the disk is full). Free some space and run again")

    for command, method, file in (("open", "open_wave", planned.key), ("codes", "add_codes", planned.slips)):
        with monkeypatch.context() as patch:
            patch.setattr(Box, method, full)
            assert line(command) == (
                1, "ballots.sqlite: cannot be used (the disk is full). Free some space and run again",
            )  # fmt: skip
        assert not file.exists()
        assert outcomes(command)[0] == 0


# ---- what is published ---------------------------------------------------------------------------------


def published_units(place):
    return {
        (name, n)
        for name, n in query(
            place,
            "SELECT scope_name, n FROM survey.published_cell "
            "WHERE scope_kind = 'unit' AND dimension = 'growth'",
        )
    }


FROZEN = {("Harbour", 12), ("Pier with Quay", 13), ("Tide", 10)}


def test_nobody_answered(outcomes, place):
    outcomes("close")
    code, out, _ = outcomes("publish")
    assert (code, "0 numbers shown" in out) == (0, True)
    told = query(place, 'SELECT count(value), count(n), count("of"), count(label) FROM survey.published_cell')
    assert told == [(0, 0, 0, 0)]
    assert query(place, "SELECT count(*) FROM survey.unit_sum") == [(0,)]


def test_no_codes_were_made(outcomes, planned):
    for command in ("open", "close", "publish"):
        assert outcomes(command)[0] == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('id = "harbour"', 'id = "port"').replace('name = "Quay"', 'name = "Kai"'),
        lambda text: re.sub(r'\[\[team\]\]\nid = "tide".*?\]\n', "", text, flags=re.DOTALL),
        lambda text: text.replace('department = "land"', 'department = "sea"'),
        lambda text: text.replace("[survey]\n", '[survey]\nmodules = ["dora_culture"]\n'),
        lambda text: text.replace("[survey]\n", '[survey]\nbank = "not-there.toml"\n'),
        lambda text: text.replace('account = "quay-', 'account = "joined-'),
    ],
)
def test_what_was_frozen_is_published_whatever_is_configured_by_then(outcomes, place, change):
    vote(place, 3)
    outcomes("close")
    config = place.home.path.parent / "outcomes.toml"
    before = config.read_text()
    config.write_text(change(before))
    assert config.read_text() != before
    code, _, err = outcomes("publish")
    assert (code, err) == (0, "")
    assert published_units(place) == FROZEN


def test_who_joins_leaves_or_moves_while_it_is_open_changes_nothing(outcomes, planned):
    """Of Quay one leaves, one moves to Tide, and six join it: the wave asks the 35 whom it was opened for."""
    outcomes("open")
    config = planned.home.path.parent / "outcomes.toml"
    text = config.read_text()
    moved = text.replace('{ account = "quay-0" }, { account = "quay-1" }, ', "")
    moved = moved.replace('{ account = "tide-0" }', '{ account = "quay-1" }, { account = "tide-0" }')
    joined = ", ".join(f'{{ account = "new-{number}" }}' for number in range(6))
    config.write_text(moved.replace('{ account = "quay-2" }', f'{joined}, {{ account = "quay-2" }}'))
    assert "35 codes" in outcomes("codes")[1]
    assert Counter(unit for unit, _ in codes_of(planned)) == {"Harbour": 12, "Pier with Quay": 13, "Tide": 10}
    vote(planned, 4)
    outcomes("close")
    assert outcomes("publish")[0] == 0
    assert published_units(planned) == FROZEN


@pytest.mark.parametrize(
    ("asked", "published", "units"),
    [
        (6, 12, {("Harbour", 12), ("Pier with Quay", 13), ("Tide", 10)}),
        (12, 6, None),
    ],
)
def test_the_floor_may_be_raised_after_people_were_told_of_it_and_not_lowered(
    outcomes, planned, asked, published, units
):
    """Tide has ten answers and nobody beside it in its department: with twelve it goes with another."""
    config = planned.home.path.parent / "outcomes.toml"
    text = config.read_text()
    config.write_text(f"{text}[privacy]\nk = {asked}\n")
    outcomes("open")
    outcomes("codes")
    vote(planned, 3)
    outcomes("close")
    config.write_text(f"{text}[privacy]\nk = {published}\n")
    assert outcomes("publish")[0] == 0
    found = published_units(planned)
    assert all(n is None or n >= max(asked, published) for _, n in found)
    assert found != FROZEN
    assert query(planned, "SELECT DISTINCT least_answers FROM survey.wave") == [(asked,)]


# ---- giving up -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("is_closed", "has_box"), [(False, True), (True, False)])
def test_a_survey_is_given_up(line, outcomes, place, is_closed, has_box):
    if is_closed:
        outcomes("close")
    if not has_box:
        (place.home.path / "ballots.sqlite").unlink()
    code, told = line("discard")
    assert (code, "Say --yes" in told) == (2, True)
    assert outcomes("discard", "--yes")[0] == 0
    assert place.box.form("2026-Q3") is None
    assert query(place, "SELECT count(*) FROM survey.wave_member") == [(0,)]
    assert query(place, "SELECT count(*) FROM survey.published_wave") == [(0,)]
    assert outcomes("status")[1] == "2026-Q3: discarded.\n"
    assert "was discarded" in line("publish")[1]
    assert line("discard", "--yes")[0] == 1
    ((_, code), *_) = codes_of(place)
    with pytest.raises(Refused):
        place.box.cast("2026-Q3", code, dict.fromkeys(items_of(place), 3), None, NOW)
    assert outcomes("plan", "--new-year", "--yes", at=OVER)[0] == 0
    assert (
        outcomes("open", "--key-file", place.key.with_name("next.key"), at=NOW + timedelta(days=91))[0] == 0
    )
