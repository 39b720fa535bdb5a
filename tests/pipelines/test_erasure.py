"""Erasing a person: what goes, what stays the same, and that nothing comes back."""

import re
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import typer

from connectors.base import Batch, Cursor
from connectors.records import (
    RECORD_TYPES,
    Account,
    Incident,
    Joiner,
    Membership,
    PersonAccount,
    PullRequestCommit,
    Review,
    Sprint,
    TeamMember,
)
from pipelines.cli_errors import USAGE, CommandError
from pipelines.cli_privacy import erase
from pipelines.configuration_tables import create_configuration_tables
from pipelines.erased import AUTHORS, ERASED, PEOPLE, not_erased, words_of
from pipelines.erasure import UnknownPersonError, erase_person, find_person, rewrite, was_erased
from pipelines.export import export_canonical
from pipelines.home import Home
from pipelines.warehouse import Warehouse, columns_of

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
LOGIN, ADDRESS, OWN_KEY = "xenia-quist", "xenia.quist@alder.example", "employee-4711"
CONFIG = {
    "source": [
        {"name": "github", "kind": "github", "position": 0},
        {"name": "jira", "kind": "jira", "position": 1},
    ],
    "team": [{"id": "pay", "name": "Pay"}],
    "team_member": [{"team": "pay", "account": LOGIN}, {"team": "pay", "account": "ben"}],
    "bot": [{"pattern": "ci-*"}],
}


def land(warehouse, *records, source="github", run="run-1"):
    batch = Batch(list(records), Cursor("w"), is_final=False, fetched_at=NOW, server_date=NOW)
    return warehouse.land(run, source, "*", "some", [batch])


def author(pull_request_id, number, account):
    return PullRequestCommit(
        id=f"{pull_request_id}:{number}",
        pull_request_id=pull_request_id,
        sha=f"c{number}",
        authored_at=NOW,
        committed_at=NOW,
        author_id=account,
    )


def review(pull_request_id, number, account):
    return Review(
        id=f"r{pull_request_id}{number}",
        pull_request_id=pull_request_id,
        author_id=account,
        state="APPROVED",
        submitted_at=NOW + timedelta(hours=number),
    )


@pytest.fixture
def told(records):
    """What two sources tell of Xenia (accounts 11 and X1), of Ben, and of a bot."""
    pull_request = records.pull_request
    return {
        "github": [
            Account(id="11", login=LOGIN, kind="User", email=ADDRESS),
            Account(id="12", login="ben", kind="User"),
            Account(id="13", login="ci-runner", kind="User"),
            pull_request(1, author_id="11", merged_by_id="12", title=f"Round prices, by {LOGIN}"),
            author("1", 1, "11"),
            review("1", 1, "11"),
            review("1", 2, "12"),
            pull_request(
                2, author_id="12", merged_by_id="11", head_ref="xenia-quist/fix", labels=["Xenia-Quist"]
            ),
            review("2", 1, "11"),
            pull_request(3, author_id="11", merged_by_id=None),
            pull_request(4, author_id="13"),
            TeamMember(id="t:11", team_id="t", account_id="11"),
            TeamMember(id="t:12", team_id="t", account_id="12"),
        ],
        "jira": [
            Account(id="X1", login=None, kind="atlassian", email=ADDRESS.upper()),
            Sprint(
                id="s1",
                board_id=None,
                name="Week of Xenia Quist",
                state="closed",
                started_at=None,
                ends_at=None,
                completed_at=None,
            ),
            PersonAccount(id="p1", person=OWN_KEY, account="X1"),
            PersonAccount(id="p2", person="employee-1", account="ben"),
            Membership(id="m1", person=OWN_KEY, team="pay", valid_from=None, valid_to=None),
            Joiner(id="j1", person=OWN_KEY, joined_on=date(2026, 1, 1), team="pay", left_on=None),
        ],
    }


