"""A journal that cannot be used: one clear line, and nothing lost."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from ports import LOOPBACK, closed_port
from sqlalchemy import event, text
from written import NOW, QUARTER, TEAM, a_limit, a_theme, an_action

from connectors.journal import database
from connectors.journal import journal as journal_module
from connectors.journal.entries import Action, Theme, WipLimit
from connectors.journal.journal import Conflict, JournalError, Refused
from connectors.journal.where import FILE, URL_VARIABLE, is_there, url_of


def _line(what):
    with pytest.raises(JournalError) as told:
        what()
    line = str(told.value)
    assert "\n" not in line
    assert "zebra" not in line
    return line


def _add(journal, body=None):
    return journal.add(body or an_action(), role="leader", at=NOW)


@pytest.fixture
def quick(monkeypatch):
    """Nobody is waited for longer than a second."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 1)


# ---- two at once


def test_of_two_writers_at_once_one_is_told(journal):
    entry = _add(journal)

    def change(number):
        try:
            return journal.change(entry.id, 1, an_action(update=f"{number}"), role="leader", at=NOW)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(change, range(8)))
    kept = [one for one in done if not isinstance(one, Conflict)]
    assert [one.current for one in done if isinstance(one, Conflict)] == kept * 7
    assert journal.entries(Action) == kept


def test_of_two_themes_at_once_one_is_kept(url, opened):
    def write(number):
        journal = opened(url)  # the tables are made by one of them
        try:
            return _add(journal, a_theme(sentence=f"Theme {number}"))
        except Refused:
            return None

    with ThreadPoolExecutor(4) as pool:
        kept = [one for one in pool.map(write, range(4)) if one]
    journal = opened(url)
    assert journal.entries(Theme) == kept
    assert len(kept) == 1


def test_one_who_reads_meanwhile_sees_what_was_before(journal, monkeypatch):
    _add(journal)
    seen = []
    monkeypatch.setattr(
        journal_module, "require_sound", lambda _bodies: seen.append(len(journal.entries(Action)))
    )
    _add(journal)
    assert seen == [1]
    assert len(journal.entries(Action)) == 2


# ---- a transaction that does not come to its end


def test_a_writer_that_is_killed_leaves_nothing_half_done(tmp_path, opened):
    url = url_of(tmp_path)
    journal = opened(url)
    entry = _add(journal)
    script = (
        "import os, signal, sys\n"
        "from connectors.journal import journal\n"
        "from written import NOW, an_action\n"
        "journal.require_sound = lambda bodies: os.kill(os.getpid(), signal.SIGKILL)\n"
        "book = journal.Journal.open(sys.argv[1])\n"
        "book.change(sys.argv[2], 1, an_action(update='half'), role='leader', at=NOW)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, url, entry.id], env=_paths(), check=False)
    assert killed.returncode == -signal.SIGKILL
    assert journal.entries(Action) == [entry]
    assert len(journal.history(entry.id)) == 1
    journal.change(entry.id, 1, an_action(update="whole"), role="leader", at=NOW)


def _paths():
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.mark.xdist_group("postgresql")
def test_a_connection_that_is_cut_leaves_nothing_half_done(on_postgresql, tmp_path, monkeypatch, opened):
    journal = opened(url_of(tmp_path))
    entry = _add(journal)

    def cut(_bodies):
        with psycopg.connect(on_postgresql, autocommit=True) as con:
            con.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND backend_type = 'client backend'"
            )

    with monkeypatch.context() as patched:
        patched.setattr(journal_module, "require_sound", cut)
        line = _line(lambda: journal.change(entry.id, 1, an_action(update="half"), role="leader", at=NOW))
    assert line.startswith("the journal's database: cannot be used (")
    assert journal.entries(Action) == [entry]
    journal.change(entry.id, 1, an_action(update="whole"), role="leader", at=NOW)


def test_what_a_rule_refuses_leaves_nothing(journal):
    for number in range(3):
        _add(journal, an_action(what=f"{number}"))
    with pytest.raises(Refused):
        _add(journal)
    elsewhere = _add(journal, an_action(quarter="2026-Q2"))
    with pytest.raises(Refused):
        journal.change(elsewhere.id, 1, an_action(), role="leader", at=NOW)
    assert len(journal.history(elsewhere.id)) == 1
    assert journal.entries(Action, quarter="2026-Q2") == [elsewhere]


# ---- the file


def test_the_file_is_its_owners_alone_and_nothing_lies_beside_it(tmp_path, opened):
    before = os.umask(0)
    try:
        journal = opened(url_of(tmp_path))
    finally:
        os.umask(before)
    _add(journal)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_copy_of_the_file_is_the_journal(tmp_path, opened):
    journal = opened(url_of(tmp_path))
    entry = _add(journal)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / FILE).write_bytes((tmp_path / FILE).read_bytes())
    journal.remove(entry.id, 1, role="leader", at=NOW)
    (tmp_path / "copy" / FILE).replace(tmp_path / FILE)
    assert journal.entries(Action) == [entry]


def test_a_file_that_was_taken_away_is_missed_and_works_again_once_it_is_back(tmp_path, opened):
    journal, away = opened(url_of(tmp_path)), tmp_path / "away"
    entry = _add(journal)
    (tmp_path / FILE).rename(away)
    for use in (lambda: journal.entries(Action), lambda: _add(journal)):
        assert _line(use) == (
            "journal.sqlite: is not there any more. Put it back, or start this program again to begin an "
            "empty one"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["away"]
    away.rename(tmp_path / FILE)
    assert journal.entries(Action) == [entry]
    assert journal.change(entry.id, 1, an_action(update="half"), role="leader", at=NOW).version == 2


@pytest.mark.parametrize("how", ["emptied", "another", "newer"])
def test_a_file_that_is_no_journal_in_its_place_is_left_alone_until_it_is_back(tmp_path, opened, how):
    journal, file = opened(url_of(tmp_path)), tmp_path / FILE
    entry = _add(journal)
    whole = file.read_bytes()
    if how == "emptied":
        file.write_bytes(b"")
    else:
        if how == "another":
            file.unlink()
        with sqlite3.connect(file) as con:
            con.execute(
                "CREATE TABLE zebra (x)" if how == "another" else "UPDATE journal_schema SET version = 99"
            )
        con.close()
    other = file.read_bytes()
    said = "written by a newer version" if how == "newer" else "replaced by a file that is no journal of this"
    for use in (lambda: journal.entries(Action), lambda: _add(journal)):
        assert said in _line(use)
    assert file.read_bytes() == other
    file.write_bytes(whole)
    assert journal.entries(Action) == [entry]


def test_a_file_that_others_hold_is_waited_for_and_then_told(tmp_path, quick, opened):
    journal = opened(url_of(tmp_path))
    entry = _add(journal)
    with sqlite3.connect(tmp_path / FILE, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert _line(lambda: _add(journal)) == (
            "journal.sqlite: cannot be used (another process holds it). Try again when that has ended"
        )
        assert journal.entries(Action) == [entry]
        other.execute("ROLLBACK")
    other.close()
    _add(journal)


@pytest.mark.xdist_group("postgresql")
def test_a_database_that_others_hold_is_waited_for_and_then_told(on_postgresql, tmp_path, quick, opened):
    journal = opened(url_of(tmp_path))
    with journal._database.writing():
        assert "another process holds it" in _line(lambda: _add(journal))
    _add(journal)


def test_a_full_disk_loses_nothing(tmp_path, opened):
    journal = opened(url_of(tmp_path))
    entry = _add(journal)
    pages = (tmp_path / FILE).stat().st_size // 4096

    def fill(connection, _record):
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(journal._database._engine, "connect", fill)
    large = an_action(known_by="zebra " * 300, update="x" * 2000)
    assert _line(lambda: [_add(journal, a_limit(scope=f"team:t{n}")) for n in range(100)]).startswith(
        "journal.sqlite: cannot be used (the disk is full). Free some space"
    )
    assert "disk is full" in _line(lambda: journal.change(entry.id, 1, large, role="leader", at=NOW))
    event.remove(journal._database._engine, "connect", fill)
    assert journal.entries(Action) == [entry]
    journal.change(entry.id, 1, large, role="leader", at=NOW)


@pytest.mark.parametrize(
    ("state", "said"),
    [("53100", "the disk is full"), ("42501", "may not do that"), ("XX001", "server's log")],
)
@pytest.mark.xdist_group("postgresql")
def test_what_the_server_refuses_loses_nothing(on_postgresql, tmp_path, state, said, opened):
    journal = opened(url_of(tmp_path))
    entry = _add(journal)
    with psycopg.connect(on_postgresql, autocommit=True) as con:
        con.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$BEGIN RAISE EXCEPTION 'zebra' USING ERRCODE = '{state}'; END$$"
        )
        con.execute("CREATE TRIGGER refused BEFORE INSERT ON journal_change EXECUTE FUNCTION refuse()")
        assert said in _line(lambda: _add(journal, a_limit()))
        con.execute("DROP TRIGGER refused ON journal_change")
    assert journal.entries(WipLimit) == []
    assert journal.entries(Action) == [entry]
    _add(journal, a_limit())


def test_a_file_that_may_not_be_written_can_be_read(tmp_path, monkeypatch, opened):
    entry = _add(opened(url_of(tmp_path)))
    as_used = database._as_sqlite_is_used

    def read_only(connection, record):
        as_used(connection, record)
        connection.execute("PRAGMA query_only = ON")

    monkeypatch.setattr(database, "_as_sqlite_is_used", read_only)
    journal = opened(url_of(tmp_path))
    assert journal.entries(Action) == [entry]
    assert _line(lambda: _add(journal)).endswith("(it may not be written). Let this account write it")


@pytest.mark.xdist_group("postgresql")
def test_a_database_that_may_not_be_written_can_be_read(on_postgresql, tmp_path, monkeypatch, opened):
    entry = _add(opened(url_of(tmp_path)))
    monkeypatch.setenv(URL_VARIABLE, f"{on_postgresql}?options=-c%20default_transaction_read_only%3Don")
    journal = opened(url_of(tmp_path))
    assert journal.entries(Action) == [entry]
    assert "may not be written" in _line(lambda: _add(journal))


@pytest.mark.parametrize("content", [b"zebra, no database\n" * 300, b"SQLite format 3\x00" + b"zebra" * 900])
def test_a_file_of_another_kind_is_left_alone(tmp_path, content, opened):
    (tmp_path / FILE).write_bytes(content)
    line = _line(lambda: opened(url_of(tmp_path)))
    assert line.startswith("journal.sqlite: cannot be used (it is not a sound SQLite file)")
    assert (tmp_path / FILE).read_bytes() == content


def test_a_folder_in_its_place_is_told(tmp_path, opened):
    (tmp_path / FILE).mkdir()
    assert "it does not open" in _line(lambda: opened(url_of(tmp_path)))


def test_a_home_that_is_not_there_is_told(tmp_path, opened):
    assert "No such file" in _line(lambda: opened(url_of(tmp_path / "nowhere")))


# ---- versions of the tables


def test_an_older_journal_is_brought_to_the_newest_version(url, monkeypatch, opened):
    journal = opened(url)
    entry = _add(journal)
    made = []

    def next_step(con):
        con.execute(text("ALTER TABLE journal_entry ADD COLUMN zebra TEXT"))
        made.append(con)

    monkeypatch.setattr(database, "STEPS", (*database.STEPS, next_step))
    for _ in range(2):
        journal = opened(url)
        assert journal.entries(Action) == [entry]
    assert len(made) == 1


def test_a_step_that_fails_leaves_the_journal_as_it_was(url, monkeypatch, opened):
    journal = opened(url)
    entry = _add(journal)

    def bad_step(con):
        con.execute(text("ALTER TABLE journal_entry RENAME TO zebra"))
        con.execute(text("SELECT * FROM missing"))

    with monkeypatch.context() as patched:
        patched.setattr(database, "STEPS", (*database.STEPS, bad_step))
        _line(lambda: opened(url))
    journal = opened(url)
    assert journal.entries(Action) == [entry]


def test_a_newer_journal_is_refused(url, opened):
    journal = opened(url)
    with journal._database.writing() as con:
        con.execute(text("UPDATE journal_schema SET version = 99"))
    assert "was written by a newer version of this product. Install that one" in _line(lambda: opened(url))


# ---- where it lies


def test_a_server_that_does_not_answer_is_told_without_the_password(tmp_path, monkeypatch, opened):
    with closed_port() as port:
        monkeypatch.setenv(URL_VARIABLE, f"postgresql://outcomes:zebra-4711@{LOOPBACK}:{port}/x")
        line = _line(lambda: opened(url_of(tmp_path)))
    assert line.startswith("the journal's database: cannot be used (the server cannot be reached")


@pytest.mark.xdist_group("postgresql")
def test_a_wrong_password_is_told_without_it(on_postgresql, tmp_path, monkeypatch, opened):
    monkeypatch.setenv(URL_VARIABLE, on_postgresql.replace("zebra-4711", "zebra-4712"))
    assert "refuses the sign-in" in _line(lambda: opened(url_of(tmp_path)))


@pytest.mark.parametrize("url", ["mysql://zebra@x/y", "zebra", "sqlite:///zebra", "postgresql+asyncpg://x"])
def test_another_database_is_refused(tmp_path, monkeypatch, url):
    monkeypatch.setenv(URL_VARIABLE, url)
    assert _line(lambda: url_of(tmp_path)).startswith(f"{URL_VARIABLE}: is not the address of a PostgreSQL")


def test_an_address_that_cannot_be_read_is_told(tmp_path, monkeypatch, opened):
    monkeypatch.setenv(URL_VARIABLE, "postgresql://u:zebra@h:port/x")
    assert "its address cannot be read" in _line(lambda: opened(url_of(tmp_path)))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_database_is_named_as_is_usual(tmp_path, monkeypatch, scheme):
    assert not is_there(tmp_path)
    monkeypatch.setenv(URL_VARIABLE, f" {scheme}://u:p@h/d ")
    assert url_of(tmp_path) == "postgresql+psycopg://u:p@h/d"
    assert is_there(tmp_path)


def test_a_home_of_any_name_has_its_journal(tmp_path, opened):
    home = tmp_path / "a ?b#c%20&d"
    home.mkdir()
    _add(opened(url_of(home)))
    assert is_there(home)
    assert (home / FILE).stat().st_size > 0


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "x" * 10_000])
def test_an_odd_question_finds_nothing_or_is_told(journal, odd):
    for ask in (
        lambda: journal.entries(Action, scope=odd),
        lambda: journal.history(odd),
        lambda: journal.frozen(odd, odd),
    ):
        try:
            found = ask()
        except JournalError as told:
            found = str(told)
        assert found == [] or "cannot hold such a text" in found


def test_what_is_frozen_has_a_reason_and_a_place(journal):
    for scope, quarter, reason in (("x", QUARTER, "r"), (TEAM, "now", "r"), (TEAM, QUARTER, " ")):
        with pytest.raises(ValueError, match="validation error"):
            journal.freeze(
                scope, quarter, "{}", definitions="d", role="leader", at=NOW + timedelta(1), reason=reason
            )
    assert journal.frozen(TEAM, QUARTER) == []