@pytest.fixture
def filled(warehouse, told):
    create_configuration_tables(warehouse.con, CONFIG)
    for source, records in told.items():
        land(warehouse, *records, source=source)
    return warehouse


def erase_all(warehouse, wanted, *, is_trial=False):
    touched = erase_person(warehouse.con, find_person(warehouse.con, wanted), is_trial=is_trial)
    return {one.table: (one.removed, one.changed) for one in touched}


def column(warehouse, table, name, order="source, id"):
    rows = warehouse.con.execute(f'SELECT "{name}" FROM raw.{table} ORDER BY {order}').fetchall()
    return [value for (value,) in rows]


def everything(warehouse, folder):
    export_canonical(warehouse.con, ["raw", "config", "staged", "ops"], folder)
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()))


# --- who it is


@pytest.mark.parametrize(
    "wanted", [LOGIN, LOGIN.upper(), "github:11", "11", "X1", ADDRESS, f" {ADDRESS} ", OWN_KEY]
)
def test_a_person_is_found_by_any_of_their_names_with_all_accounts(filled, wanted):
    person = find_person(filled.con, wanted)
    assert [(one.source, one.account_id) for one in person.accounts] == [("github", "11"), ("jira", "X1")]
    assert {name.lower() for name in person.names} == {LOGIN, ADDRESS, "xenia.quist", OWN_KEY, "x1"}


@pytest.mark.parametrize("wanted", ["nobody", "xenia", ""])
def test_nobody_is_found_by_half_a_name(filled, wanted):
    with pytest.raises(UnknownPersonError, match="knows nobody by that name"):
        find_person(filled.con, wanted)


def test_two_people_of_one_login_are_told_apart_by_their_source(filled):
    land(filled, Account(id="B9", login="ben", kind="x", email="ben@other.example"), source="jira")
    land(filled, Account(id="12", login="ben", kind="User", email="ben@alder.example"), source="github")
    filled.con.execute("DELETE FROM raw.person_account")
    with pytest.raises(UnknownPersonError, match="several people are known by that name, in github, jira"):
        find_person(filled.con, "ben")
    assert [one.account_id for one in find_person(filled.con, "jira:ben").accounts] == ["B9"]


# --- what becomes of it


def test_a_trial_counts_and_changes_nothing(filled, tmp_path):
    find_person(filled.con, LOGIN)  # joins accounts into people, as a build does
    before = everything(filled, tmp_path / "before")
    counts = erase_all(filled, LOGIN, is_trial=True)
    assert counts == {
        "account": (2, 0),
        "pull_request": (0, 3),
        "pull_request_commit": (0, 1),
        "review": (0, 2),
        "source_team_member": (1, 0),
        "membership": (1, 0),
        "person_account": (1, 0),
        "joiner": (1, 0),
        "sprint": (0, 1),
        "members of teams": (1, 0),
    }
    assert everything(filled, tmp_path / "after") == before
    assert erase_all(filled, LOGIN) == counts


def test_nothing_of_the_person_is_left(filled, tmp_path):
    assert LOGIN in everything(filled, tmp_path / "before")
    erase_all(filled, LOGIN)
    left = everything(filled, tmp_path / "after").lower()
    for name in (LOGIN, ADDRESS, OWN_KEY, "quist", '"11"', '"x1"'):
        assert name not in left, name
    assert column(filled, "account", "id") == ["12", "13"]
    assert column(filled, "pull_request", "title") == [f"Round prices, by {ERASED}", *["Round prices"] * 3]
    assert column(filled, "pull_request", "head_ref")[1] == f"{ERASED}/fix"
    assert column(filled, "pull_request", "labels")[1] == [ERASED]
    assert column(filled, "sprint", "name") == [f"Week of {ERASED}"]
    assert column(filled, "person_account", "person") == ["employee-1"]


def test_ones_own_review_stays_ones_own_and_nothing_ties_two_pull_requests_together(filled):
    erase_all(filled, LOGIN)
    first, second, third, _ = column(filled, "pull_request", "author_id")
    own, by_ben, of_second = column(filled, "review", "author_id")
    assert own == first == column(filled, "pull_request_commit", "author_id")[0]
    assert (by_ben, second) == ("12", "12")
    merged_by = column(filled, "pull_request", "merged_by_id")
    assert of_second == merged_by[1]
    assert merged_by[0] == "12"
    assert len({first, of_second, third}) == 3
    assert all(re.fullmatch("erased-[0-9a-f]{32}", one) for one in (first, of_second, third))


def test_what_is_told_again_changes_nothing(filled, told, tmp_path):
    """The next run, and one with --full, deliver it all again."""
    erase_all(filled, LOGIN)
    before = everything(filled, tmp_path / "before")
    for source, records in told.items():
        assert land(filled, *records, source=source, run="run-2").rows_changed == 0
    assert everything(filled, tmp_path / "after") == before


def test_what_is_new_about_the_person_is_left_out_too(filled):
    erase_all(filled, LOGIN)
    land(
        filled,
        Account(id="11", login="renamed", kind="User"),
        author("2", 7, "11"),
        TeamMember(id="u:11", team_id="u", account_id="11"),
        run="run-2",
    )
    land(
        filled,
        Membership(id="m9", person=OWN_KEY.upper(), team="x", valid_from=None, valid_to=None),
        source="jira",
    )
    assert "11" not in column(filled, "account", "id")
    assert column(filled, "source_team_member", "account_id") == ["12"]
    assert column(filled, "membership", "person") == []
    of_first, of_second = column(filled, "pull_request_commit", "author_id")
    assert of_second == column(filled, "pull_request", "merged_by_id")[1] != of_first


def test_the_warehouse_keeps_no_more_than_keyed_hashes(filled):
    erase_all(filled, LOGIN)
    rows = filled.con.execute("SELECT hash, kind, words FROM ops.erased ORDER BY kind").fetchall()
    assert [kind for _, kind, _ in rows] == ["account"] * 2 + ["name"] * 4 + ["row"] * 6
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one, _, _ in rows)
    ((key,),) = filled.con.execute("SELECT key FROM ops.erasure_key").fetchall()
    assert len(key) == 32
    erase_all(filled, "ben")
    assert filled.con.execute("SELECT key FROM ops.erasure_key").fetchall() == [(key,)]


def test_rows_that_a_source_goes_on_counting_are_not_missing(filled):
    """A census of a list has them still: they are neither asked for again nor told to be lacking."""
    erase_all(filled, LOGIN)
    land(filled, TeamMember(id="v:11", team_id="v", account_id="11"), run="run-2")
    members = ["t:11", "t:12", "v:11"]
    assert not_erased(filled.con, "github", "source_team_member", members) == ["t:12"]
    assert not_erased(filled.con, "jira", "source_team_member", members) == members
    assert not_erased(filled.con, "jira", "membership", ["m1", "m2"]) == ["m2"]


def test_the_same_person_of_two_warehouses_has_other_pseudonyms(filled, told, tmp_path):
    erase_all(filled, LOGIN)
    other = Warehouse(tmp_path / "other.duckdb")
    create_configuration_tables(other.con, CONFIG)
    for source, records in told.items():
        land(other, *records, source=source)
    erase_all(other, LOGIN)
    assert column(other, "pull_request", "author_id")[0] != column(filled, "pull_request", "author_id")[0]
    other.close()


def test_work_of_a_bot_stays_a_bots(filled):
    erase_all(filled, "ci-runner")
    assert column(filled, "pull_request", "author_id")[3] == "erased-bot"
    kinds = filled.con.execute("SELECT id, login, kind FROM raw.account WHERE source = 'github'").fetchall()
    assert ("erased-bot", None, "Bot") in kinds
    find_person(filled.con, "ben")  # computes stg_account anew
    bots = filled.con.execute("SELECT account_id FROM staged.stg_account WHERE is_bot").fetchall()
    assert bots == [("erased-bot",)]


def test_rows_that_had_left_their_source_are_made_nobodys_and_stay_gone(filled):
    filled.take_census("run-2", "github", "*", "some", "pull_request", ["2", "3", "4"])
    erase_all(filled, LOGIN)
    assert [one is not None for one in column(filled, "pull_request", "gone_at")] == [
        True,
        False,
        False,
        False,
    ]
    assert column(filled, "pull_request", "author_id")[0].startswith("erased-")


def test_an_account_that_its_source_no_longer_shows_is_erased(filled):
    filled.con.execute("UPDATE raw.account SET gone_at = now() WHERE id = '12'")
    assert erase_all(filled, "ben")["account"] == (1, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ask @xenia-quist, not xenia", "Ask @[erased], not xenia"),
        ("XENIA.QUIST@alder.example wrote", "[erased] wrote"),
        ("Xenia Quist and Xenia Quister", "[erased] and Xenia Quister"),
        ("hotfix/xenia_quist-2", "hotfix/[erased]-2"),
        # The address of a page is none of a person's, unless it is their page.
        (
            "see https://git.example/xenia-quist/till/pull/7.",
            "see https://git.example/xenia-quist/till/pull/7.",
        ),
        ("see https://git.example/xenia-quist.", "see https://git.example/[erased]."),
        ("employee-4711", "[erased]"),
        ("4711 rows", "4711 rows"),
        ("", ""),
    ],
)
def test_names_in_texts(filled, text, expected):
    erase_all(filled, LOGIN)
    incident = Incident(
        **dict.fromkeys(columns_of(Incident))
        | {"id": "i", "description": text, "created_at": NOW, "started_at": NOW, "is_test": False}
    )
    land(filled, incident)
    assert column(filled, "incident", "description") == [expected]


def test_every_field_that_may_hold_a_person_is_known():
    found = {
        (record, name)
        for record in RECORD_TYPES
        for name in columns_of(record)
        if re.search(r"author_|account|person|login|email|assignee|merged_by|creator|reviewer", name)
    }
    known = {(record, name) for record, names in PEOPLE.items() for name in names}
    known |= {(record, name) for record in RECORD_TYPES for name in columns_of(record) if name in AUTHORS}
    assert found - known == {(Account, "login"), (Account, "email")}


def test_words_are_compared_without_capitals_and_marks():
    assert words_of("Xenia_QUIST@alder.example") == ("xenia", "quist", "alder", "example")
    assert words_of("--") == ()


# --- the file


def test_the_bytes_leave_the_file(filled):
    path = filled.path
    filled.con.execute("CHECKPOINT")
    assert LOGIN.encode() in path.read_bytes()
    erase_all(filled, LOGIN)
    filled.close()
    rewrite(path)
    after = path.read_bytes().lower()
    assert LOGIN.encode() not in after
    assert ADDRESS.encode() not in after
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]
    reopened = Warehouse(path)
    assert column(reopened, "account", "id") == ["12", "13"]
    # Keys are still keys.
    assert land(reopened, Account(id="12", login="ben", kind="User")).rows_changed == 0
    reopened.close()


def test_a_file_that_cannot_be_written_anew_is_one_line(filled, monkeypatch):
    path = filled.path
    erase_all(filled, LOGIN)
    filled.close()
    monkeypatch.setattr(
        "pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(Exception, match="the file could not be written anew") as told:
        rewrite(path)
    assert "\n" not in str(told.value)
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


# --- the command


@pytest.fixture
def command(filled, tmp_path, capsys):
    """The command on the filled warehouse, which is closed first."""
    folder = filled.path.parent
    config = tmp_path / "outcomes.toml"
    config.write_text(
        '[organisation]\nid = "a"\nname = "A"\n[[team]]\nid = "pay"\nname = "Pay"\n'
        f'members = [{{ account = "{LOGIN}" }}, {{ account = "ben" }}]\n',
        encoding="utf-8",
    )
    filled.close()
    context = SimpleNamespace(obj=SimpleNamespace(home=Home(folder), config=config))

    def run(account, **options):
        erase(context, account, **options)
        return capsys.readouterr().out

    return run


def test_the_command_shows_counts_first(command):
    shown = command(LOGIN)
    assert shown.splitlines()[0] == "To be erased: a person with 2 accounts in github, jira"
    assert "  pull_request           3 made nobody's\n" in shown
    assert "outcomes.toml: remove the person from the members of pay\n" in shown
    assert shown.endswith("Nothing has been changed. Run it again with --yes to erase.\n")
    assert LOGIN not in shown
    assert command(LOGIN) == shown


def test_the_command_erases_with_yes_and_says_so_the_second_time(command):
    shown = command(LOGIN, yes=True)
    assert shown.startswith("Erased: a person with 2 accounts in github, jira\n")
    assert "published snapshots: they hold no persons" in shown
    assert command(LOGIN) == "Erased before.\n"
    assert command(f"github:{LOGIN}", yes=True) == "Erased before; the file has been written anew.\n"


def test_the_command_refuses_a_name_that_nobody_has(command):
    with pytest.raises(CommandError, match="knows nobody by that name") as refused:
        command("nobody")
    assert refused.value.code == USAGE


def test_the_command_without_a_warehouse(tmp_path):
    context = SimpleNamespace(obj=SimpleNamespace(home=Home(tmp_path), config=tmp_path / "x.toml"))
    with pytest.raises(CommandError, match="nothing has been fetched yet"):
        erase(context, "ada")


def test_the_command_is_one_that_typer_takes():
    app = typer.Typer()
    app.command()(erase)
    app.command(name="other")(lambda: None)
    assert typer.main.get_command(app).commands["erase"].params[0].name == "account"


# --- on a whole organisation


def test_published_numbers_are_the_same_and_the_next_run_brings_nothing_back(built, tmp_path):
    place = built.copy_to(tmp_path / "place")
    as_of = "2026-11-02T03:10:00Z"
    warehouse = Warehouse(place.home.warehouse)
    # Who wrote most and reviewed too: where a number could change, it would.
    ((source, account, login),) = warehouse.con.execute(
        "SELECT a.source, a.id, a.login FROM raw.account a JOIN raw.pull_request p "
        "ON p.source = a.source AND p.author_id = a.id "
        "JOIN staged.stg_account s ON s.source = a.source AND s.account_id = a.id AND NOT s.is_bot "
        "WHERE a.id IN (SELECT author_id FROM raw.review) GROUP BY ALL ORDER BY count(*) DESC LIMIT 1"
    ).fetchall()
    touched = erase_all(warehouse, f"{source}:{account}")
    warehouse.close()
    rewrite(place.home.warehouse)
    assert touched["pull_request"][1] > 1
    assert touched["review"][1] > 1
    before = canonical(place, tmp_path / "before")
    assert place.outcomes("build", "--as-of", as_of).code == 0
    assert canonical(place, tmp_path / "built") == before
    again = place.outcomes("run", "--full", "--as-of", as_of, "--format", "json")
    assert (again.code, again.errors) == (0, [])
    assert '"rows_changed": 0' in again.out
    assert canonical(place, tmp_path / "again") == before
    assert login.encode() not in place.home.warehouse.read_bytes()
    warehouse = Warehouse(place.home.warehouse)
    assert was_erased(warehouse.con, f"{source}:{account}")
    assert warehouse.con.execute(
        "SELECT count(*) FROM raw.account WHERE source = ? AND id = ?", [source, account]
    ).fetchall() == [(0,)]
    warehouse.close()


def canonical(place, folder):
    """The numbers and items of the published snapshot."""
    assert place.outcomes("export", folder, "--canonical").code == 0
    names = ("metric_values.ndjson", "metric_item.ndjson", "item.ndjson")
    return {name: (folder / name).read_bytes() for name in names}
